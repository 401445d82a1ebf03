"""A compiled program that reads standard input: built once, run case by case, and compared."""

import os
import select
import signal
import time

from whetstone.rewards.sandbox.compiled.step import Ended, Jailer, JailError, Step
from whetstone.rewards.sandbox.outcome import Outcome
from whetstone.rewards.sandbox.scripts.dialogue import Dialogue, Printed, Streams
from whetstone.rewards.sandbox.scripts.job import ScriptJob
from whetstone.rewards.sandbox.scripts.judge import compared, exited, flooded, most_bytes
from whetstone.rewards.sandbox.text import one_line
from whetstone.rewards.sandbox.verdict import Result, Verdict


def run_case(jailer: Jailer, step: Step, job: ScriptJob, patience_s: float) -> Result:
    """Run a program that is built on one input.

    Args:
        jailer: Starts it.
        step: Its command, and the processor seconds that it has.
        job: The input and what it should print; its program and limits are those of `step`.
        patience_s: Seconds of the clock that it has.

    """
    started = time.monotonic()
    try:
        printed, ended = _run(jailer, step, job, started + patience_s)
    except JailError as error:
        return Result(Verdict.INFRA_ERROR, one_line(str(error)), 0, 1, 0.0, 0.0)
    output = printed.output.decode(errors="replace")
    outcome = _ended(printed, ended, step.cpu_s)
    outcome = outcome or compared(output, job.expected, job.checker, job.tolerance)
    wall_s = time.monotonic() - started
    passed = outcome.passed_tests
    return Result(outcome.verdict, outcome.detail, passed, 1, ended.cpu_s, wall_s, output)


def _run(jailer: Jailer, step: Step, job: ScriptJob, deadline: float) -> tuple[Printed, Ended]:
    streams, theirs = Streams.opened()
    try:
        running = jailer.start(step, *theirs)
    except JailError:
        streams.close()
        raise
    finally:
        for descriptor in theirs:
            os.close(descriptor)
    text = job.stdin.encode(errors="replace")
    most = most_bytes(job.expected)
    dialogue = Dialogue(running.handle, select.POLLIN, streams, text, most, deadline)
    printed = dialogue.run()
    was_stopped = printed.late or printed.too_much
    try:
        status, cpu_s = running.end()
    except JailError:
        if not was_stopped:
            raise
        status, cpu_s = 0, 0.0
    return printed, Ended(None if was_stopped else status, printed.last_error, cpu_s, 0.0)


def _ended(printed: Printed, ended: Ended, cpu_s: float) -> Outcome | None:
    """Say what was wrong with the end of a program, or None."""
    if printed.too_much:
        return flooded(printed)
    if ended.status is None or ended.signal in {signal.SIGXCPU, signal.SIGKILL}:
        return Outcome(Verdict.TIMEOUT, f"stopped after {cpu_s:g} s")
    if ended.signal:
        name = signal.Signals(ended.signal).name
        return Outcome(Verdict.ERROR, one_line(f"died from {name}. {ended.message}"))
    return exited(printed, os.waitstatus_to_exitcode(ended.status))
