"""The second tier: tests and program in one process, for tests that no wire can carry.

`judge` and `instrument` work in the process of the tests, which decides; the other modules work in
the process of the program, as private copies that its code cannot reach.
"""
