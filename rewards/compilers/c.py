"""C, by gcc."""

from collections.abc import Mapping
from typing import Any

from whetstone.rewards.compilers.base import CompileLimits
from whetstone.rewards.compilers.gcc import Gcc
from whetstone.rewards.sandbox.compiled.step import Jailer

_INVALID = ("implicit-function-declaration", "int-conversion", "incompatible-pointer-types")
"""What C has not allowed since 1999, and gcc only warned of before 14."""


class C(Gcc):
    """gcc, as strict as it is from 14 on: else a snippet could call whatever it made up."""

    flags = tuple(f"-Werror={name}" for name in _INVALID)

    def __init__(self, jailer: Jailer, limits: CompileLimits, harness: Mapping[str, Any]) -> None:
        super().__init__(jailer, limits, harness, tool="gcc", suffix="c")
