"""Loops that are proven to be endless are stopped at once; whatever ends is left alone."""

import shutil
import subprocess
from pathlib import Path

import pytest

from whetstone.rewards.sandbox import Job, Sandbox, Verdict
from whetstone.rewards.sandbox.infinite_loops import PROVES, why_off

ENDLESS = {
    "nothing": "while True: pass",
    "a counter": "c = 0\n    while x > 0: c += 1",
    "a search that does not move": (
        "a, low, high = [1, 5, 9], 0, 3\n"
        "    while low < high:\n"
        "        mid = (low + high) // 2\n"
        "        if a[mid] < 7: low = mid\n"
        "        else: high = mid + 1"
    ),
    "a forgotten step": ("i = 0\n    while i < 9:\n        if i == 5: continue\n        i += 1"),
    "the length of a list": "a = [1]; i = t = 0\n    while i < len(a): t += a[i]",
    "two turns": "y = 0\n    while y < 2: y = 1 - y",
    "a loop in a loop": ("i = 0\n    while i < 3:\n        j = 0\n        while j < 2: j += 1"),
    "a global": "while not DONE: pass",
}
# Each ends by itself, after the attempts at a proof have begun.
ENDING = {
    "a countdown": "n = 10 ** 7\n    while n: n -= 1",
    "a list that grows": "a = []\n    while len(a) < 10 ** 6: a += [1]",
    "a list that is appended to": "a = []\n    while len(a) < 2 * 10 ** 6: a.append(1)",
    "a hidden iterator": "for _ in itertools.repeat(None, 10 ** 7): pass",
    "an iterator that is searched": (
        "y, numbers = 0, iter(range(10 ** 7))\n    while 10 ** 7 - 1 not in numbers: y = 0"
    ),
    "a clock": "end = time.time() + 0.4\n    while time.time() < end: pass",
    "an attribute": "a = A()\n    while a.n: a.n -= 1",
    "an exception to come": "i, a = 0, [0] * 10 ** 6\n    while True: a[i]; i += 1",
    "a division to come": "i = 10 ** 6\n    while True: 1 // i; i -= 1",
    "a signal": (
        "signal.signal(signal.SIGALRM, finish); signal.setitimer(signal.ITIMER_REAL, 0.5)\n"
        "    while not DONE: pass"
    ),
    "the depth of the recursion": (
        "def down(n):\n"
        "        if n: return down(n - 1)\n"
        "        i = 0\n"
        "        while i < 5 * 10 ** 6: i += 1\n"
        "    down(sys.getrecursionlimit() - 40)"
    ),
    "a missing key that is made": (
        "d, n = collections.defaultdict(int), 0\n"
        "    while n < 5 * 10 ** 6: n += 1\n"
        "    while len(d) < 1: d[n]"
    ),
}
HEAD = (
    "import collections, itertools, signal, sys, time\n"
    "DONE = False\n"
    "def finish(*_):\n    global DONE\n    DONE = True\n"
    "class A: n = 5 * 10 ** 6\n"
    "def f(x):\n    "
)


proves = pytest.mark.skipif(not PROVES, reason=str(why_off()))


@pytest.fixture(scope="module")
def patient():
    with Sandbox(timeout_s=60.0) as opened:
        yield opened


@proves
@pytest.mark.parametrize("name", ENDLESS)
def test_an_endless_loop_is_stopped_long_before_its_timeout(patient, name):
    result = patient.run(HEAD + ENDLESS[name], "assert f(7) is None")
    assert result.verdict is Verdict.TIMEOUT
    assert result.detail == "stopped: it repeats itself without end in: assert f(7) is None"
    assert result.cpu_s < 5


@proves
def test_an_endless_module_is_stopped_too(patient):
    result = patient.run("n = 0\nwhile n >= 0:\n    n += 0\n", "assert True")
    assert (result.verdict, result.passed_tests) == (Verdict.TIMEOUT, 0)
    assert result.cpu_s < 5


def test_a_loop_that_ends_is_left_to_end(patient):
    tests = "try:\n    value = f(7)\nexcept (IndexError, ZeroDivisionError):\n    value = None\n"
    jobs = [Job(HEAD + source, tests + "assert value is None") for source in ENDING.values()]
    results = dict(zip(ENDING, patient.run_many(jobs), strict=True))
    assert {name for name, result in results.items() if result.verdict is not Verdict.PASSED} == (
        set()
    ), results


def test_a_program_that_says_of_itself_that_it_never_ends_gets_a_timeout(patient):
    program = """import os\ndef f(x): os.write(3, b'\\0\\0\\0\\x10{"endless":true}')"""
    assert patient.run(program, "assert f(1) == 2").verdict is Verdict.TIMEOUT


ELSEWHERE = """
from whetstone.rewards.sandbox import Sandbox
from whetstone.rewards.sandbox.infinite_loops import why_off

with Sandbox(workers=1, timeout_s=0.5) as sandbox:
    right = sandbox.run("def f(x): return x", "assert f(1) == 1")
    endless = sandbox.run("def f(x):\\n    while True: pass", "assert f(1) == 1")
print(why_off())
print(right.verdict, endless.verdict, endless.detail)
"""


def test_it_says_where_it_is_on():
    assert why_off("cpython", (3, 11)) is None
    assert "proven by CPython 3.11, and this is cpython 3.13" in why_off("cpython", (3, 13))
    assert "this is pypy 3.11" in why_off("pypy", (3, 11))


@pytest.mark.parametrize("version", ["3.12", "3.13"])
def test_elsewhere_a_loop_runs_to_its_timeout(version):
    python = shutil.which(f"python{version}")
    if python is None or subprocess.run([python, "-c", ""], check=False).returncode:
        pytest.skip(f"there is no python{version} here")
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run(
        [python, "-c", ELSEWHERE],
        env={"PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said, verdicts = done.stdout.splitlines()
    assert said.endswith(f"this is cpython {version}")
    assert verdicts.startswith("passed timeout stopped after ")
