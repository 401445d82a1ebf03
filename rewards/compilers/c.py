"""C, by gcc."""

from collections.abc import Mapping
from typing import Any

from rewards.compilers.base import Limits
from rewards.compilers.gcc import Gcc
from rewards.sandbox.compiled.step import Jailer


class C(Gcc):
    """gcc."""

    def __init__(self, jailer: Jailer, limits: Limits, harness: Mapping[str, Any]) -> None:
        super().__init__(jailer, limits, harness, tool="gcc", suffix="c")
