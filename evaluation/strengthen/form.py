"""What the three forms of tests have in common: inputs are changed, answered and written down."""

from collections.abc import Iterator, Sequence
from random import Random
from typing import Any, Protocol, TypeVar

from whetstone.evaluation.strengthen.answers import ProgramAnswer
from whetstone.rewards.sandbox import AnyTests, Sandbox

_TRIES = 40
"""Changes that are tried for each input that is wanted."""
_OWN = 0.5
"""How often a test's own input is changed, and not one that was changed before."""

Test = Any
"""One test as rows hold it: a statement, or an object of JSON."""
_Input = TypeVar("_Input")


class UnwritableTestError(ValueError):
    """No test can be written of an answer; the message says why, for people."""


class Form(Protocol):
    """How the tests of one problem are written."""

    def inputs(self, most: int, generator: Random) -> list[Any]:
        """Return up to so many changed inputs, none of which the tests have."""

    def answers(
        self, sandbox: Sandbox, programs: Sequence[str], inputs: Sequence[Any], timeout_s: float
    ) -> list[list[ProgramAnswer]]:
        """Return what each program answers to each input, (programs, inputs)."""

    def test(self, given: Any, answers: Sequence[Any]) -> Test:
        """Write a test of an input.

        `answers` are those of all right programs. Raises `UnwritableTestError` where they disagree,
        or a right program might well answer something else.
        """

    def alone(self, tests: Sequence[Test]) -> AnyTests:
        """Return tests that ask these and nothing else."""

    def added(self, tests: Sequence[Test]) -> str:
        """Return the tests of the row with these after them, as its column holds them."""

    def read(self, column: str) -> AnyTests:
        """Return what is run of such a column."""


class Changes(Protocol[_Input]):
    """How one input becomes another."""

    def changed(self, given: _Input, generator: Random) -> _Input:
        """Return a changed input."""

    def is_like(self, given: _Input) -> bool:
        """Tell whether the problem speaks of such an input."""


def changed_inputs(
    seen: Sequence[_Input], changes: Changes[_Input], most: int, generator: Random
) -> list[_Input]:
    """Return up to so many inputs that were made of these by one change or several."""
    return list(_changed(seen, changes, most, generator)) if seen else []


def _changed(
    seen: Sequence[_Input], changes: Changes[_Input], most: int, generator: Random
) -> Iterator[_Input]:
    known = {repr(one) for one in seen}
    made: list[_Input] = []
    for _ in range(_TRIES * most):
        if len(made) == most:
            return
        begins = seen if not made or generator.random() < _OWN else made
        found = changes.changed(generator.choice(begins), generator)
        if repr(found) not in known and changes.is_like(found):
            known.add(repr(found))
            made.append(found)
            yield found
