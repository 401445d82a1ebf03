"""What to do with a problem: keep it, repair its tests, or leave it out of training."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from whetstone.evaluation.audit.examine import Findings

_WEAK = 0.3
_FEW = 5
_DEAR = 0.5
"""Of what a program may take: a right one that is written otherwise may take twice as much."""
_PASSED = "passed"


class Action(StrEnum):
    """What to do with a problem."""

    KEEP = "keep"
    REPAIR = "repair"
    QUARANTINE = "quarantine"


@dataclass(frozen=True)
class Ruling:
    """A problem with what to do, and why: nothing for one that is kept."""

    findings: Findings
    action: Action
    reasons: list[str]


def judged(
    findings: Sequence[Findings], twice: Mapping[str, str], measured: Mapping[str, str]
) -> list[Ruling]:
    """Decide on each problem.

    Args:
        findings: What running it has shown.
        twice: Problem to the earlier one that asks the same.
        measured: Problem to the evaluation that it overlaps with.

    """
    return [_judged(one, twice.get(one.id), measured.get(one.id)) for one in findings]


def _judged(found: Findings, twice: str | None, measured: str | None) -> Ruling:
    grave = [*_grave(found)]
    if twice is not None:
        grave.append(f"asks the same as {twice}")
    if measured is not None:
        grave.append(f"overlaps with {measured}")
    if grave:
        return Ruling(found, Action.QUARANTINE, grave)
    if slight := [*_slight(found)]:
        return Ruling(found, Action.REPAIR, slight)
    return Ruling(found, Action.KEEP, [])


def _grave(found: Findings) -> list[str]:
    reasons = []
    passes = found.reference.count(_PASSED)
    if found.reference and passes == 0:
        reasons.append(f"its reference fails ({found.reference[0]}: {found.reason})")
    elif passes < len(found.reference):
        reasons.append(f"its reference passes {passes} times of {len(found.reference)}")
    if found.trivial:
        reasons.append(f"passed by a program that {found.trivial[0]}")
    if found.wrong:
        reasons.append(f"passed by {found.wrong} of {found.wrong_of} known wrong programs")
    return reasons


def _slight(found: Findings) -> list[str]:
    reasons = []
    if found.mutants >= _FEW and found.survived >= _WEAK * found.mutants:
        reasons.append(
            f"{found.survived} of {found.mutants} mutants of its reference pass: its tests are weak"
        )
    if found.limit_s and found.cpu_s >= _DEAR * found.limit_s:
        reasons.append(f"its reference takes {found.cpu_s:.1f} s of {found.limit_s:g} s")
    if found.limit_mb and found.memory_mb >= _DEAR * found.limit_mb:
        reasons.append(f"its reference takes {found.memory_mb:.0f} MB of {found.limit_mb:g} MB")
    return reasons
