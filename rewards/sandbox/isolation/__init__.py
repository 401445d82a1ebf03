"""The walls around a program, one file each. Every function here raises `OSError` if it cannot."""
