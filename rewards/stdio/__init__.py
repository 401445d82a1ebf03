"""Tests that are data: what a program reads and should print, or is called with and should return.

`tests` and `columns` read them from rows, `calls` writes calls as Python tests;
the sandbox runs them (`whetstone.rewards.sandbox.scripts`).
"""
