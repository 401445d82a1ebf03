"""Programs that leave no traces: one process for all inputs, and verdicts as from one for each."""

import math
import socket
import struct

import pytest

from whetstone.rewards.sandbox import Case, Job, Profile, Sandbox, StdioTests, Verdict
from whetstone.rewards.sandbox.outcome import Death
from whetstone.rewards.sandbox.program.nursery import REPEAT
from whetstone.rewards.sandbox.program.repeats import MOST_ERRORS, TOLD
from whetstone.rewards.sandbox.program.traces import leaves_none
from whetstone.rewards.sandbox.scripts.line import ProgramLine

ECHO = tuple(Case(f"{n}\n", f"{n}\n") for n in range(4))

SAME = {
    "names of its own": "seen = []\nn = input()\nseen.append(n)\nprint(*seen)",
    "defaults": "def f(n, seen=[]):\n    seen.append(n)\n    return seen\nprint(*f(input()))",
    "an attribute of a class": (
        "class A:\n    count = 0\nn = input()\nA.count += 1\nprint(n if A.count == 1 else 'again')"
    ),
    "a cache": (
        "from functools import lru_cache\n@lru_cache\ndef f(): return n\nn = input()\nprint(f())"
    ),
    "the limit of recursion": (
        "import sys\nif sys.getrecursionlimit() > 500: print(input())\nsys.setrecursionlimit(500)"
    ),
    "arguments": "import sys\nprint(input() if len(sys.argv) == 1 else 0)\nsys.argv.append('a')",
    "input of which a byte is read": "import sys\nprint(sys.stdin.read(1))",
    "the input's end": "n = input()\ntry: input()\nexcept EOFError: print(n)",
    "lines": "import sys\nfor line in sys.stdin: print(line, end='')",
    "bytes": "import sys\nsys.stdout.buffer.write(sys.stdin.buffer.read())",
    "bytes before text": "import sys\nsys.stdout.buffer.write(b'')\nprint(input())",
    "closed input": "import sys\nn = input()\nsys.stdin.close()\nprint(n)",
    "closed output": "import sys\nprint(input())\nsys.stdout.close()",
    "an end in the middle": "import sys\nprint(input(), end='')\nsys.exit()",
    "an end with words": "import sys\nprint(input())\nsys.exit('no')",
    "a status": "print(input())\nexit(3)",
    "the status of what is no Python": "exit(121)",
    "no newline": "print(input(), end='')",
    "an error later": "n = input()\nprint(n, 1 // (n < '2'))",
    "errors of its own": (
        "import sys\nn = input()\nprint('x' * 9999, file=sys.stderr)\nif n > '1': 1 / 0"
    ),
    "no such character": "print('\\ud800')",
    "a deep call": "def f(n): return f(n + 1)\nn = input()\nprint(n if n < '2' else f(0))",
    "a long list": "n = input()\na = None\nfor i in range(10 ** 5): a = [a]\nprint(n)",
    "what a generator prints at its end": (
        "def f():\n    try: yield\n    finally: print(n)\nn = input()\ng = f()\nnext(g)"
    ),
    "a flood": "n = input()\nwhile n == '2': print('x' * 999)\nprint(n)",
    "a flood at once": "n = input()\nprint('x' * 10 ** 7 if n == '2' else n)",
    "all memory": "n = input()\nprint(n if n < '2' else [0] * 10 ** 10)",
    "places in the input": "import sys\nprint(sys.stdin.seekable(), sys.stdin.isatty())",
}


@pytest.fixture(scope="module")
def box():
    with Sandbox(1, timeout_s=10.0) as sandbox:
        yield sandbox


@pytest.mark.parametrize("stops_early", [True, False])
@pytest.mark.parametrize("name", SAME)
def test_every_input_finds_what_a_fresh_process_has(box, name, stops_early):
    program = SAME[name]
    assert leaves_none(program)
    apart = f"{program}\nimport os"
    assert not leaves_none(apart)
    tests = StdioTests(ECHO)
    jobs = [Job(each, tests, stops_early=stops_early) for each in (program, apart)]
    found, wanted = (
        (result.verdict, result.passed_tests, result.total_tests, result.detail)
        for result in box.run_many(jobs)
    )
    assert found == wanted


def test_it_is_one_process(box):
    """By a trace that no source shows: a class under another name."""
    program = (
        "from collections import Counter\nA = Counter\nn = input()\n"
        "print(n if not hasattr(A, 'me') else 'again')\nA.me = 1"
    )
    [result] = box.run_many([Job(program, StdioTests(ECHO))])
    assert (result.verdict, result.passed_tests) == (Verdict.FAILED, 1)


@pytest.mark.parametrize("stops_early", [True, False])
def test_memory_that_earlier_runs_have_used_is_not_held_against_it(box, stops_early):
    program = (  # kept where no source shows it
        "from collections import Counter\nA = Counter\nn = input()\n"
        "new = [bytearray(10 ** 6) for _ in range(40)]\nA.kept = new\nprint(n)"
    )
    assert leaves_none(program)
    tests = StdioTests(ECHO, memory_mb=64)
    greedy = program.replace("range(40)", "range(90)")
    jobs = [Job(each, tests, stops_early=stops_early) for each in (program, greedy)]
    honest, other = box.run_many(jobs)
    assert (honest.verdict, honest.passed_tests) == (Verdict.PASSED, 4)
    assert (other.verdict, other.passed_tests) == (Verdict.OUT_OF_MEMORY, 0)


@pytest.mark.nightly  # that a line ends then is told below
def test_no_process_takes_more_seconds_than_its_limits_bear():
    program = (
        "n = input()\nx = 0\nwhile x < 4 * 10 ** 6: x += 1\nprint(n)"  # some tenths of a second
    )
    cases = tuple(Case(f"{n}\n", f"{n}\n") for n in range(10))  # the kernel ends it at two
    with Sandbox(1, timeout_s=0.9) as sandbox:
        [result] = sandbox.run_many([Job(program, StdioTests(cases))])
    assert (result.verdict, result.detail) == (Verdict.PASSED, "")


@pytest.mark.parametrize(
    "profile",
    [None, pytest.param(Profile.NO_NAMESPACES, marks=pytest.mark.nightly)],
    ids=["full", "no-namespaces"],
)
@pytest.mark.parametrize("stops_early", [True, False])
def test_one_that_never_ends_is_stopped_at_its_time(profile, stops_early):
    tests = StdioTests(ECHO, timeout_s=0.5)
    program = "n = input()\nwhile n == '2': pass\nprint(n)"
    with Sandbox(1, profile=profile) as sandbox:
        jobs = [Job(program, tests, stops_early=stops_early), Job("print(input())", tests)]
        result, other = sandbox.run_many(jobs)
    assert (result.verdict, result.passed_tests) == (Verdict.TIMEOUT, 2)
    assert result.detail.startswith("test 3 of 4: stopped")
    assert other.verdict is Verdict.PASSED


@pytest.mark.parametrize(
    "program",
    [
        "import os",
        "import random\nprint(random.random())",
        "import os.path",
        "from os import path",
        "from decimal import *",
        "from . import a",
        "import sys\nsys.stdin = open(0)",
        "import sys\nsys.modules.clear()",
        "import sys as s\ns.ps1 = 1",
        "from sys import modules",
        "import math\nmath.pi = 3",
        "import math\ndel math.pi",
        "import math\nm = math",
        "import math\nprint(vars(math))",
        "import heapq\nheapq.heappop.seen = 1",
        "from collections import Counter\nCounter.me = 1",
        "from collections import Counter as C\nfor C.me in range(3): pass",
        "from typing import get_type_hints",
        "import re\nre.enum.sys.ps1 = 1",
        "from re import enum",
        "import operator\noperator.attrgetter('a.b')",
        "from operator import *\nattrgetter('__class__')",
        "().__class__.__base__.__subclasses__()",
        "match 1:\n    case object(__class__=c): pass",
        "def f(): yield\nf().gi_frame.f_back",
        "__builtins__.len = 1",
        "exec('import os')",
        "getattr(1, 'real')",
        "class A:\n    def __del__(self): print(1)",
        "async def f(): pass",
        "import sys\nsys.stdin.fileno()",
        "import collections.abc as c\nc.Sized = 1",
        "def f(:",
        "a" + "(" * 3000,
        "\0",
    ],
)
def test_what_may_leave_a_trace(program):
    assert not leaves_none(program)


@pytest.mark.parametrize(
    "program",
    [
        "import sys\nread = sys.stdin.readline\nsys.setrecursionlimit(10 ** 6)\nprint(int(read()))",
        "from sys import stdin, stdout\nstdout.write(stdin.read())",
        "import heapq as h, math\nx = [1]\nh.heappush(x, math.inf)\nx[0] = 2",
        "from collections import *\nfrom typing import List\nd = defaultdict(list)\nd[1].append(2)",
        "import collections.abc\nisinstance(1, collections.abc.Sized)",
        "from collections.abc import Iterable",
        "class Node:\n    def __init__(self, v): self.v = v\nn = Node(1)\nn.next = Node(2)",
        "from dataclasses import dataclass\n@dataclass\nclass A:\n    x: int",
        "if __name__ == '__main__':\n    print(type(1).__name__)",
        "import re, string\nprint(re.findall('a', string.ascii_lowercase))",
    ],
)
def test_what_leaves_none(program):
    assert leaves_none(program)


class Peer:
    """A zygote whose process has said something in place of a report, and ended."""

    def __init__(self, said):
        self.ours, theirs = socket.socketpair()
        theirs.sendall(REPEAT + said)
        theirs.shutdown(socket.SHUT_WR)
        self.kept = theirs

    def start_nursery(self, *_):
        return self.ours

    def end(self, *, hung_up):
        return Death(0, hung_up, 5.0, 0)


def frame(payload):
    return struct.pack(">I", len(payload)) + payload


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (b"", 0),
        (b"abc", 0),
        (frame(b"abc"), 0),
        (frame(bytes(TOLD.size + 99 + 2 + MOST_ERRORS)), 0),
        (frame(TOLD.pack(9, 0.0, 0)), 9 << 8),
        (frame(TOLD.pack(123, math.nan, 1 << 63)), 123 << 8),
        (frame(TOLD.pack(1, -math.inf, 0)), 1 << 8),
    ],
)
def test_what_is_told_is_no_proof(said, status):
    line = ProgramLine(Peer(said), "", 3.0, None, repeats=True)
    printed, death = line.run(b"1\n", 99, last=False)
    assert printed.output == b""
    assert (death.status, death.cpu_s, line.is_open) == (status, 5.0, False)


@pytest.mark.parametrize(("told_s", "is_open"), [(0.9, True), (1.1, False)])
def test_a_process_that_had_its_seconds_takes_no_further_input(told_s, is_open):
    line = ProgramLine(Peer(frame(TOLD.pack(0, told_s, 0))), "", 3.0, None, repeats=True)
    line.run(b"1\n", 99, last=False)
    assert line.is_open is is_open


def test_seconds_that_were_not_told_are_counted_in_the_end():
    line = ProgramLine(Peer(frame(TOLD.pack(0, -9.0, 0))), "", 3.0, None, repeats=True)
    _, death = line.run(b"1\n", 99, last=False)
    assert (death.cpu_s, line.close().cpu_s) == (0.0, 5.0)
