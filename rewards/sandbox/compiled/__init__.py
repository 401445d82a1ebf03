"""Compiles and runs C++, Rust and Java that nobody has read, each step in a world of its own.

Weaker than the sandbox for Python, and for measurements only. Program and tests are one process
here, as in every harness of these languages, so a program that exits with 0 before its tests ran
has passed. A compiler needs processes and files, so there is no list of system calls and no private
root: namespaces (no network, no other process), Landlock (the toolchain and one folder), limits and
an end for every process of a step. Where one of these cannot be had, nothing runs.
"""

from whetstone.rewards.sandbox.compiled.sandbox import CompiledSandbox
from whetstone.rewards.sandbox.compiled.toolchains import COMPILED, MissingToolError

__all__ = ["COMPILED", "CompiledSandbox", "MissingToolError"]
