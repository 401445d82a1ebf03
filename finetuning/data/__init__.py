"""Rows to train on. What an algorithm needs decides the columns, the data set fills them.

`prompts`: `prompt`, `tests`, and where they apply `prefix`, `stop`, `entry_points`, for
algorithms that sample. `completions`: `prompt`, `completion`, for supervised training.
"""
