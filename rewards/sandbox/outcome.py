"""How the process of a program ended, and what that says about the program.

Shared by those who judge: `tester`, which runs tests, and `scripts.judge`, which compares output.
"""

import os
import signal
from dataclasses import dataclass
from typing import Any

from whetstone.rewards.sandbox.verdict import Verdict


@dataclass(frozen=True)
class Outcome:
    """How one program fared."""

    verdict: Verdict
    detail: str
    passed_tests: int = 0
    is_lost: bool = False
    """The sandbox failed, and another attempt may tell."""


@dataclass(frozen=True)
class Death:
    """How the process of a program ended."""

    status: int
    lived: bool
    """Until we ended it, as far as is known."""
    cpu_s: float
    own_bytes: int
    """The most that it held beyond what every such process does."""


NO_DEATH = Death(0, True, 0.0, 0)
"""Of a program that was not run."""


def report(
    outcome: Outcome,
    total_tests: int,
    death: Death,
    *,
    stained: bool = False,
    last_cpu_s: float | None = None,
    if_stopped: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Return what the host is told: the fields of `Result` that are known here, and its own.

    `is_stained` asks for a new tester. `last_cpu_s` are the seconds of what ran last, where that
    was not all, and `if_stopped` the fields that were settled before it, should the host have
    stopped it.
    """
    return {
        "verdict": outcome.verdict,
        "detail": outcome.detail,
        "passed_tests": outcome.passed_tests,
        "total_tests": total_tests,
        "cpu_s": death.cpu_s,
        "memory_mb": death.own_bytes / 2**20,
        "is_lost": outcome.is_lost,
        "is_stained": stained,
        "last_cpu_s": death.cpu_s if last_cpu_s is None else last_cpu_s,
        "if_stopped": if_stopped or {},
    }


def judge_death(death: Death, timeout_s: float) -> Outcome:
    """Say why a child gave no answer. It may have been alive until we killed it for that."""
    if not os.WIFSIGNALED(death.status):
        code = os.waitstatus_to_exitcode(death.status)
        reason = f"the program ended its process with status {code}"
        return Outcome(Verdict.VIOLATION, reason)
    number = os.WTERMSIG(death.status)
    out_of_time = number == signal.SIGKILL and not death.lived and death.cpu_s > timeout_s
    if number == signal.SIGXCPU or out_of_time:
        return Outcome(Verdict.TIMEOUT, "stopped by the kernel at its limit of processor time")
    if number == signal.SIGSYS:
        return Outcome(Verdict.VIOLATION, "the program made a forbidden system call")
    if number == signal.SIGKILL and not death.lived:
        # No program can do this to itself: see `_Zygote._ends_unasked`.
        reason = "somebody killed the program, perhaps the kernel for want of memory"
        return Outcome(Verdict.INFRA_ERROR, reason, is_lost=True)
    if number == signal.SIGKILL:
        return Outcome(Verdict.VIOLATION, "the program closed its channel, or was killed")
    return Outcome(Verdict.ERROR, f"the program died from signal {signal.strsignal(number)}")
