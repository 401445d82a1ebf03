"""What is asked of the sandbox for a program that reads its input and prints its answer."""

from dataclasses import dataclass
from typing import Any

from whetstone.rewards.sandbox.scripts.tests import DEFAULT_TOLERANCE
from whetstone.rewards.sandbox.verdict import require_timeout


@dataclass(frozen=True)
class ScriptJob:
    """One program, its input, and what it should print.

    Args:
        program: Python source, run as `python program.py` would run it.
        stdin: What it can read.
        expected: What it should print; None asks nothing but that it ends well.
        checker: How its output is compared, one of `whetstone.rewards.sandbox.scripts.compare`'s.
        tolerance: That of the checker `floats`.
        timeout_s: Seconds; None takes the sandbox's own.
        memory_mb: Megabytes of address space; None, or more than the sandbox gives, is the
            sandbox's own.

    The result's `output` is what the program printed. `PASSED` needs an exit status of 0 as well.

    """

    program: str
    stdin: str
    expected: str | None
    checker: str = "lines"
    tolerance: float = DEFAULT_TOLERANCE
    timeout_s: float | None = None
    memory_mb: int | None = None

    def __post_init__(self) -> None:
        require_timeout(self.timeout_s)

    def fields(self) -> dict[str, Any]:
        """Return what the process of the tests is told, but for the timeout."""
        return {
            "program": self.program,
            "cases": [[self.stdin, self.expected]],
            "checker": self.checker,
            "tolerance": self.tolerance,
            "memory_mb": self.memory_mb,
        }
