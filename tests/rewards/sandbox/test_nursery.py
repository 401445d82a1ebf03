"""The parent of a program's processes: each input has a process, a time and an end of its own."""

import contextlib
import socket

import pytest

from whetstone.rewards.sandbox import Case, Job, Profile, Sandbox, StdioTests, Verdict
from whetstone.rewards.sandbox.outcome import Death
from whetstone.rewards.sandbox.program.nursery import BROKEN, MOST_FORKS
from whetstone.rewards.sandbox.program.script import NOT_PYTHON
from whetstone.rewards.sandbox.scripts.line import ProgramLine
from whetstone.rewards.sandbox.scripts.series import Series

ECHO = tuple(Case(f"{n}\n", f"{n}\n") for n in range(4))

# Each is right in the first process, and does this in every later one.
LATER = "n = input()\nif int(n):\n    {}\nprint(n)"
ATTACKS = {
    "kill the parent": ("import os; os.kill(os.getppid(), 9)", {Verdict.ERROR}),
    "kill all": ("import os; os.kill(-1, 9)", {Verdict.ERROR}),
    "fork": ("import os; os.fork()", {Verdict.ERROR}),
    "raise limits": (
        "import ctypes; assert not ctypes.CDLL(None).setrlimit(7, b'9' * 16)",
        {Verdict.ERROR},
    ),
    "report an end": (
        "import os; [os.write(d, bytes(160)) for d in range(3, 32)]",
        {Verdict.ERROR},
    ),
    "hear of the next": (
        "import os; print([os.read(d, 99) for d in range(3, 32)])",
        {Verdict.ERROR},
    ),
    "close all": ("import os; os.closerange(0, 32); 1 / 0", {Verdict.ERROR}),
    "end at once": ("import os; os._exit(0)", {Verdict.FAILED}),
    "crash": ("import ctypes; ctypes.string_at(0)", {Verdict.ERROR}),
    "trace": ("import ctypes; ctypes.CDLL(None).ptrace(0)", {Verdict.VIOLATION}),
    "flood": ("while True: print(n)", {Verdict.FAILED}),
    "take all memory": ("x = bytearray(10 ** 10)", {Verdict.OUT_OF_MEMORY}),
}
PROFILES = pytest.mark.parametrize(
    "profile",
    [None, pytest.param(Profile.NO_NAMESPACES, marks=pytest.mark.nightly)],
    ids=["full", "no-namespaces"],
)


@PROFILES
@pytest.mark.parametrize("stops_early", [True, False])
def test_what_a_later_process_does_reaches_neither_its_parent_nor_the_next(profile, stops_early):
    jobs = [
        Job(LATER.format(attack), StdioTests(ECHO), 1.0, stops_early=stops_early)
        for attack, _ in ATTACKS.values()
    ]
    with Sandbox(1, profile=profile) as sandbox:
        results = sandbox.run_many([*jobs, Job("print(input())", StdioTests(ECHO))])
    for (name, (_, verdicts)), result in zip(ATTACKS.items(), results, strict=False):
        assert result.verdict in verdicts, (name, result)
        assert result.passed_tests == 1, (name, result)
        assert result.detail.startswith("test 2 of 4: "), (name, result)
    assert results[-1].verdict is Verdict.PASSED


@PROFILES
def test_after_one_that_had_to_be_killed_the_others_are_counted(profile):
    program = "import os\nn = input()\nwhile n == '1': print(n)\nprint(n)"
    with Sandbox(1, profile=profile) as sandbox:
        [result] = sandbox.run_many([Job(program, StdioTests(ECHO))])
    assert (result.verdict, result.passed_tests) == (Verdict.FAILED, 3)


def test_every_process_has_the_whole_time():
    program = "import time\ntime.sleep(.2)\nprint(input())"
    with Sandbox(1, timeout_s=0.5) as sandbox:
        [result] = sandbox.run_many([Job(program, StdioTests(ECHO))])
    assert result.verdict is Verdict.PASSED, result
    assert result.wall_s > 4 * 0.2


@PROFILES
@pytest.mark.parametrize("what", ["import os\n    while True: pass", "import time; time.sleep(99)"])
@pytest.mark.parametrize("stops_early", [True, False])
def test_a_later_process_is_stopped_at_its_time(profile, what, stops_early):
    tests = StdioTests(ECHO, timeout_s=0.3)
    program = f"n = input()\nif n == '2':\n    {what}\nprint(n)"
    with Sandbox(1, profile=profile) as sandbox:
        jobs = [Job(program, tests, stops_early=stops_early), Job("print(input())", tests)]
        result, other = sandbox.run_many(jobs)
    assert (result.verdict, result.passed_tests) == (Verdict.TIMEOUT, 2)
    assert other.verdict is Verdict.PASSED


def test_a_timeout_does_not_hide_what_failed_before_it():
    program = "import os\nn = input()\nif n == '2':\n    while True: pass\nprint(n, n == '1' or '')"
    with Sandbox(1) as sandbox:
        [result] = sandbox.run_many([Job(program, StdioTests(ECHO, timeout_s=0.5))])
    assert (result.verdict, result.passed_tests) == (Verdict.FAILED, 1)
    assert result.detail.startswith("test 2 of 4: line 1")


def test_more_inputs_than_one_parent_serves():
    cases = tuple(Case(f"{n}\n", f"{n}\n") for n in range(MOST_FORKS + 20))
    with Sandbox(1) as sandbox:
        [result] = sandbox.run_many([Job("import os\nprint(input())", StdioTests(cases))])
    assert (result.verdict, result.passed_tests) == (Verdict.PASSED, len(cases))


@pytest.mark.parametrize(
    "program",
    [
        "print('1' * 9999, file=open(1, 'w'))",
        (
            "import io, sys\nout = io.TextIOWrapper(io.BufferedWriter(io.FileIO(1, 'w')))\n"
            "out.write('1' * 9999)"
        ),
        "class A:\n    def __del__(self):\n        print('1' * 9999)\na = A()\na.me = a",
        (
            "def f():\n    try:\n        yield\n    finally:\n        print('1' * 9999)\n"
            "g = f()\nnext(g)"
        ),
        "import weakref\nclass A: pass\na = A()\na.me = a\nweakref.finalize(a, print, '1' * 9999)",
    ],
)
def test_what_is_printed_when_things_are_let_go_of_counts(program):
    with Sandbox(1) as sandbox:
        [result] = sandbox.run_many([Job(program, StdioTests((Case("", "1" * 9999),) * 2))])
    assert (result.verdict, result.detail) == (Verdict.PASSED, "")


def test_long_cases_are_asked_for_one_by_one():
    case = Case("x" * (6 << 20), "")
    series = Series("", StdioTests((case, case, Case("", ""))), stops_early=False)
    assert series.next_job().count == 1
    short = Series("", StdioTests((Case("", ""),) * 9), stops_early=False)
    assert short.next_job().count == 9


class NoForks:
    """A zygote whose parent of processes could not go on."""

    def __init__(self, status):
        self.status = status
        self.ours, self.theirs = socket.socketpair()

    def start_nursery(self, *_):
        return self.ours

    def end(self, *, hung_up):
        assert hung_up
        return Death(self.status << 8, False, 0.0, 0)


@pytest.mark.parametrize(("status", "is_lost"), [(BROKEN, True), (NOT_PYTHON, False)])
def test_a_parent_that_cannot_fork_is_no_end_of_the_program(status, is_lost):
    zygote = NoForks(status)
    line = ProgramLine(zygote, "print(input())", 3.0, None, repeats=False)
    zygote.theirs.shutdown(socket.SHUT_WR)
    with pytest.raises(OSError, match="forked") if is_lost else contextlib.nullcontext():
        line.run(b"1\n", 99, last=False)


@pytest.mark.parametrize("cases", [ECHO[:1], ECHO])
def test_no_program_masks_itself_by_the_status_of_its_parent(cases):
    with Sandbox(1) as sandbox:
        [result] = sandbox.run_many([Job(f"exit({BROKEN})", StdioTests(cases))])
    assert result.verdict is Verdict.ERROR
