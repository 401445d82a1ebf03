"""The command of bigcode-evaluation-harness on our tasks and our sandbox.

Flags, defaults, file names and layouts are those of upstream at 8fc5bae6, so that scripts and
published generation files go on working. What is not offered here is refused by name, with the way
to upstream; nothing is quietly done otherwise.
"""
