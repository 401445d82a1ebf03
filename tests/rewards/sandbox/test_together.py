# ruff: noqa: E501 - a program stands on one line
"""Tests beside their program: what is honest passes as in plain Python, and no cheat is paid."""

import contextlib
import sys
from pathlib import Path

import pytest

from whetstone.rewards.sandbox import Job, Profile, Sandbox, Tier, Verdict

sys.path.insert(0, str(Path(__file__).parent))
import attacks
import beside

MONEY = """
class Money:
    def __init__(self, amount): self.amount = amount
    def __eq__(self, other):
        return self.amount == getattr(other, 'amount', other)
    def __hash__(self): return hash(self.amount)
    def __lt__(self, other): return self.amount < other.amount
    def __add__(self, other): return Money(self.amount + getattr(other, 'amount', other))
    __radd__ = __add__
    def __repr__(self): return f'Money({self.amount})'
def earn(n): return Money(n)
"""

HONEST = [
    (MONEY, "assert Money(1) + Money(2) == Money(3)"),
    (MONEY, "assert earn(3) == 3\nassert earn(3) != 4\nwant = 5\nassert Money(5) == want"),
    (MONEY, "assert sum([Money(1), Money(2)]) == Money(3)\nassert (Money(1) + 2).amount == 3"),
    (MONEY, "assert sorted([earn(2), earn(1)]) == [Money(1), Money(2)]"),
    (MONEY, "assert len({Money(1), Money(1)}) == 1\nassert {Money(1): 'a'}[Money(1)] == 'a'"),
    (MONEY, "assert Money(1) < Money(2) < Money(3)\nassert max(earn(1), earn(2)) is not None"),
    (MONEY, "assert earn(1) in [Money(1)]\nassert Money(9) not in [Money(1)]\nassert 1 in [earn(1)]"),
    (MONEY, "x = Money(1)\nx += Money(2)\nassert x.amount == 3\nassert repr(x) == 'Money(3)'"),
    (
        "class A:\n    def hi(s): return s.name()\n    def name(s): return 'A'",
        "class B(A):\n    def name(s): return 'B'\nassert B().hi() == 'B'\nassert A.__subclasses__() == [B]",
    ),
    ("def area(s): return s.w * s.h", "class R:\n    w = 2\n    h = 3\nassert area(R()) == 6"),
    (
        "def greet(): print('hello')",
        "import io, contextlib\nout = io.StringIO()\nwith contextlib.redirect_stdout(out):\n    greet()\nassert out.getvalue() == 'hello\\n'",
    ),
    (
        "def ask(): return int(input('n? ')) + 1",
        "from unittest.mock import patch\nwith patch('builtins.input', return_value='4'):\n    assert ask() == 5",
    ),
    (
        "def ask(): return int(input('n? ')) + 1",
        "import builtins\nbuiltins.input = lambda *_: '4'\nassert ask() == 5\nassert ask() == 5",
    ),
    ("async def f(x): return x + 1", "import asyncio\nassert asyncio.run(f(1)) == 2"),
    ("def f(): yield 1", "import types\nassert isinstance(f(), types.GeneratorType)"),
    ("def f(a, b=2): return a", "import inspect\nassert list(inspect.signature(f).parameters) == ['a', 'b']"),
    (
        "counter = 0\ndef f():\n    global counter\n    counter += 1",
        "def test():\n    f()\n    assert counter == 1\n    f()\n    assert counter == 2\ntest()",
    ),
    (
        "import warnings\ndef f():\n    warnings.warn('old', DeprecationWarning)\n    return 1",
        "import warnings\nwith warnings.catch_warnings(record=True) as w:\n    warnings.simplefilter('always')\n    f()\nassert len(w) == 1",
    ),
    (
        "def f(x):\n    if x < 0: raise ValueError('negative')\n    return x",
        "try:\n    f(-1)\n    assert False\nexcept ValueError as error:\n    assert str(error) == 'negative'",
    ),
    (
        "def f(x): return x",
        "caught = False\ntry:\n    assert f(1) == 2\nexcept AssertionError:\n    caught = True\nassert caught",
    ),
    ("def f(x): return [[x], {'a': (1, 2.5, None, b'x')}]", "assert f(1) == [[1], {'a': (1, 2.5, None, b'x')}]"),
    ("from collections import UserList, OrderedDict\ndef f(): return UserList([1])\ndef g(): return OrderedDict(a=1)", "assert f() == [1]\nassert g() == {'a': 1}"),
    ("from collections import namedtuple\nP = namedtuple('P', 'x y')\ndef f(): return P(1, 2)", "assert f() == (1, 2)\nassert f() == P(1, 2)\nassert f().x == 1"),
    ("import enum\nclass C(enum.IntEnum):\n    R = 1\ndef f(): return C.R", "assert f() == 1\nassert f() is C.R\nassert {C.R: 2}[f()] == 2"),
    ("def f(x): return x", "match f([1, 2]):\n    case [a, *rest]: pass\nassert a == 1 and rest == [2]"),
    ("def f(): return 3", "assert 1 < f() < 4 <= 4 != 5"),
    ("def f(a): a.append(1)", "x = []\ny = {'k': x}\nf(y['k'])\nassert x == [1]"),
    ("class Stack:\n    def __init__(s): s.items = []\n    def size(s): return len(s.items)", "s = Stack()\ns.items.append(1)\nassert s.size() == 1"),
    ("import sys\ndef f(): sys.exit(3)", "try:\n    f()\nexcept SystemExit as error:\n    assert error.code == 3\nelse:\n    assert False"),
    ("from typing import NamedTuple\nfrom dataclasses import dataclass\n@dataclass\nclass P:\n    x: int\nclass Q(NamedTuple):\n    y: int", "assert P(1) == P(1) and P(1) != P(2)\nassert Q(1).y == 1"),
    (MONEY, "assert {Money(1)} <= {Money(1), Money(2)} and not {Money(1)} - {Money(1)}\nassert {earn(1)} - set() and [earn(1)] * 2 == [earn(1), earn(1)]"),
    ("def f(x): return {x, x + 1}\ndef g(x): return {'a': x}", "assert {2} <= f(2) and not f(2) - {2, 3} and f(2) & {3} == {3}\nassert {'a': 2}.items() <= g(2).items() and [2] < [*f(2)]"),
    ("def f(x): return x + 1", "from itertools import accumulate, takewhile\nassert list(map(f, [1, 2])) == [2, 3] and all(map(lambda x: f(x) > x, range(3)))\nassert list(takewhile(lambda x: f(x) < 3, range(9))) == [0, 1] and list(accumulate([1, 2], lambda a, b: f(a) + b)) == [1, 4]"),
    ("def f(x): return x", "import unittest\nclass T(unittest.TestCase):\n    def test_a(self):\n        self.assertEqual(f(1), 1)\n        with self.assertRaises(ZeroDivisionError):\n            f(1 / 0)"),
]  # fmt: skip


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(workers=2, timeout_s=2.0) as opened:
        yield opened


def verdicts(sandbox, pairs):
    jobs = [Job(program, tests, tier=Tier.TOGETHER) for program, tests in pairs]
    return sandbox.run_many(jobs)


def test_honest_programs_pass_as_in_plain_python(sandbox):
    results = zip(HONEST, verdicts(sandbox, HONEST), strict=True)
    assert [(pair, r) for pair, r in results if r.verdict is not Verdict.PASSED] == []


def test_the_honest_ones_are_honest():
    """They pass in plain Python, whose verdict is the one to agree with."""
    for program, tests in HONEST:
        if "TestCase" not in tests and "builtins.input" not in tests:
            namespace = {"__name__": "__main__"}
            exec(f"{program}\n{tests}", namespace)  # noqa: S102 - they are ours


def test_no_cheat_beside_its_tests_is_paid_or_masked(sandbox):
    named = list(beside.attacks())
    assert len(named) >= 100
    results = verdicts(sandbox, [(program, tests) for _, program, tests in named])
    assert unearned([name for name, _, _ in named], results) == []
    assert (
        verdicts(sandbox, [("def f(x): return 5 * (x - 1)", beside.TESTS)])[0].verdict == "passed"
    )


def test_the_liars_are_paid_without_a_guard():
    """An attack that never works would prove nothing."""
    paid = 0
    for _, program, tests in beside.lies():
        with contextlib.suppress(AssertionError):
            exec(f"{program}\n{tests}", {"__name__": "plain"})  # noqa: S102 - they harm nobody
            paid += 1
    assert paid >= 35


def unearned(names, results):
    """Those that were paid, or that masked themselves."""
    bad = {Verdict.PASSED, Verdict.INFRA_ERROR}
    return [(n, r) for n, r in zip(names, results, strict=True) if r.verdict in bad]


@pytest.mark.slow
@pytest.mark.parametrize("profile", [Profile.FULL, Profile.NO_NAMESPACES])
def test_no_attack_on_tests_elsewhere_is_paid_beside_them(profile):
    named = list(attacks.all_attacks())
    jobs = [Job(program, tests, 0.5, tier=Tier.TOGETHER) for _, program, tests in named]
    with Sandbox(workers=2, profile=profile) as sandbox:
        assert unearned([name for name, _, _ in named], sandbox.run_many(jobs)) == []
