"""What the process of the tests finds out about one program, in either tier."""

from dataclasses import dataclass

from whetstone.rewards.sandbox.verdict import Verdict


@dataclass(frozen=True)
class Outcome:
    """How one program fared."""

    verdict: Verdict
    detail: str
    passed_tests: int = 0
    is_lost: bool = False
    """The sandbox failed, and another attempt may tell."""
