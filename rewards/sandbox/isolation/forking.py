"""The system calls of a process that forks those of a program, and of these once they are forked.

It compiles what a stranger wrote, so it is filtered as a program is, but for the few calls that it
needs to fork. Filters are inherited and the strictest answer counts, so what it forks puts on a
short filter that forbids just these again: together they are the filter of a program, at a fifth of
what it costs to load that (`tests/rewards/sandbox/test_walls.py` compares call by call).
"""

import errno

from whetstone.rewards.sandbox.isolation import syscalls
from whetstone.rewards.sandbox.isolation.libc import PR_SET_PDEATHSIG, PR_SET_SECCOMP
from whetstone.rewards.sandbox.isolation.seccomp import (
    ANY_BIT,
    EQUAL,
    NUMBER,
    PERMIT,
    Instruction,
    argument,
    choose,
    fail,
    instructions,
    load,
    rules,
)

_NEW_SPACES = 0x7E020000
"""All flags of clone that make a namespace."""
_CONFINES = (PR_SET_PDEATHSIG, PR_SET_SECCOMP)
"""What of prctl only confines whoever calls it."""


def forking_instructions(machine: str | None = None) -> list[Instruction]:
    """Return the filter of the parent."""
    also = {name: [PERMIT] for name in syscalls.FORKING}
    also["prlimit64"] = [PERMIT]  # nobody here can raise a limit
    also["clone"] = [argument(0), (ANY_BIT, 0, 1, _NEW_SPACES), fail(errno.EPERM), PERMIT]
    confining = [(EQUAL, len(_CONFINES) - n, 0, option) for n, option in enumerate(_CONFINES)]
    also["prctl"] = [argument(0), *confining, fail(errno.EPERM), PERMIT]
    return instructions(machine, also=also)


def forked_instructions(machine: str | None = None) -> list[Instruction]:
    """Return what a process that it has forked adds to that."""
    _, numbers = syscalls.machine(machine)
    names = [name for name in syscalls.FORKING if name in numbers]
    actions = {numbers[name]: [fail(errno.EPERM)] for name in names}
    actions[numbers["prlimit64"]] = rules()["prlimit64"]
    return [load(NUMBER), *choose(actions, [PERMIT])]
