"""What a tester finds out about one program, in either tier."""

from dataclasses import dataclass

from rewards.sandbox.text import describe, one_line
from rewards.sandbox.verdict import Verdict


@dataclass(frozen=True)
class Outcome:
    """How one program fared."""

    verdict: Verdict
    detail: str
    passed_tests: int = 0
    is_lost: bool = False
    """The sandbox failed, and another attempt may tell."""
    is_unjudgeable: bool = False
    """What went wrong is what this tier cannot do, so the tests may be to blame."""


def tests_own_fault(error: BaseException, source: str) -> Outcome:
    """Return what is known where tests fail before they have asked the program anything."""
    said = one_line(f"the tests fail whatever the program does: {describe(error)} in: {source}")
    return Outcome(Verdict.INFRA_ERROR, said)
