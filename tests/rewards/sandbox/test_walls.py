"""The filter of system calls on both machines, the weaker profiles, and what a refusal says."""

import errno
import struct
import subprocess
import sys

import pytest

from whetstone.rewards.sandbox import Profile, Sandbox, SandboxUnavailableError, Verdict
from whetstone.rewards.sandbox.isolation import forking, seccomp, syscalls
from whetstone.rewards.sandbox.profile import LAYERS, Layer

ALLOW, KILL, REFUSE = 0x7FFF0000, 0x80000000, 0x00050000
ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
PATH, READ, WRITE = 0x7000_0000_0000, 0, 1

# From the kernel's own lists: arch/x86/entry/syscalls/syscall_64.tbl and
# include/uapi/asm-generic/unistd.h, which aarch64 uses.
KERNEL = {
    "x86_64": (
        "read 0 write 1 open 2 close 3 stat 4 fstat 5 lstat 6 poll 7 lseek 8 mmap 9 mprotect 10"
        " munmap 11 brk 12 rt_sigaction 13 rt_sigprocmask 14 rt_sigreturn 15 ioctl 16 pread64 17"
        " readv 19 writev 20 access 21 select 23 sched_yield 24 mremap 25 madvise 28 dup2 33"
        " pause 34 nanosleep 35 getitimer 36 alarm 37 setitimer 38 getpid 39 recvmsg 47 clone 56"
        " fork 57 exit 60 wait4 61 uname 63 fcntl 72 getcwd 79 readlink 89 gettimeofday 96"
        " getrlimit 97 getrusage 98 sysinfo 99 times 100 ptrace 101 getuid 102 getgid 104"
        " geteuid 107 getegid 108 getppid 110 rt_sigpending 127 rt_sigsuspend 130 sigaltstack"
        " 131 pivot_root 155 prctl 157 arch_prctl 158 chroot 161 acct 163 mount 165 umount2 166"
        " reboot 169 init_module 175 gettid 186 time 201 futex 202 sched_getaffinity 204"
        " getdents64 217 restart_syscall 219 clock_gettime 228 clock_getres 229 clock_nanosleep"
        " 230 exit_group 231 kexec_load 246 add_key 248 keyctl 250 openat 257 newfstatat 262"
        " readlinkat 267 faccessat 269 pselect6 270 ppoll 271 unshare 272 set_robust_list 273"
        " dup3 292 perf_event_open 298 prlimit64 302 open_by_handle_at 304 setns 308 getcpu 309"
        " process_vm_readv 310 process_vm_writev 311 finit_module 313 getrandom 318 bpf 321"
        " userfaultfd 323 statx 332 rseq 334 io_uring_setup 425 clone3 435 openat2 437"
        " pidfd_getfd 438 faccessat2 439"
    ),
    "aarch64": (
        "getcwd 17 dup3 24 fcntl 25 ioctl 29 umount2 39 mount 40 pivot_root 41 faccessat 48"
        " chroot 51 openat 56 close 57 getdents64 61 lseek 62 read 63 write 64 readv 65 writev"
        " 66 pread64 67 pselect6 72 ppoll 73 readlinkat 78 newfstatat 79 fstat 80 acct 89 exit"
        " 93 exit_group 94 unshare 97 futex 98 set_robust_list 99 nanosleep 101 getitimer 102"
        " setitimer 103 kexec_load 104 init_module 105 clock_gettime 113 clock_getres 114"
        " clock_nanosleep 115 ptrace 117 sched_getaffinity 123 sched_yield 124 restart_syscall"
        " 128 sigaltstack 132 rt_sigsuspend 133 rt_sigaction 134 rt_sigprocmask 135"
        " rt_sigpending 136 rt_sigreturn 139 reboot 142 times 153 uname 160 getrlimit 163"
        " getrusage 165 prctl 167 getcpu 168 gettimeofday 169 getpid 172 getppid 173 getuid 174"
        " geteuid 175 getgid 176 getegid 177 gettid 178 sysinfo 179 recvmsg 212 brk 214 munmap"
        " 215 mremap 216 add_key 217 keyctl 219 clone 220 mmap 222 mprotect 226 madvise 233"
        " perf_event_open 241 wait4 260 prlimit64 261 open_by_handle_at 265 setns 268"
        " process_vm_readv 270 process_vm_writev 271 finit_module 273 getrandom 278 bpf 280"
        " userfaultfd 282 statx 291 rseq 293 io_uring_setup 425 clone3 435 openat2 437"
        " pidfd_getfd 438 faccessat2 439"
    ),
}
DENIED = {  # what a program must not have, and no list of ours names
    "x86_64": {"fork": 57, "vfork": 58, "clone": 56, "execve": 59, "kill": 62, "socket": 41}
    | {"connect": 42, "tgkill": 234, "rename": 82, "unlink": 87, "prctl": 157, "seccomp": 317}
    | {"execveat": 322, "memfd_create": 319, "io_uring_enter": 426, "pidfd_open": 434},
    "aarch64": {"clone": 220, "execve": 221, "kill": 129, "tgkill": 131, "socket": 198}
    | {"connect": 203, "unlinkat": 35, "renameat": 38, "prctl": 167, "seccomp": 277}
    | {"execveat": 281, "memfd_create": 279, "io_uring_enter": 426, "pidfd_open": 434},
}


def answer(machine, number, *arguments, architecture=None, filtered=seccomp.instructions):
    """What the filter returns: a small machine for the instructions that it uses."""
    padded = [*arguments, *[0] * 6][:6]
    data = struct.pack("=IIQ6Q", number, architecture or ARCHITECTURES[machine], 0, *padded)
    program, index, loaded = filtered(machine), 0, 0
    while True:
        code, yes, no, value = program[index]
        index += 1
        if code == 0x20:
            (loaded,) = struct.unpack_from("=I", data, value)
        elif code == 0x05:
            index += value
        elif code == 0x06:
            return value
        else:
            test = {0x15: loaded == value, 0x35: loaded >= value, 0x45: bool(loaded & value)}
            index += yes if test[code] else no


@pytest.mark.parametrize("machine", KERNEL)
def test_numbers_are_those_of_the_kernel(machine):
    words = KERNEL[machine].split()
    kernel = {name: int(number) for name, number in zip(words[::2], words[1::2], strict=True)}
    assert syscalls.machine(machine) == (ARCHITECTURES[machine], kernel)


@pytest.mark.parametrize("machine", KERNEL)
def test_the_filter_answers_by_name(machine):
    _, numbers = syscalls.machine(machine)
    allowed = {name for name, number in numbers.items() if answer(machine, number, 9, 9) == ALLOW}
    assert allowed >= set(syscalls.ALLOWED) & numbers.keys()
    assert not allowed & (syscalls.DEADLY | syscalls.UNKNOWN | {"ioctl", "fcntl"})
    for name in syscalls.DEADLY & numbers.keys():
        assert answer(machine, numbers[name]) == KILL, name
    for name in syscalls.UNKNOWN & numbers.keys():
        assert answer(machine, numbers[name]) == REFUSE | errno.ENOSYS, name
    for name, number in DENIED[machine].items():
        assert answer(machine, number) == REFUSE | errno.EPERM, name
    assert answer(machine, 5000) == REFUSE | errno.EPERM
    assert answer(machine, numbers["read"] | 0x40000000) == KILL  # the x32 numbers
    assert answer(machine, numbers["read"], architecture=0x40000003) == KILL  # i386


@pytest.mark.parametrize("machine", KERNEL)
def test_what_is_forked_may_call_what_a_program_may(machine):
    """Of two filters the kernel takes the stricter answer, which is the smaller word here."""
    filters = (forking.forking_instructions, forking.forked_instructions)
    built = {make: make(machine) for make in (*filters, seccomp.instructions)}

    def told(make, number, *arguments):
        return answer(machine, number, *arguments, filtered=lambda _: built[make])

    def strictest(*answers):
        return min(answers, key=[KILL, *sorted({*answers} - {KILL, ALLOW}), ALLOW].index)

    for number in [*range(600), 0x40000000]:
        for arguments in [(0,), (9, 9, 9), (PATH, WRITE, WRITE), (0x1200011, 0, PATH), (22, 2)]:
            both = strictest(*(told(make, number, *arguments) for make in filters))
            alone = told(seccomp.instructions, number, *arguments)
            assert both == alone, (number, arguments)


@pytest.mark.parametrize("machine", KERNEL)
def test_what_forks_may_fork_and_no_more(machine):
    _, numbers = syscalls.machine(machine)

    def told(name, *arguments):
        number = (numbers | DENIED[machine])[name]
        return answer(machine, number, *arguments, filtered=forking.forking_instructions)

    assert told("clone", 0x1200011) == ALLOW
    assert told("clone", 0x1200011 | 0x10000000) == REFUSE | errno.EPERM  # new users
    assert told("prctl", 22) == told("prctl", 1) == ALLOW
    assert told("prctl", 4) == REFUSE | errno.EPERM
    for name in ("execve", "kill", "socket", "connect", "memfd_create"):
        assert told(name, 9, 9) == REFUSE | errno.EPERM, name
    for name in syscalls.DEADLY & numbers.keys():
        assert told(name) == KILL, name


@pytest.mark.parametrize("machine", KERNEL)
def test_the_filter_looks_at_arguments(machine):
    _, numbers = syscalls.machine(machine)
    assert answer(machine, numbers["openat"], 0, PATH, READ) == ALLOW
    assert answer(machine, numbers["openat"], 0, PATH, WRITE) == REFUSE | errno.EACCES
    assert answer(machine, numbers["prlimit64"], 0, 0, 0, PATH) == ALLOW
    assert answer(machine, numbers["prlimit64"], 0, 0, 1 << 40) == REFUSE | errno.EPERM
    assert answer(machine, numbers["prlimit64"], 0, 0, 8) == REFUSE | errno.EPERM
    assert answer(machine, numbers["fcntl"], 0, 1) == ALLOW
    assert answer(machine, numbers["fcntl"], 0, 0) == REFUSE | errno.EPERM
    assert answer(machine, numbers["ioctl"], 1, 0x5401) == REFUSE | errno.ENOTTY


@pytest.mark.parametrize("profile", [Profile.NO_LANDLOCK, Profile.NO_SECCOMP])
def test_the_weaker_profiles_judge_and_keep_their_other_walls(profile, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("the secret")
    programs = {
        "def f(x): return x + 1": Verdict.PASSED,
        "def f(x): return x": Verdict.FAILED,
        "def f(x: return x": Verdict.SYNTAX_ERROR,
        f"def f(x): return len(open({str(secret)!r}).read()) - 8": Verdict.ERROR,
        f"open({str(tmp_path / 'made')!r}, 'w')": Verdict.ERROR,
        "import socket\ns = socket.create_connection(('127.0.0.1', 22), 1)": Verdict.ERROR,
        "x = bytearray(10 ** 10)": Verdict.OUT_OF_MEMORY,
        "import os; os._exit(0)": Verdict.VIOLATION,
        "def f(x):\n    while str(x): pass": Verdict.TIMEOUT,
    }
    with Sandbox(workers=1, timeout_s=0.5, profile=profile) as sandbox:
        found = {p: sandbox.run(p, "assert f(1) == 2").verdict for p in programs}
    assert found == programs
    assert not (tmp_path / "made").exists()


def test_without_seccomp_a_program_may_fork_and_nothing_of_it_stays():
    program = (
        "import os, time\n"
        "def f(x):\n"
        "    if os.fork() == 0:\n"
        "        time.sleep(60)\n"
        "        os._exit(0)\n"
        "    return x + 1\n"
    )
    script = (
        "import os\nfrom pathlib import Path\n"
        "from whetstone.rewards.sandbox import Profile, Sandbox\n"
        "with Sandbox(workers=1, profile=Profile.NO_SECCOMP) as sandbox:\n"
        f"    print(sandbox.run({program!r}, 'assert f(1) == 2').verdict)\n"
        "print(Path(f'/proc/self/task/{os.getpid()}/children').read_text() or 'none')\n"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    # A program that may not fork (as another user than root) gets an error.
    assert done.stdout.split() in (["passed", "none"], ["error", "none"])


@pytest.mark.parametrize("layer", Layer)
def test_a_refusal_says_what_is_lost_and_how_to_accept_it(layer):
    message = str(SandboxUnavailableError(layer, "the reason"))
    assert message.startswith(f"the sandbox has no {layer} here (the reason). Without: ")
    accepting = [profile for profile in Profile if f"Profile.{profile.name})" in message]
    if layer in {Layer.LIMITS, Layer.SEATBELT}:
        assert message.endswith("no profile accepts that.")
    else:
        (profile,) = accepting
        assert layer not in LAYERS[profile]


@pytest.mark.skipif(sys.platform == "darwin", reason="there it may hold")
def test_the_profile_of_macos_is_refused_elsewhere():
    with (
        Sandbox(workers=1, profile=Profile.SEATBELT) as sandbox,
        pytest.raises(SandboxUnavailableError) as refused,
    ):
        sandbox.run("", "")
    assert refused.value.layer in {Layer.SEATBELT, Layer.LIMITS}


def test_an_unknown_machine_is_refused_by_name():
    with pytest.raises(OSError, match="system calls of riscv64 are not known"):
        syscalls.machine("riscv64")
