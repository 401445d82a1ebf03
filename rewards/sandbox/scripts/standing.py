"""What is known of a program so far: how many of its tests it has passed, and at what cost."""

from dataclasses import dataclass

from whetstone.rewards.sandbox.scripts.tests import StdioTests
from whetstone.rewards.sandbox.verdict import Result, Verdict


@dataclass
class Standing:
    """One program on its way through its tests."""

    program: str
    tests: StdioTests
    stops_early: bool
    timeout_s: float | None = None
    done: int = 0
    passed: int = 0
    first_failure: Result | None = None
    cpu_s: float = 0.0
    wall_s: float = 0.0
    memory_mb: float = 0.0

    @property
    def limit_s(self) -> float | None:
        """The seconds of each test: those of the problem, where it has its own."""
        return self.timeout_s if self.tests.timeout_s is None else self.tests.timeout_s

    def spend(self, result: Result) -> None:
        """Add what a job has cost."""
        self.cpu_s += result.cpu_s
        self.wall_s += result.wall_s
        self.memory_mb = max(self.memory_mb, result.memory_mb)

    def result(self) -> Result:
        """Return the verdict of the first test that failed, the count and the costs of all."""
        verdict, detail = Verdict.PASSED, ""
        if self.first_failure is not None:
            verdict, detail = self.first_failure.verdict, self.first_failure.detail
        costs = self.cpu_s, self.wall_s
        total = len(self.tests.cases)
        return Result(verdict, detail, self.passed, total, *costs, memory_mb=self.memory_mb)
