"""Chooses few tests that tell the reference from every program with a single misconception.

This is mutation adequacy: a test suite is good enough when it kills every mutant that can be
killed. A mutant that agrees with the reference on the whole pool is no mistake (the absolute value
of a positive number may as well be `x`), so it is not reported as killed. Programs with two
misconceptions are not considered; nearly all fail these tests as well.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from whetstone.finetuning.nano.primitives import Value
from whetstone.finetuning.nano.statements import ENTRY_POINT
from whetstone.finetuning.nano.trusted import outcomes

FEWEST_TESTS = 4
MOST_TESTS = 6


@dataclass(frozen=True)
class Suite:
    """Tests, and which of the mutants they were chosen against fail them."""

    tests: str
    """Plain assert statements, one a line."""
    killed: tuple[bool, ...]
    """One per mutant; False means equal to the reference on the whole pool."""


def adequate_suite(reference: str, mutants: Sequence[str], pool: Sequence[Value]) -> Suite:
    """Return 4 to 6 tests that the reference passes and every mutant of another meaning fails.

    Raises ValueError if 6 do not suffice: the pool then needs inputs that tell more at once.
    """
    expected = outcomes(reference, pool)
    kills = [_differences(outcomes(mutant, pool), expected) for mutant in mutants]
    chosen = _cover([killers for killers in kills if killers], len(pool))
    if len(chosen) > MOST_TESTS:
        raise ValueError(f"{len(chosen)} tests, more than {MOST_TESTS}, tell apart:\n{reference}")
    lines = (f"assert {ENTRY_POINT}({pool[i]!r}) == {_literal(expected[i])}\n" for i in chosen)
    return Suite("".join(lines), tuple(bool(killers) for killers in kills))


def _differences(found: Sequence[Any], expected: Sequence[Any]) -> frozenset[int]:
    pairs = enumerate(zip(found, expected, strict=True))
    return frozenset(index for index, (value, right) in pairs if value != right)


def _cover(kills: Sequence[frozenset[int]], pool_size: int) -> list[int]:
    """Return indices that hit every set, greedily, and at least FEWEST_TESTS of them.

    Once every mutant is dead, further inputs are those that would have killed most.
    """
    chosen: set[int] = set()
    alive = list(kills)
    while alive or len(chosen) < FEWEST_TESTS:
        aims = alive or kills
        spare = (index for index in range(pool_size) if index not in chosen)
        best = max(spare, key=lambda index: sum(index in killers for killers in aims))
        chosen.add(best)
        alive = [killers for killers in alive if best not in killers]
    return sorted(chosen)


def _literal(value: Any) -> str:
    # The repr of a set of words follows the hash seed of the process.
    if isinstance(value, set) and value:
        return "{" + ", ".join(map(repr, sorted(value))) + "}"
    return repr(value)
