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
from whetstone.rewards.sandbox.scripts.dialogue import Dialogue, Printed
from whetstone.rewards.sandbox.text import one_line
from whetstone.rewards.sandbox.verdict import Verdict

_MOST_UNCOMPARED = frames.MAX_BYTES
_ROOM = 1 << 16
"""Bytes that an output may have beyond twice what is expected: for space, and for digits."""
_MOST_REPORTED = frames.MAX_BYTES - _ROOM
"""Bytes of JSON that an output may take in the report, beside its other fields."""
_SHOWN = 1 << 16
"""Characters that are passed on of an output which has been compared here."""


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
        dialogue = Dialogue(channel.fileno(), 0, streams, stdin.encode(errors="replace"), most)
        _hand_over(channel, program)
        printed = dialogue.run()
    death = orders.end(hung_up=not printed.too_much)
    output = printed.output.decode(errors="replace")
    outcome = _ended(printed, death, timeout_s)
    outcome = outcome or compared(output, expected, checker, tolerance)
    if expected is not None:
        output = output[:_SHOWN]
    elif _written_bytes(output) > _MOST_REPORTED:
        output = ""
        if outcome.verdict is Verdict.PASSED:
            told = (
                f"it printed more than the {_MOST_REPORTED} bytes of JSON that a checker is given"
            )
            outcome = Outcome(Verdict.FAILED, told)
    return report(outcome, 1, death) | {"output": output}


def _written_bytes(output: str) -> int:
    """Return how long an output is in JSON, where a byte of it may take six.

    A report that is too long for its reader is a sandbox that failed, and the program, which chose
    what it printed, would have masked itself.
    """
    parts = (output[start : start + _SHOWN] for start in range(0, len(output), _SHOWN))
    return sum(len(frames.encode_json(part)) for part in parts)


def compared(output: str, expected: str | None, checker: str, tolerance: float) -> Outcome:
    """Judge what a program printed that has ended well."""
    difference = None
    if expected is not None:
        difference = first_difference(checker, output, expected, tolerance)
    if difference is not None:
        return Outcome(Verdict.FAILED, one_line(difference))
    return Outcome(Verdict.PASSED, "", 1)


def flooded(printed: Printed) -> Outcome:
    """Judge a program that printed more than it may."""
    return Outcome(Verdict.FAILED, f"it printed more than {len(printed.output)} bytes")


def exited(printed: Printed, status: int) -> Outcome | None:
    """Say what an exit status means for a program, also after the right output; None for 0."""
    if status == 0:
        return None
    told = f"exit status {status}: {printed.last_error}".rstrip(": ")
    return Outcome(Verdict.ERROR, one_line(told))


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
        return flooded(printed)
    if os.WIFSIGNALED(death.status):
        return judge_death(death, timeout_s)
    status = os.waitstatus_to_exitcode(death.status)
    if status == NOT_PYTHON:
        return Outcome(Verdict.SYNTAX_ERROR, one_line(printed.last_error))
    if status == NO_MEMORY:
        return Outcome(Verdict.OUT_OF_MEMORY, "MemoryError in the program")
    return exited(printed, status)
