"""Judges a program whose tests run beside it, from the process of the tests.

The other process is hostile: a report counts only with the secret that came with the order, and
what the tests expect is compared here where it can be sent. Refused is every report that does not
fit what was ordered.
"""

import builtins
import re
import secrets
from collections.abc import Collection
from typing import Any

from rewards.sandbox import frames
from rewards.sandbox.apart import own_fault
from rewards.sandbox.candidate import DiedError, ViolationError
from rewards.sandbox.outcome import Outcome
from rewards.sandbox.statements import Statement, Tests
from rewards.sandbox.text import one_line
from rewards.sandbox.together import literal
from rewards.sandbox.together.instrument import instrument
from rewards.sandbox.verdict import Verdict

_BUILTINS = frozenset(vars(builtins))
_SECRET_BYTES = 16
_MOST_IMPORTS = 64
_MOST_TEXT = 1000
_IMPORTS = re.compile(r"^[ \t]*(?:from|import)[ \t]+([A-Za-z_][\w.]*)", re.MULTILINE)


class Together:
    """A program and its tests in one process, behind a channel."""

    def __init__(self, channel: int, tests: Tests) -> None:
        self._channel = channel
        self._tests = tests
        self._instrumented = instrument(tests)
        self._secret = ""
        self._denied = False
        """Whether a comparison that was made here did not hold."""

    def define(self, program: str) -> Collection[str] | Outcome:
        """Have the program run; returns the names that it supplies, or how it failed.

        Raises `DiedError`.
        """
        try:
            return self._define(program)
        except ViolationError as error:
            return _violation(error)

    def run(self) -> Outcome:
        """Run the tests; the first failure gives the verdict. Raises `DiedError`."""
        try:
            return self._run()
        except ViolationError as error:
            return _violation(error)

    def _define(self, program: str) -> Collection[str] | Outcome:
        tests, code = self._tests, self._instrumented
        self._secret = secrets.token_hex(_SECRET_BYTES)
        job = {
            "program": program,
            "statements": code.statements,
            "secret": self._secret,
            "imports": [*code.imports, *_imported(program)],
            "helpers": tests.trusted,
            "names": tests.names,
            "own": tests.own,
            "reserved": sorted({*tests.trusted, *_BUILTINS}),
            "replaced": [name for name in tests.names if name in _BUILTINS],
            "by_text": code.by_text,
            "patched": code.patched,
        }
        self._send(job)
        report = self._receive()
        if "syntax" in report:
            return Outcome(Verdict.SYNTAX_ERROR, one_line(str(report["syntax"])[:_MOST_TEXT]))
        if failed := _failure(report):
            return Outcome(failed[0], one_line(failed[1]))
        names = report.get("names")
        if type(names) is not list or not set(map(str, names)) <= set(tests.names):
            raise ViolationError("no names")
        return names

    def _run(self) -> Outcome:
        passed, first = 0, None
        for index, statement in enumerate(self._tests.statements):
            failed = self._run_one(index, statement)
            if failed is None:
                passed += statement.is_test
                continue
            first = first or failed
            if statement.stands_alone and (fault := own_fault(self._tests)):
                return fault
            if failed[0] is Verdict.OUT_OF_MEMORY or not statement.is_test:
                break
        if first is None:
            return Outcome(Verdict.PASSED, "", passed)
        return Outcome(first[0], one_line(first[1]), passed)

    def _run_one(self, index: int, statement: Statement) -> tuple[Verdict, str] | None:
        self._secret, self._denied = secrets.token_hex(_SECRET_BYTES), False
        self._send([index, self._secret])
        while True:
            report = self._receive()
            if "check" in report:
                self._send(self._compare(report["check"]))
            elif "reveal" in report:
                self._send(literal.encode(self._answer(report["reveal"]), _itself))
            else:
                break
        failed = _failure(report)
        asserted = report.get("asserted")
        if failed is None and (
            (self._denied and not self._instrumented.may_catch)
            or (statement.must_assert and not (type(asserted) is int and asserted > 0))
        ):
            raise ViolationError("a report that cannot be true")
        return failed and (failed[0], f"{failed[1]} in: {statement.source}")

    def _compare(self, check: Any) -> bool:
        try:
            number, encoded = check
            holds = bool(literal.decode(encoded) == self._answer(number))
        except (TypeError, ValueError, AttributeError, RecursionError) as error:
            raise ViolationError(f"a value that is none: {type(error).__name__}") from error
        self._denied |= not holds
        return holds

    def _answer(self, number: Any) -> Any:
        answers = self._instrumented.answers
        if type(number) is not int or not 0 <= number < len(answers):
            raise ViolationError("no expected value")
        return answers[number]

    def _send(self, message: Any) -> None:
        try:
            frames.send_json(self._channel, message)
        except OSError as error:
            raise DiedError("it hung up") from error

    def _receive(self) -> dict[str, Any]:
        try:
            report = frames.receive_json(self._channel)
        except (OSError, EOFError) as error:
            raise DiedError("it hung up") from error
        except frames.FrameError as error:
            raise ViolationError(str(error)) from error
        if type(report) is not dict or report.get("secret") != self._secret:
            raise ViolationError("a report of its own")
        return report


def _violation(error: ViolationError) -> Outcome:
    return Outcome(Verdict.VIOLATION, one_line(f"the program broke the protocol: {error}"))


def _failure(report: dict[str, Any]) -> tuple[Verdict, str] | None:
    """Return the verdict of a report and its words; None if nothing went wrong."""
    for key, verdict in _VERDICTS.items():
        if key in report:
            text = str(report[key])[:_MOST_TEXT]
            return verdict, _WORDS.get(key, "{}").format(text)
    return None


_VERDICTS = {
    "changed": Verdict.VIOLATION,
    "refused": Verdict.ERROR,
    "failed": Verdict.FAILED,
    "assertion": Verdict.FAILED,
    "memory": Verdict.OUT_OF_MEMORY,
    "raised": Verdict.ERROR,
}
_WORDS = {"changed": "the program changed {} while it was tested", "failed": "AssertionError"}


def _itself(value: Any) -> Any:
    return value


def _imported(program: str) -> list[str]:
    """Return modules that a program imports: they are loaded before it, and quicker."""
    return list(dict.fromkeys(_IMPORTS.findall(program)))[:_MOST_IMPORTS]
