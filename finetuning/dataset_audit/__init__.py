"""`whetstone audit data=...`: a data set's problems, tried one by one, on one page."""
