"""System calls by name and machine, and what a program may do with each.

The allow-list is what CPython needs to compute, sleep and import from the standard library.
Everything else fails with EPERM, which a program sees as `PermissionError`, so that an honest one
that prints to a file or asks for a thread gets an answer. What only an attack would call ends the
process.
"""

import platform

# name: (x86-64, aarch64). None where the machine has no such call.
_NUMBERS: dict[str, tuple[int | None, int | None]] = {
    "read": (0, 63),
    "write": (1, 64),
    "mmap": (9, 222),
    "munmap": (11, 215),
    "brk": (12, 214),
    "newfstatat": (262, 79),
    "fstat": (5, 80),
    "lseek": (8, 62),
    "close": (3, 57),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "clock_gettime": (228, 113),
    "exit_group": (231, 94),
    "futex": (202, 98),
    "getrandom": (318, 278),
    "getdents64": (217, 61),
    "mprotect": (10, 226),
    "mremap": (25, 216),
    "madvise": (28, 233),
    "stat": (4, None),
    "lstat": (6, None),
    "poll": (7, None),
    "ppoll": (271, 73),
    "select": (23, None),
    "pselect6": (270, 72),
    "pread64": (17, 67),
    "readv": (19, 65),
    "writev": (20, 66),
    "access": (21, None),
    "faccessat": (269, 48),
    "faccessat2": (439, 439),
    "readlink": (89, None),
    "readlinkat": (267, 78),
    "statx": (332, 291),
    "getcwd": (79, 17),
    "rt_sigreturn": (15, 139),
    "rt_sigpending": (127, 136),
    "rt_sigsuspend": (130, 133),
    "sigaltstack": (131, 132),
    "restart_syscall": (219, 128),
    "pause": (34, None),
    "alarm": (37, None),
    "getitimer": (36, 102),
    "setitimer": (38, 103),
    "nanosleep": (35, 101),
    "clock_nanosleep": (230, 115),
    "clock_getres": (229, 114),
    "gettimeofday": (96, 169),
    "time": (201, None),
    "times": (100, 153),
    "getrusage": (98, 165),
    "getrlimit": (97, 163),
    "sysinfo": (99, 179),
    "uname": (63, 160),
    "getpid": (39, 172),
    "getppid": (110, 173),
    "gettid": (186, 178),
    "getuid": (102, 174),
    "geteuid": (107, 175),
    "getgid": (104, 176),
    "getegid": (108, 177),
    "sched_yield": (24, 124),
    "sched_getaffinity": (204, 123),
    "getcpu": (309, 168),
    "set_robust_list": (273, 99),
    "rseq": (334, 293),
    "arch_prctl": (158, None),
    "exit": (60, 93),
    # Allowed for some arguments only.
    "open": (2, None),
    "openat": (257, 56),
    "prlimit64": (302, 261),
    "ioctl": (16, 29),
    "fcntl": (72, 25),
    # Answered as "not implemented", which makes the C library take the older call.
    "clone3": (435, 435),
    "openat2": (437, 437),
    # What only an attack calls.
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "unshare": (272, 97),
    "setns": (308, 268),
    "bpf": (321, 280),
    "io_uring_setup": (425, 425),
    "userfaultfd": (323, 282),
    "perf_event_open": (298, 241),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "kexec_load": (246, 104),
    "add_key": (248, 217),
    "keyctl": (250, 219),
    "open_by_handle_at": (304, 265),
    "reboot": (169, 142),
    "acct": (163, 89),
    "pidfd_getfd": (438, 438),
}

# What the parent of a program's processes calls beyond what a program may: to fork, to take
# streams, to confine what it forks and to wait for it.
FORKING: dict[str, tuple[int | None, int | None]] = {
    "clone": (56, 220),
    "fork": (57, None),
    "wait4": (61, 260),
    "recvmsg": (47, 212),
    "dup2": (33, None),
    "dup3": (292, 24),
    "prctl": (157, 167),
}

CHECKED = frozenset({"open", "openat", "prlimit64", "ioctl", "fcntl"})
UNKNOWN = frozenset({"clone3", "openat2"})
DEADLY = frozenset(list(_NUMBERS)[list(_NUMBERS).index("ptrace") :])
ALLOWED = tuple(name for name in _NUMBERS if name not in CHECKED | UNKNOWN | DEADLY)

_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7), "arm64": (1, 0xC00000B7)}


def machine(name: str | None = None) -> tuple[int, dict[str, int]]:
    """Return the kernel's AUDIT_ARCH word and the numbers of a machine, by default this one.

    Raises `OSError` on a machine whose numbers are not known.
    """
    name = name or platform.machine()
    if name not in _MACHINES:
        raise OSError(f"the system calls of {name} are not known, only {', '.join(_MACHINES)}")
    column, audit_arch = _MACHINES[name]
    numbers = {call: columns[column] for call, columns in (_NUMBERS | FORKING).items()}
    return audit_arch, {call: number for call, number in numbers.items() if number is not None}
