"""Judges a program whose tests run beside it, from the process of the tests.

The other process is hostile: a report counts only with the secret that came with the order, and
what the tests expect is compared here where it can be sent. Refused is every report that does not
fit what was ordered.
"""

import importlib
import re
import secrets
import sys
from collections.abc import Collection
from typing import Any

from whetstone.rewards.sandbox import frames
from whetstone.rewards.sandbox.channel import DiedError, ViolationError
from whetstone.rewards.sandbox.outcome import Outcome
from whetstone.rewards.sandbox.profile import Layer
from whetstone.rewards.sandbox.statements import Statement, Tests
from whetstone.rewards.sandbox.supplied import unfit
from whetstone.rewards.sandbox.text import describe, one_line
from whetstone.rewards.sandbox.together import literal
from whetstone.rewards.sandbox.together.instrument import instrument
from whetstone.rewards.sandbox.verdict import Verdict

_SECRET_BYTES = 16
_MOST_IMPORTS = 64
_MOST_TEXT = 1000
_IMPORTS = re.compile(r"^[ \t]*(?:from|import)[ \t]+([A-Za-z_][\w.]*)", re.MULTILINE)


def why_never(layers: frozenset[Layer], packages: Collection[str]) -> str | None:
    """Say why no tests may run beside a program in this sandbox, or None.

    Without seccomp a program can have a handler of signals, which is handed the frame of the tests.
    A package with machine code (`numpy.asarray` of an address) reads and writes all memory.
    """
    if Layer.SECCOMP not in layers and sys.platform == "linux":
        return "no tests run beside their program without seccomp"
    tops = {
        name.partition(".")[0]
        for name, module in list(sys.modules.items())
        if str(getattr(module, "__file__", "")).endswith(".so")
    }
    if native := sorted(tops.intersection(packages)):
        return f"no tests run beside their program with {', '.join(native)}, which reach all memory"
    return None


class Together:
    """A program and its tests in one process, behind a channel."""

    def __init__(self, channel: int, tests: Tests) -> None:
        self._channel = channel
        self._tests = tests
        self._instrumented = instrument(tests)
        self._secret = ""
        self._denied = False
        """Whether a comparison that was made here did not hold."""
        self._held: set[int] = set()
        """The answers that were compared and held, or were given away."""

    def judge(self, program: str, entry_points: Collection[str]) -> Outcome | None:
        """Run a program and its tests; None if their process has hung up."""
        try:
            supplied = self._define(program)
            if isinstance(supplied, Outcome):
                return supplied
            return unfit(program, supplied, self._tests.names, entry_points) or self._run()
        except DiedError:
            return None
        except ViolationError as error:
            return Outcome(Verdict.VIOLATION, one_line(f"the program broke the protocol: {error}"))

    def _define(self, program: str) -> Collection[str] | Outcome:
        """Have the program run; returns the names that it supplies, or how it failed."""
        tests, code = self._tests, self._instrumented
        self._secret = secrets.token_hex(_SECRET_BYTES)
        self._send(
            {
                "program": program,
                "statements": code.statements,
                "secret": self._secret,
                "imports": [*code.imports, *_imported(program)],
                "modules": tests.modules,
                "helpers": tests.helpers,
                "names": tests.names,
                "own": code.own,
                "patched": code.patched,
            }
        )
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
        """Run the tests; the first failure gives the verdict."""
        passed, first = 0, None
        looked = not any(statement.is_test for statement in self._tests.statements)
        for index, statement in enumerate(self._tests.statements):
            report = self._ordered(index)
            failed = _failure(report)
            if failed is None:
                self._require_sense(index, report)
                passed += statement.is_test
                looked |= statement.is_test and (not statement.is_loop or report.get("ran") is True)
                continue
            verdict, told = failed
            first = first or Outcome(verdict, one_line(f"{told} in: {statement.source}"))
            if statement.stands_alone and (fault := own_fault(self._tests)):
                return fault
            if verdict is Verdict.OUT_OF_MEMORY or not statement.is_test:
                break
        if first is None and not looked:
            told = "the program gave nothing, so that no assertion was reached"
            return Outcome(Verdict.FAILED, told)
        if first is None:
            return Outcome(Verdict.PASSED, "", passed)
        return Outcome(first.verdict, first.detail, passed)

    def _ordered(self, index: int) -> dict[str, Any]:
        """Have a statement run, and answer its questions; returns the report."""
        self._secret = secrets.token_hex(_SECRET_BYTES)
        self._denied, self._held = False, set()
        self._send([index, self._secret])
        while True:
            report = self._receive()
            if "check" in report:
                self._send(self._compare(report["check"]))
            elif "reveal" in report:
                self._send(literal.encode(self._answer(report["reveal"]), _itself))
                self._held.add(report["reveal"])
            else:
                return report

    def _require_sense(self, index: int, report: dict[str, Any]) -> None:
        """Raise `ViolationError` for a pass that cannot be one."""
        asserted = report.get("asserted")
        none_reached = not (type(asserted) is int and asserted > 0)
        code = self._instrumented
        if (
            (self._denied and not code.may_catch)
            or (none_reached and code.must_assert[index])
            or not code.must_hold[index] <= self._held
        ):
            raise ViolationError("a report that cannot be true")

    def _compare(self, check: Any) -> bool:
        try:
            number, encoded = check
            holds = bool(literal.decode(encoded) == self._answer(number))
        except (TypeError, ValueError, AttributeError, RecursionError) as error:
            raise ViolationError(f"a value that is none: {type(error).__name__}") from error
        self._denied |= not holds
        self._held |= {number} if holds else set()
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


def own_fault(tests: Tests) -> Outcome | None:
    """Run what of the tests has nothing to do with any program; returns what it fails with.

    The other process is not believed about it, or a program could mask itself.
    """
    namespace: dict[str, Any] = {"__name__": "__main__", "exit": sys.exit, "quit": sys.exit}
    namespace |= {name: importlib.import_module(name) for name in tests.modules}
    for name, module in tests.helpers.items():
        namespace[name] = getattr(importlib.import_module(module), name)
    for statement in tests.statements:
        if fault := _fault(statement, namespace):
            told = f"the tests fail in line {statement.line} whatever the program does: {fault}"
            told = f"{told} in: {statement.source}"
            return Outcome(Verdict.INFRA_ERROR, one_line(told))
    return None


def _fault(statement: Statement, namespace: dict[str, Any]) -> str:
    if not statement.stands_alone:
        return ""
    try:
        exec(statement.code, namespace)  # noqa: S102 - running the tests is the purpose
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the tests' own
        return describe(error)
    return ""


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
