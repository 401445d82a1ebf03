"""Public data sets of code problems, brought to one form: to train on, and to measure with.

A module reads the official rows of one data set, `table` names them all, `rows` finds the rows here
or on the Hub, and `read` makes problems of them, one row at a time.
"""
