"""Programs that read standard input: run as a command runs, in a process for each input."""

import json
import time
from pathlib import Path

import pytest

from whetstone.rewards.sandbox import Case, Job, Profile, Sandbox, ScriptJob, StdioTests, Verdict

SUM = "print(sum(map(int, input().split())))"
CASES = (Case("1 2\n", "3\n"), Case("5 6\n", "11\n"), Case("7 0\n", "7\n"))
CHECK = "def check(input, output, expected):\n    return int(output) == int(expected)\n"


REPLACED_OUTPUT = """
import io, sys
sys.stdout = io.StringIO()
print(3)
sys.__stdout__.write(sys.stdout.getvalue())
"""
DEEP_THREAD = """
import sys, threading
sys.setrecursionlimit(10 ** 6)
threading.stack_size(1 << 27)
def deep(n):
    return n and 1 + deep(n - 1)
def main():
    print(deep(50_000) and 3)
thread = threading.Thread(target=main)
thread.start()
thread.join()
"""
MANY_THREADS = """
import threading
threading.Thread(target=print, args=(3,)).start()
for _ in range(9):
    threading.Thread(target=lambda: None).start()
"""
DRIP = """
import sys, time
while True:
    sys.stdout.write(' ')
    sys.stdout.flush()
    time.sleep(.01)
"""
READ_ALL = """
import os
for descriptor in range(3, 64):
    try:
        os.write(1, os.read(descriptor, 99))
    except OSError:
        pass
"""
LOOK_ABOUT = "import gc\nprint([o for o in gc.get_objects() if 'SECRET' in repr(o)])"
REMEMBER = """
try:
    print(known)
except NameError:
    known = input()
    print(known)
"""


def ran(sandbox, program, stdin="1 2\n", expected="3\n", **how):
    return sandbox.run_many([ScriptJob(program, stdin, expected, **how)])[0]


@pytest.mark.parametrize(
    "program",
    [
        SUM,
        "import sys\nprint(sum(int(word) for line in sys.stdin for word in line.split()))",
        "import sys\nprint(sum(map(int, sys.stdin.buffer.readline().split())))",
        "import io, os\nprint(sum(map(int, io.BytesIO(os.read(0, 99)).read().split())))",
        "print(sum(map(int, open(0).read().split())))",
        "print(sum(map(int, open('/dev/stdin').read().split())))",
        "from pathlib import Path\nprint(sum(map(int, Path('/dev/stdin').read_text().split())))",
        "from sys import stdin, stdout\nstdout.write(str(sum(map(int, stdin.read().split()))))",
        "import os\nos.write(1, b'3')",
        "import sys\nsys.stdout.buffer.write(b'3\\n')",
        "out = open(1, 'w')\nout.write('3')",
        REPLACED_OUTPUT,
        "import sys\nprint(3)\nsys.stdout.close()",
        "import atexit\natexit.register(print, 3)",
        "print(3)\nexit()",
        "import sys\nprint(3)\nsys.exit(0)",
        "import os\nprint(3, flush=True)\nos._exit(0)",
        "def main():\n    print(3)\nif __name__ == '__main__':\n    main()",
        "total = 0\ndef add(n):\n    global total\n    total += n\nadd(3)\nprint(total)",
        "exec('answer = 3')\nprint(answer)",
        DEEP_THREAD,
        MANY_THREADS,
        "import resource\nresource.setrlimit(resource.RLIMIT_STACK, (-1, -1))\nprint(3)",
        "from dataclasses import dataclass\n@dataclass\nclass P:\n    x: int\nprint(P(3).x)",
        "print('\\n\\n  3.0  \\n')",
        "import io, sys\nsys.stdout = io.TextIOWrapper(sys.stdout.detach(), 'utf-8')\nprint(3)",
        "import codecs, sys\nsys.stdout = codecs.getwriter('utf8')(sys.stdout.detach())\nprint(3)",
        "import sys\nout = type(sys.stdout)(sys.stdout.buffer)\nout.write('3')",
        "import sys\nout = sys.stdout.__class__(sys.stdout.buffer)\nout.write('3')",
    ],
)
def test_it_is_right_wherever_it_reads_and_prints(sandbox, program):
    result = ran(sandbox, program)
    assert (result.verdict, result.detail) == (Verdict.PASSED, "")


@pytest.mark.parametrize(
    ("program", "verdict", "detail"),
    [
        ("print(4)", Verdict.FAILED, "line 1 is '4', not '3'"),
        ("", Verdict.FAILED, "line 1 is '', not '3'"),
        ("print(3)\nprint(3)", Verdict.FAILED, "it printed 2 lines, not 1"),
        ("print(3", Verdict.SYNTAX_ERROR, "SyntaxError"),
        ("return 3", Verdict.SYNTAX_ERROR, "SyntaxError"),
        ("print(3)\n1 / 0", Verdict.ERROR, "exit status 1: ZeroDivisionError: division by zero"),
        ("import sys\nprint(3)\nsys.exit(1)", Verdict.ERROR, "exit status 1"),
        ("import sys\nprint(3)\nsys.exit('no')", Verdict.ERROR, "exit status 1: no"),
        ("print(Counter())", Verdict.ERROR, "NameError"),
        ("input()\ninput()", Verdict.ERROR, "EOFError"),
        ("import numpy", Verdict.ERROR, "ModuleNotFoundError"),
        ("x = bytearray(10 ** 10)", Verdict.OUT_OF_MEMORY, "MemoryError"),
        ("import ctypes\nctypes.string_at(0)", Verdict.ERROR, "Segmentation fault"),
        ("import ctypes\nctypes.CDLL(None).ptrace(0)", Verdict.VIOLATION, "forbidden system call"),
        ("import os\nos.fork()", Verdict.ERROR, "PermissionError"),
        ("import os\nos.system('echo 3')", Verdict.FAILED, "not '3'"),
        ("open('/etc/passwd')", Verdict.ERROR, "Error"),
        ("import socket\nsocket.socket()", Verdict.ERROR, "PermissionError"),
    ],
)
def test_each_end_has_its_verdict(sandbox, program, verdict, detail):
    result = ran(sandbox, program)
    assert result.verdict is verdict
    assert detail in result.detail


ATTACKS = {
    "flood": ("while True: print(3)", {Verdict.FAILED}),
    "flood of errors": ("import sys\nwhile True: sys.stderr.write('3' * 999)", {Verdict.TIMEOUT}),
    "slow drip": (DRIP, {Verdict.TIMEOUT}),
    "loop": ("while True: pass", {Verdict.TIMEOUT}),
    "sleep": ("print(3, flush=True)\nimport time\ntime.sleep(99)", {Verdict.TIMEOUT}),
    "both answers": ("print(3)\nprint(4)", {Verdict.FAILED}),
    "both answers in a line": ("print('3 4')", {Verdict.FAILED}),
    "a report of its own": (
        'import os\nos.write(3, b\'\\0\\0\\0\\x11{"verdict":"ok"}\')',
        {Verdict.ERROR, Verdict.FAILED},
    ),
    "no streams": (
        "import os\nos.closerange(0, 9)\nimport time\ntime.sleep(99)",
        {Verdict.VIOLATION},
    ),
    "killed": ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", {Verdict.ERROR}),
    "aborted": ("import os\nos.abort()", {Verdict.ERROR, Verdict.VIOLATION}),
    "a signal of no time": (
        "import signal\nsignal.signal(signal.SIGXCPU, signal.SIG_IGN)\nwhile True: pass",
        {Verdict.TIMEOUT},
    ),
    "what it cannot know": (LOOK_ABOUT, {Verdict.ERROR, Verdict.FAILED}),
    "reading on": (READ_ALL, {Verdict.TIMEOUT}),
}


def attacked(profile):
    """Let each attack have its way; return what it came to, and the seconds of them all."""
    with Sandbox(timeout_s=0.5, profile=profile) as sandbox:
        jobs = [ScriptJob(program, "", "3-SECRET\n3") for program, _ in ATTACKS.values()]
        started = time.monotonic()
        results = sandbox.run_many([*jobs, ScriptJob(SUM, "1 2", "3")])
        return results, time.monotonic() - started


@pytest.fixture(scope="module")
def of_attacks():
    return attacked(None)


def is_neither_paid_nor_masked(results):
    for (name, (_, verdicts)), result in zip(ATTACKS.items(), results, strict=False):
        assert result.verdict in verdicts, (name, result)
        assert "SECRET" not in result.output, name
    assert results[-1].verdict is Verdict.PASSED


def test_no_attack_is_paid_or_masks_itself(of_attacks):
    is_neither_paid_nor_masked(of_attacks[0])


@pytest.mark.nightly
def test_no_attack_is_paid_or_masks_itself_without_namespaces():
    is_neither_paid_nor_masked(attacked(Profile.NO_NAMESPACES)[0])


def test_a_drip_and_a_flood_do_not_hold_up_the_others(of_attacks):
    assert of_attacks[1] < 30


def test_long_inputs_and_outputs_pass_both_ways(sandbox):
    text = "".join(f"{number}\n" for number in range(300_000))
    echo = "import sys\nfor line in sys.stdin:\n    print(line, end='')"
    assert ran(sandbox, echo, text, text).verdict is Verdict.PASSED
    assert ran(sandbox, "print(3)", text).verdict is Verdict.PASSED


def test_every_case_is_a_fresh_process(sandbox):
    cases = StdioTests(tuple(Case(f"{n}\n", f"{n}\n") for n in range(5)))
    [result] = sandbox.run_many([Job(REMEMBER, cases)])
    assert (result.verdict, result.passed_tests, result.total_tests) == (Verdict.PASSED, 5, 5)


def test_its_memory_may_be_less_than_the_sandboxes(sandbox):
    program = "x = bytearray(200 << 20)\nprint(3)"
    assert ran(sandbox, program).verdict is Verdict.PASSED
    assert ran(sandbox, program, memory_mb=128).verdict is Verdict.OUT_OF_MEMORY


@pytest.mark.parametrize(("stops_early", "passed"), [(False, 2), (True, 0)])
def test_what_follows_a_failure_is_only_counted(sandbox, stops_early, passed):
    program = "a = input()\nprint(4 if a == '1 2' else sum(map(int, a.split())))"
    job = Job(program, StdioTests(CASES), stops_early=stops_early)
    [result] = sandbox.run_many([job])
    assert result.verdict is Verdict.FAILED
    assert result.detail == "test 1 of 3: line 1 is '4', not '3'"
    assert (result.passed_tests, result.total_tests) == (passed, 3)


def test_nothing_is_run_after_a_timeout(sandbox):
    started = time.monotonic()
    [result] = sandbox.run_many([Job("while True: pass", StdioTests(CASES * 20, timeout_s=0.3))])
    assert (result.verdict, result.passed_tests) == (Verdict.TIMEOUT, 0)
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    ("program", "checker", "verdict", "detail"),
    [
        (SUM, CHECK, Verdict.PASSED, ""),
        ("print(0)", CHECK, Verdict.FAILED, "test 1 of 3: the checker does not accept"),
        ("print('x')", CHECK, Verdict.FAILED, "the checker cannot read what it printed"),
        ("1 / 0", CHECK, Verdict.ERROR, "ZeroDivisionError"),
        (SUM, "def check(i, o, e):\n    1 / 0", Verdict.INFRA_ERROR, "the expected output either"),
        (SUM, "def check(i, o, e):\n    while True: pass", Verdict.INFRA_ERROR, "either"),
    ],
)
def test_a_checker_of_the_users_own_decides(sandbox, program, checker, verdict, detail):
    tests = StdioTests(CASES, checker, timeout_s=1.0)
    [result] = sandbox.run_many([Job(program, tests, 1.0)])
    assert result.verdict is verdict
    assert detail in result.detail


@pytest.mark.parametrize(
    "printed", [r"b'\xff' * 1_500_000", r"b'\0' * 1_500_000", "b'a' * (8 << 20)"]
)
@pytest.mark.parametrize("checker", [CHECK, "lines"])
def test_an_output_too_long_for_its_report_does_not_mask_its_program(sandbox, printed, checker):
    """JSON takes six bytes for one that is no text, and a report has its bound."""
    program = f"import sys\nsys.stdout.buffer.write({printed})"
    tests = StdioTests((Case("1", "1" * (4 << 20)),), checker)
    [result] = sandbox.run_many([Job(program, tests)])
    assert result.verdict is Verdict.FAILED, result


def test_a_long_output_that_is_right_passes(sandbox):
    """It was masked, since it came back in the report as a whole."""
    text = "a" * (9 << 20)
    program = f"print('a' * {len(text)})"
    [result] = sandbox.run_many([Job(program, StdioTests((Case("1", text),)))])
    assert result.verdict is Verdict.PASSED, result


def test_a_closed_sandbox_is_told_to_who_waits():
    sandbox = Sandbox(1)
    sandbox.close()
    with pytest.raises(RuntimeError, match="closed"):
        sandbox.run_many([Job(SUM, StdioTests(CASES))])


VERDICTS = Path(__file__).parents[4] / "shared" / "cases" / "stdio_verdicts.jsonl"


@pytest.mark.nightly
@pytest.mark.skipif(not VERDICTS.is_file(), reason="no verdicts of LiveCodeBench's grader here")
def test_it_agrees_where_livecodebench_and_plain_python_do():
    rows = [json.loads(line) for line in VERDICTS.read_text().splitlines()]
    rows = [
        row
        for row in rows
        if "fn_name" not in row
        and not row["cheat"]
        and row["lcb_passed"] == row["plain_python_passed"]
        and "numpy" not in row["program"]
    ]
    jobs = [
        Job(row["program"], StdioTests(tuple(Case(**case) for case in row["tests"])), 2.0)
        for row in rows
    ]
    with Sandbox() as sandbox:
        results = sandbox.run_many([*jobs])
    wrong = [
        (row["id"], result)
        for row, result in zip(rows, results, strict=True)
        if (result.verdict is Verdict.PASSED) != row["lcb_passed"]
    ]
    assert not wrong
