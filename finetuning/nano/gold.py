"""The gold check of the nano world: its own answers score what they should.

A wrong reference would punish a policy for being right, and a misconception that passes would
reward it for being wrong, so a table is not to be edited without this check.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from whetstone.finetuning.nano.compositions import Composition, Split, compositions
from whetstone.finetuning.nano.primitives import Primitive
from whetstone.finetuning.nano.problems import NanoProblem, problems
from whetstone.finetuning.nano.trusted import passes


@dataclass(frozen=True)
class GoldReport:
    """What was checked, and everything that was not as it should be."""

    problems: dict[str, int]
    """Per split; each reference was run against its tests."""
    tests: int
    mutants: int
    """Programs with one misconception; each was run against the tests of its problem."""
    misconceptions: int
    """In the tables; each has to be a mistake in at least one composition."""
    failures: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing failed."""
        return not self.failures


def gold_check(seed: int = 0) -> GoldReport:
    """Check one problem for every composition of the world; takes seconds.

    Every reference passes its tests, every listed misconception fails at least one of them, and
    every misconception of the tables is listed by at least one problem.
    """
    per_split = {split.value: problems(split, seed=seed) for split in Split}
    every = [problem for chosen in per_split.values() for problem in chosen]
    members = (composition for split in Split for composition in compositions(split))
    tabled = {pair for composition in members for pair in _misconceptions(composition)}
    failures = [fault for problem in every for fault in faults(problem)]
    found = {(m.primitive, m.misconception) for problem in every for m in problem.mutants}
    failures += [
        f"{primitive}: {misconception!r} is never a mistake"
        for primitive, misconception in sorted(tabled - found)
    ]
    return GoldReport(
        problems={split: len(chosen) for split, chosen in per_split.items()},
        tests=sum(len(problem.tests.splitlines()) for problem in every),
        mutants=sum(len(problem.mutants) for problem in every),
        misconceptions=len(tabled),
        failures=tuple(failures),
    )


def faults(problem: NanoProblem) -> Iterator[str]:
    """Yield what is wrong with a problem: a reference that fails, a misconception that passes."""
    if not passes(problem.reference, problem.tests):
        yield f"{problem.id}: the reference fails"
    for mutant in problem.mutants:
        if passes(mutant.program, problem.tests):
            yield f"{problem.id}: {mutant.primitive} as {mutant.misconception!r} passes"


def _misconceptions(composition: Composition) -> Iterator[tuple[str, str]]:
    parts: tuple[Primitive[Any], ...] = (
        composition.filter,
        composition.map,
        composition.reduction,
    )
    for label, primitive in zip(composition.labels, parts, strict=True):
        for wrong in primitive.misconceptions:
            yield label, str(wrong)
