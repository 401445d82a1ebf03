"""About 400 small Python tasks of our own, for models that are small themselves.

Made by hand, a hundred ideas of four tasks each: numbers, conditions, loops, texts, lists,
dictionaries, short algorithms. What a test expects was computed by the reference and read over;
that it tells wrong programs apart was tried with mutants (`whetstone audit data=basics`). None is
taken from a published benchmark.
"""
