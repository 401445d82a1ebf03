"""C++, by g++."""

from collections.abc import Mapping
from typing import Any

from whetstone.rewards.compilers.base import CompileLimits
from whetstone.rewards.compilers.gcc import Gcc
from whetstone.rewards.sandbox.compiled.step import Jailer


class Cpp(Gcc):
    """g++."""

    def __init__(self, jailer: Jailer, limits: CompileLimits, harness: Mapping[str, Any]) -> None:
        super().__init__(jailer, limits, harness, tool="g++", suffix="cpp")
