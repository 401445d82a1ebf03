"""What crosses between a program and its tests: the same code on both sides."""
