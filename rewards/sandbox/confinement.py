"""What is put on the process of a program, made ready beforehand in the zygote.

Whoever runs a program wears all of it. The parent of a program's processes (`program.nursery`) has
to fork them, so it wears what they inherit and may make few calls more than they; each of them puts
on the rest, for good, before the program starts.
"""

import os

from whetstone.rewards.sandbox import processes
from whetstone.rewards.sandbox.child import CHANNEL
from whetstone.rewards.sandbox.isolation import landlock, limits, seatbelt
from whetstone.rewards.sandbox.isolation.forking import forked_instructions, forking_instructions
from whetstone.rewards.sandbox.isolation.interpreter import readable_paths
from whetstone.rewards.sandbox.isolation.seccomp import SeccompFilter, instructions
from whetstone.rewards.sandbox.profile import Layer
from whetstone.rewards.sandbox.tier import Tier


class Filters:
    """The system calls of each kind of process, where the kernel refuses the others."""

    def __init__(self) -> None:
        self.programs = {
            Tier.APART: SeccompFilter(instructions()),
            Tier.TOGETHER: SeccompFilter(instructions(without=_HANDLERS)),
        }
        self.nursery = SeccompFilter(forking_instructions())
        self.forked = SeccompFilter(forked_instructions())


_HANDLERS = frozenset({"rt_sigaction"})
"""What installs handlers of signals: they are handed the frame that they interrupt."""


class Confinement:
    """What every child still has to put on, made ready beforehand."""

    def __init__(
        self, rules: int | None, filters: Filters | None, layers: frozenset[Layer]
    ) -> None:
        self._rules = rules
        self._filters = filters
        self._seatbelt = Layer.SEATBELT in layers
        # In a process-id namespace the children end with this process in any case.
        self._may_outlive = Layer.NAMESPACES not in layers
        self._most_cpu_s = limits.cpu_ceiling()

    @property
    def may_fork(self) -> bool:
        """Whether a program can have processes of its own."""
        return self._filters is None

    def put_on(self, timeout_s: float, tier: Tier) -> None:
        """Confine this child for good. The order matters: seccomp forbids the others."""
        self._put_on_shared()
        limits.forbid_processes()
        limits.limit_cpu(timeout_s, self._most_cpu_s)
        if self._seatbelt:
            seatbelt.apply(readable_paths())
        if self._filters is not None:
            self._filters.programs[tier].load()

    def put_on_nursery(self, timeout_s: float, memory_mb: int) -> None:
        """Confine the parent of a program's processes.

        `memory_mb` 0 leaves it, and them, what the zygote has.
        """
        self._put_on_shared()
        if memory_mb:
            limits.limit_memory(memory_mb << 20)
        limits.limit_cpu(timeout_s, self._most_cpu_s)
        if self._filters is not None:
            self._filters.nursery.load()

    def put_on_forked(self) -> None:
        """Confine a process that such a parent has forked, or that it becomes, as any child.

        What the parent has put on is inherited, its seconds too.
        """
        if self._may_outlive:
            processes.end_with_parent()
        limits.forbid_processes()
        if self._seatbelt:
            seatbelt.apply(readable_paths())
        if self._filters is not None:
            self._filters.forked.load()

    def _put_on_shared(self) -> None:
        if self._may_outlive:
            processes.end_with_parent()
        if self._rules is not None:
            landlock.restrict(self._rules)
        os.closerange(CHANNEL + 1, limits.MAX_DESCRIPTORS)
