"""The runs of one program on its inputs: opens a line of processes where there is none."""

import os
from dataclasses import replace

from whetstone.rewards.sandbox.isolation import limits
from whetstone.rewards.sandbox.orders import CPU_GRACE_S, Orders
from whetstone.rewards.sandbox.outcome import NO_DEATH, Death
from whetstone.rewards.sandbox.program.script import NO_MEMORY
from whetstone.rewards.sandbox.scripts.dialogue import Printed
from whetstone.rewards.sandbox.scripts.line import ProgramLine


class ProgramRuns:
    """Runs a program, each time within the same limits.

    Args:
        orders: To the zygote.
        program: Its source.
        timeout_s: Seconds of each run.
        memory_mb: Its megabytes; None for what the sandbox gives.

    """

    def __init__(
        self, orders: Orders, program: str, timeout_s: float, memory_mb: int | None
    ) -> None:
        self._orders = orders
        self._program = program
        self._timeout_s = timeout_s
        self._memory_mb = memory_mb
        self._line: ProgramLine | None = None

    def run(self, given: bytes, most: int, *, left: int, last: bool) -> tuple[Printed, Death]:
        """Run the program on an input; returns what it printed, `most` bytes, and how it ended.

        `left` inputs follow. After the `last` one the line is over, whether or not some are left.
        Raises `OSError` if the sandbox fails.
        """
        line = self._open_line(repeats=left > 0)
        has_run = line.has_run
        printed, death = line.run(given, most, last=last)
        if has_run and _lacked_memory(death):
            # Earlier runs in its process may have left the memory in pieces.
            alone = self._open_line(repeats=False)
            printed, again = alone.run(given, most, last=True)
            cpu_s, own_bytes = again.cpu_s + death.cpu_s, max(again.own_bytes, death.own_bytes)
            death = replace(again, cpu_s=cpu_s, own_bytes=own_bytes)
        return printed, death

    def close(self) -> Death:
        """End whatever is left; returns what it has cost beyond the deaths that were told."""
        return self._line.close() if self._line else NO_DEATH

    def _open_line(self, *, repeats: bool) -> ProgramLine:
        limits.allow_more_cpu(self._timeout_s + CPU_GRACE_S)
        if self._line is None or not self._line.is_open:
            limited = self._timeout_s, self._memory_mb
            self._line = ProgramLine(self._orders, self._program, *limited, repeats=repeats)
        return self._line


def _lacked_memory(death: Death) -> bool:
    return os.WIFEXITED(death.status) and os.WEXITSTATUS(death.status) == NO_MEMORY
