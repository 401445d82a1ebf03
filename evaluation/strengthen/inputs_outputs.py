"""Tests of what a program reads and prints: changed input, and what right programs print for it."""

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from random import Random
from typing import Any

from whetstone.evaluation.strengthen.answers import ProgramAnswer, answers_to_inputs
from whetstone.evaluation.strengthen.calls import require_agreement
from whetstone.evaluation.strengthen.form import Test, UnwritableTestError, changed_inputs
from whetstone.evaluation.strengthen.input_text import InputText, is_number, value_of
from whetstone.evaluation.strengthen.likeness import Likeness
from whetstone.rewards.sandbox import AnyTests, Case, Sandbox, StdioTests
from whetstone.rewards.sandbox.scripts.compare import CHECKERS, first_difference

_LONGEST = 2000
"""Characters of an input that is changed, and of an output."""
_ROUNDS_ITSELF = frozenset({"floats"})
"""Checkers that know that fractions may be rounded otherwise."""


class _ChangedTexts:
    """How one input becomes another, where all have as many lines also by what they share."""

    def __init__(self, seen: Sequence[InputText]) -> None:
        self._words = [one.words for one in seen]
        self._is_even = len({len(words) for words in self._words}) == 1
        if self._is_even:
            lines = list(zip(*self._words, strict=True))
            self._apart = [len({len(line) for line in some}) == 1 for some in lines]
            self._likeness = Likeness([self._values(words) for words in self._words], reach=1)

    def changed(self, given: InputText, generator: Random) -> InputText:
        return given.changed(generator, self._words if self._is_even else [])

    def is_like(self, given: InputText) -> bool:
        return not self._is_even or self._likeness.holds(self._values(given.words))

    def _values(self, lines: Sequence[Sequence[str]]) -> list[Any]:
        """Return what is compared: each word of a line that is always as long, else the line."""
        values: list[Any] = []
        for line, is_apart in zip(lines, self._apart, strict=True):
            numbers = [value_of(word) for word in line]
            values += numbers if is_apart else [numbers]
        return values


class InputsForm:
    """Tests that are a list of `{"input", "output"}`.

    Args:
        tests: The list as it is run, with its checker.

    """

    def __init__(self, tests: StdioTests) -> None:
        self._tests = tests

    def inputs(self, most: int, generator: Random) -> list[str]:
        """Return changed inputs."""
        seen = [
            InputText.of(case.input) for case in self._tests.cases if len(case.input) <= _LONGEST
        ]
        if not seen:
            return []
        found = changed_inputs(seen, _ChangedTexts(seen), most, generator)
        return [one.text for one in found]

    def answers(
        self, sandbox: Sandbox, programs: Sequence[str], inputs: Sequence[str], timeout_s: float
    ) -> list[list[ProgramAnswer]]:
        """Return what each program prints for each input, (programs, inputs)."""
        tests = replace(self._tests, timeout_s=self._tests.timeout_s or timeout_s)
        return answers_to_inputs(sandbox, programs, inputs, tests)

    def test(self, given: str, answers: Sequence[str]) -> Test:
        """Write an object of JSON with what all right programs printed."""
        printed, checker = answers[0], self._tests.checker
        if not printed.strip():
            raise UnwritableTestError("it prints nothing")
        if len(printed) > _LONGEST:
            raise UnwritableTestError("it prints too much")
        known = checker if checker in CHECKERS else "lines"
        require_agreement(
            all(
                first_difference(known, other, printed, self._tests.tolerance) is None
                for other in answers
            )
        )
        made = set(printed.split()).difference(given.split())
        if known not in _ROUNDS_ITSELF and not self._tests.has_program and any(map(_rounds, made)):
            raise UnwritableTestError("it prints fractions, which may be rounded otherwise")
        return {"input": given, "output": printed}

    def alone(self, tests: Sequence[Test]) -> AnyTests:
        """Return tests of these inputs, compared as the others are."""
        return replace(self._tests, cases=tuple(Case(**test) for test in tests))

    def added(self, tests: Sequence[Test]) -> str:
        """Return the list with these after it, as JSON."""
        return json.dumps([*map(asdict, self._tests.cases), *tests], ensure_ascii=False)

    def read(self, column: str) -> AnyTests:
        """Return the inputs and outputs of a list, compared as the others are."""
        return self.alone(json.loads(column))


def _rounds(word: str) -> bool:
    return is_number(word) and isinstance(value_of(word), float)
