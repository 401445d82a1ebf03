"""Runs one program on one input, in the process of the tests, and judges what it printed."""

import os
import socket
from typing import Any

from whetstone.rewards.sandbox import frames
from whetstone.rewards.sandbox.isolation import limits
from whetstone.rewards.sandbox.orders import CPU_GRACE_S, Orders
from whetstone.rewards.sandbox.outcome import Death, Outcome, judge_death, report
from whetstone.rewards.sandbox.program.script import NO_MEMORY, NOT_PYTHON
from whetstone.rewards.sandbox.scripts.compare import first_difference
from whetstone.rewards.sandbox.scripts.exchange import Dialogue, Printed
from whetstone.rewards.sandbox.text import one_line
from whetstone.rewards.sandbox.verdict import Verdict

_MOST_UNCOMPARED = frames.MAX_BYTES
_ROOM = 1 << 16
"""Bytes that an output may have beyond twice what is expected: for space, and for digits."""


def judge_script(
    orders: Orders,
    program: str,
    stdin: str,
    expected: str | None,
    checker: str,
    tolerance: float,
    timeout_s: float,
    memory_mb: int | None,
) -> dict[str, Any]:
    """Run a program; returns the fields of `Result` that are known here."""
    limits.allow_more_cpu(timeout_s + CPU_GRACE_S)
    most = most_bytes(expected)
    channel, streams = orders.start_script(timeout_s, memory_mb or 0)
    with channel:
        exchange = Dialogue(channel.fileno(), 0, streams, stdin.encode(errors="replace"), most)
        _hand_over(channel, program)
        printed = exchange.run()
    death = orders.end(hung_up=not printed.too_much)
    output = printed.output.decode(errors="replace")
    outcome = _ended(printed, death, timeout_s)
    outcome = outcome or compared(output, expected, checker, tolerance)
    return report(outcome, 1, death.cpu_s) | {"output": output}


def compared(output: str, expected: str | None, checker: str, tolerance: float) -> Outcome:
    """Judge what a program printed that has ended well."""
    difference = None
    if expected is not None:
        difference = first_difference(checker, output, expected, tolerance)
    if difference is not None:
        return Outcome(Verdict.FAILED, one_line(difference))
    return Outcome(Verdict.PASSED, "", 1)


def most_bytes(expected: str | None) -> int:
    """Return how much a program may print that should print this; None is not known."""
    return _MOST_UNCOMPARED if expected is None else 2 * len(expected.encode()) + _ROOM


def _hand_over(channel: socket.socket, program: str) -> None:
    """Give a program to its process, and never listen to it on this channel."""
    try:
        frames.send_json(channel.fileno(), [program, None])
        channel.shutdown(socket.SHUT_RD)
    except OSError:
        return  # it is gone already, and its end says why


def _ended(printed: Printed, death: Death, timeout_s: float) -> Outcome | None:
    """Say what was wrong with the end of a program, or None."""
    if printed.too_much:
        return Outcome(Verdict.FAILED, f"it printed more than {len(printed.output)} bytes")
    if os.WIFSIGNALED(death.status):
        return judge_death(death, timeout_s)
    status = os.waitstatus_to_exitcode(death.status)
    last = printed.errors.decode(errors="replace").strip().rpartition("\n")[2]
    if status == 0:
        return None
    if status == NOT_PYTHON:
        return Outcome(Verdict.SYNTAX_ERROR, one_line(last))
    if status == NO_MEMORY:
        return Outcome(Verdict.OUT_OF_MEMORY, "MemoryError in the program")
    return Outcome(Verdict.ERROR, one_line(f"exit status {status}: {last}".rstrip(": ")))
