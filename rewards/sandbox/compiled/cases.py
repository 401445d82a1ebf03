"""A compiled program that reads standard input: built once, run case by case, and compared."""

import os
import select
import signal
import time

from whetstone.rewards.sandbox.compiled.step import Ended, Jailer, JailError, Step
from whetstone.rewards.sandbox.outcome import Outcome
from whetstone.rewards.sandbox.scripts.exchange import Dialogue, Printed, Streams
from whetstone.rewards.sandbox.scripts.job import ScriptJob
from whetstone.rewards.sandbox.scripts.judge import compared, most_bytes
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
    reads, given = os.pipe()
    output, prints = os.pipe()
    errors, complains = os.pipe()
    theirs, streams = (reads, prints, complains), Streams(given, output, errors)
    try:
        running = jailer.start(step, *theirs)
    except JailError:
        for descriptor in (given, output, errors):
            os.close(descriptor)
        raise
    finally:
        for descriptor in theirs:
            os.close(descriptor)
    text = job.stdin.encode(errors="replace")
    most = most_bytes(job.expected)
    exchange = Dialogue(running.handle, select.POLLIN, streams, text, most, deadline)
    printed = exchange.run()
    was_stopped = printed.late or printed.too_much
    try:
        status, cpu_s = running.end()
    except JailError:
        if not was_stopped:
            raise
        status, cpu_s = 0, 0.0
    message = printed.errors.decode(errors="replace")
    return printed, Ended(None if was_stopped else status, message, cpu_s, 0.0)


def _ended(printed: Printed, ended: Ended, cpu_s: float) -> Outcome | None:
    """Say what was wrong with the end of a program, or None."""
    if printed.too_much:
        return Outcome(Verdict.FAILED, f"it printed more than {len(printed.output)} bytes")
    if ended.status is None or ended.signal in {signal.SIGXCPU, signal.SIGKILL}:
        return Outcome(Verdict.TIMEOUT, f"stopped after {cpu_s:g} s")
    last = ended.message.strip().rpartition("\n")[2]
    if ended.signal:
        name = signal.Signals(ended.signal).name
        return Outcome(Verdict.ERROR, one_line(f"died from {name}. {last}"))
    if ended.status:
        code = os.waitstatus_to_exitcode(ended.status)
        return Outcome(Verdict.ERROR, one_line(f"exit status {code}: {last}".rstrip(": ")))
    return None
