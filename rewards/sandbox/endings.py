"""What a host reports of a run that did not end by itself, or whose tester died."""

import os
import signal
from typing import Any

from whetstone.rewards.sandbox.verdict import Verdict

_CRASHES = frozenset({signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGFPE, signal.SIGILL})


def empty(
    verdict: Verdict,
    *,
    passed_tests: int = 0,
    total_tests: int = 0,
    cpu_s: float = 0.0,
    memory_mb: float = 0.0,
) -> dict[str, Any]:
    """Return the fields of a `Result` of which nothing more is known."""
    return {
        "verdict": verdict,
        "detail": "",
        "passed_tests": passed_tests,
        "total_tests": total_tests,
        "cpu_s": cpu_s,
        "wall_s": 0.0,
        "memory_mb": memory_mb,
    }


def silent(passed_tests: int) -> dict[str, Any]:
    """Return the report of a tester that was not quick enough to give one itself."""
    return empty(Verdict.TIMEOUT) | {"if_stopped": {"passed_tests": passed_tests}}


def death(status: int, passed_tests: int) -> dict[str, Any] | None:
    """Say what a tester died of after so many tests; None if that tells nothing of the program."""
    number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    if number == signal.SIGXCPU:
        return empty(Verdict.TIMEOUT, passed_tests=passed_tests)
    if number in _CRASHES:
        # Nothing but what the program answered can do this, and it would do so again.
        reason = f"the process of the tests died under it: {signal.strsignal(number)}"
        return empty(Verdict.ERROR, passed_tests=passed_tests) | {"detail": reason}
    return None


def stopped(report: dict[str, Any], settled: dict[str, Any], wall_s: float) -> dict[str, Any]:
    """Return the report on a program that was stopped after so many seconds.

    `settled` are its fields that were known before what was stopped began, and `where` that was.
    """
    known = {name: report[name] for name in ("total_tests", "cpu_s", "memory_mb")}
    told = empty(Verdict.TIMEOUT, **known)
    told["detail"] = f"{settled.pop('where', '')}stopped after {wall_s:.2f} s"
    return report | told | settled
