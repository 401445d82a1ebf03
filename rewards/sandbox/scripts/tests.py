"""Tests of a program that reads standard input: what it is given, and what it should print."""

from dataclasses import dataclass

from whetstone.rewards.sandbox.scripts.compare import CHECKERS

DEFAULT_TOLERANCE = 1e-6
CHECK_NAME = "check"
CHECK = f"def {CHECK_NAME}("
"""What the source of a checker of the user's own holds."""


@dataclass(frozen=True)
class Case:
    """What a program reads, and what it should print."""

    input: str
    output: str

    def asked(self, output: str) -> str:
        """Return the test that asks a checker of the user's own about an output."""
        told = ", ".join(map(repr, (self.input, output, self.output)))
        return f"assert {CHECK_NAME}({told})"


@dataclass(frozen=True)
class StdioTests:
    """The tests of a problem whose programs read standard input.

    Args:
        cases: At least one.
        checker: How outputs are compared: one of `CHECKERS`, or the source of a function
            `check(input, output, expected)`, which runs behind the same walls as the program.
        tolerance: Of the checker `floats`: the difference of two numbers that counts as none, as a
            share of the larger of 1 and the expected one.
        timeout_s: Seconds for each case; None takes what the job has, or the sandbox.
        memory_mb: Megabytes for each case, as far as the sandbox gives so many.

    Raises:
        ValueError: There is no case, or no such checker.

    """

    cases: tuple[Case, ...]
    checker: str = "lines"
    tolerance: float = DEFAULT_TOLERANCE
    timeout_s: float | None = None
    memory_mb: int | None = None

    def __post_init__(self) -> None:
        if not self.cases:
            raise ValueError("cases: there is none, so every program would pass")
        if self.checker not in CHECKERS and not self.has_program:
            known = ", ".join(CHECKERS)
            raise ValueError(
                f"checker={self.checker!r}: choose one of {known}, or give the source of a function"
                " check(input, output, expected)"
            )

    @property
    def has_program(self) -> bool:
        """Whether a program of the user's own compares."""
        return CHECK in self.checker


AnyTests = str | StdioTests
"""The tests of a problem: Python source, or inputs and outputs."""
