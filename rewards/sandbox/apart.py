"""The first tier: the tests run here, and the program answers them from its own process."""

import functools
import importlib
from collections.abc import Collection
from dataclasses import replace
from typing import Any

from rewards.sandbox.candidate import (
    Candidate,
    DiedError,
    EndlessError,
    LimitError,
    RemoteError,
    SyntaxErrorInProgram,
    ViolationError,
)
from rewards.sandbox.outcome import Outcome, tests_own_fault
from rewards.sandbox.remote import RefusedError
from rewards.sandbox.statements import Statement, Tests
from rewards.sandbox.supplies import SUPPLIES
from rewards.sandbox.text import describe, one_line
from rewards.sandbox.verdict import Verdict

_KEPT = 256
_DATA = (bool, int, float, str, bytes, complex, list, tuple, dict, set, frozenset, type(None))
_OURS = RemoteError | ViolationError | DiedError | EndlessError | RefusedError | LimitError


class Apart:
    """A program behind a channel, and its tests on this side."""

    def __init__(self, channel: int, tests: Tests) -> None:
        self._candidate = Candidate(channel)
        self._tests = tests
        self._supplied: dict[str, Any] = {}

    def define(self, program: str) -> Collection[str] | Outcome:
        """Have the program run; returns the names that it supplies, or how it failed.

        Raises `DiedError`.
        """
        try:
            self._supplied = self._candidate.define(program, list(self._tests.names))
        except SyntaxErrorInProgram as error:
            return Outcome(Verdict.SYNTAX_ERROR, one_line(str(error)))
        except DiedError:
            raise
        except BaseException as error:  # noqa: BLE001 - whatever a program raises is its verdict
            return _judge_error(error, "")
        return self._supplied

    def run(self) -> Outcome:
        """Run the tests; the first failure gives the verdict. Raises `DiedError`.

        A failed test does not stop the later ones, so the counts are exact; a failed statement that
        is no test (an import, a setup) does, because what follows depends on it. One that has
        nothing to do with the program fails for all of them, and nothing is known about this one.
        """
        namespace = self._namespace()
        try:
            passed, first_failure = 0, None
            for index, statement in enumerate(self._tests.statements):
                failure = self._run_one(index, statement, namespace)
                if failure is None:
                    passed += statement.is_test
                    continue
                first_failure = first_failure or failure
                if failure.verdict is Verdict.INFRA_ERROR or self._candidate.broken is not None:
                    return failure
                if failure.verdict is Verdict.OUT_OF_MEMORY or not statement.is_test:
                    break
            if first_failure is None:
                return Outcome(Verdict.PASSED, "", passed)
            return replace(first_failure, passed_tests=passed)
        finally:
            namespace.clear()  # functions of the tests and their globals hold one another

    def _namespace(self) -> dict[str, Any]:
        namespace = _trusted(self._tests)
        namespace.update(self._supplied)
        data = (name for name, value in self._supplied.items() if isinstance(value, _DATA))
        self._variables = {name: self._supplied[name] for name in data}
        return namespace

    def _run_one(
        self, index: int, statement: Statement, namespace: dict[str, Any]
    ) -> Outcome | None:
        failure = None
        try:
            # Those that the tests bound themselves are theirs; the others a function may change.
            known = self._variables.items()
            self._variables = {name: v for name, v in known if namespace.get(name) is v}
            if index and self._variables:
                self._variables = self._candidate.names(list(self._variables))
                namespace.update(self._variables)
            exec(statement.code, namespace)  # noqa: S102 - running the tests is the purpose
        except BaseException as error:  # noqa: BLE001 - whatever a program raises is its verdict
            failure = _judge_error(error, statement.source)
            # Not `MemoryError`: it may be short because of what the program has sent.
            if statement.stands_alone and failure.verdict in {Verdict.FAILED, Verdict.ERROR}:
                return tests_own_fault(error, statement.source)
        if (broken := self._candidate.broken) is not None:
            # It cannot answer any more, and the tests may have swallowed why.
            if isinstance(broken, DiedError):
                raise broken
            return _judge_error(broken, statement.source)
        return failure


@functools.lru_cache(maxsize=_KEPT)
def own_fault(tests: Tests) -> Outcome | None:
    """Run what of the tests has nothing to do with any program; returns what it fails with."""
    namespace = _trusted(tests)
    for statement in tests.statements:
        if statement.stands_alone:
            try:
                exec(statement.code, namespace)  # noqa: S102 - running the tests is the purpose
            except Exception as error:  # noqa: BLE001 - whatever it is, it is the tests' own
                return tests_own_fault(error, statement.source)
    return None


def _trusted(tests: Tests) -> dict[str, Any]:
    namespace: dict[str, Any] = {"__name__": "__main__", **SUPPLIES}
    for name, module in tests.trusted.items():
        found = importlib.import_module(module or name)
        namespace[name] = getattr(found, name) if module else found
    return namespace


def _judge_error(error: BaseException, source: str) -> Outcome:
    where = f" in: {source}" if source else ""
    text = str(error) if isinstance(error, _OURS) else describe(error)
    verdict = Verdict.ERROR
    if isinstance(error, LimitError):
        verdict = error.verdict
    elif isinstance(error, AssertionError):
        verdict = Verdict.FAILED
    elif isinstance(error, MemoryError):
        verdict = Verdict.OUT_OF_MEMORY
        text = f"MemoryError{'' if source else ' in the program'}"
    elif isinstance(error, ViolationError):
        verdict, text = Verdict.VIOLATION, f"the program broke the protocol: {text}"
    elif isinstance(error, EndlessError):
        verdict, text = Verdict.TIMEOUT, f"stopped: {text}"
    refused = isinstance(error, RefusedError | LimitError)
    return Outcome(verdict, one_line(text + where), is_unjudgeable=refused)
