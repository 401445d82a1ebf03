"""What a program may use up, per process.

Why: memory, processor time and descriptors are shared with the trainer, and no namespace divides
them. The clock is the host's business; the processor limit here is for the day it fails.
"""

import math
import resource
import struct

from whetstone.rewards.sandbox.isolation.libc import check, libc

MAX_DESCRIPTORS = 32
_STACK_BYTES = 8 << 20
_FOREVER_S = 1 << 31

# struct rlimit, with 64 bits each on every machine that is known here.
_LIMIT = struct.Struct("=QQ")
_NOTHING = _LIMIT.pack(0, 0)
_setrlimit = libc.setrlimit


def limit(kind: int, value: int, *, hard: int | None = None) -> None:
    """Lower a limit for good, and never try to raise one that the machine has set lower."""
    ceiling = resource.getrlimit(kind)[1]
    wanted = (value, value if hard is None else hard)
    if ceiling != resource.RLIM_INFINITY:
        wanted = (min(wanted[0], ceiling), min(wanted[1], ceiling))
    resource.setrlimit(kind, wanted)


def limit_zygote(memory_bytes: int) -> None:
    """Limits that a zygote can bear itself, so that its children inherit them for nothing."""
    limit(resource.RLIMIT_AS, memory_bytes)
    limit(resource.RLIMIT_NOFILE, MAX_DESCRIPTORS)
    limit(resource.RLIMIT_FSIZE, 0)
    limit(resource.RLIMIT_CORE, 0)
    limit(resource.RLIMIT_STACK, _STACK_BYTES, hard=_STACK_BYTES)
    limit(resource.RLIMIT_MEMLOCK, 0)
    if hasattr(resource, "RLIMIT_MSGQUEUE"):
        limit(resource.RLIMIT_MSGQUEUE, 0)


def forbid_processes() -> None:
    """Let this process have none of its own.

    The C library is asked directly here: its way is warm already, and that through `resource` costs
    a child twenty pages.
    """
    check(_setrlimit(resource.RLIMIT_NPROC, _NOTHING), "limit of processes")


def limit_cpu(timeout_s: float, most_cpu_s: int) -> None:
    """Give a program's process its seconds; `most_cpu_s` is the machine's limit, `cpu_ceiling`."""
    seconds = min(int(timeout_s) + 2, most_cpu_s)
    most = _LIMIT.pack(seconds, min(seconds + 1, most_cpu_s))
    check(_setrlimit(resource.RLIMIT_CPU, most), "limit of processor time")


def limit_memory(memory_bytes: int) -> None:
    """Give this process less address space than it has now, for good."""
    limit(resource.RLIMIT_AS, memory_bytes)


def cpu_ceiling() -> int:
    """Return the most processor seconds that this machine lets a process have."""
    ceiling = resource.getrlimit(resource.RLIMIT_CPU)[1]
    return _FOREVER_S if ceiling == resource.RLIM_INFINITY else ceiling


def limit_tester(memory_bytes: int) -> None:
    """Limits of the process of the tests: it holds what programs return, up to one's memory."""
    limit(resource.RLIMIT_AS, memory_bytes)
    limit(resource.RLIMIT_FSIZE, 0)
    limit(resource.RLIMIT_CORE, 0)
    limit(resource.RLIMIT_NOFILE, 2 * MAX_DESCRIPTORS)


def allow_more_cpu(seconds: float) -> None:
    """Let this process use so many more seconds; the kernel ends it afterwards."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    allowed = math.ceil(used.ru_utime + used.ru_stime + seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (allowed, resource.getrlimit(resource.RLIMIT_CPU)[1]))
