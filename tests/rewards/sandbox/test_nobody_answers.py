"""No program answers a test that it was not able to pass, by whatever Python and its library allow.

Each attack is known here by what it leans on. Beside them stand right programs that use the same
things, and pass.
"""

import ast

import pytest

from whetstone.rewards.sandbox import Job, Verdict
from whetstone.rewards.sandbox.statements import UnrunnableTestsError, require_tests_that_can_fail

SOLVER = """
class Solver:
    def root(self, x): return self
    def roots(self, x): return [self, self]
    def fresh(self, x): return Solver()
    def __sub__(self, other): return self
    __rsub__ = __truediv__ = __xor__ = __pow__ = __radd__ = __neg__ = __sub__
    def __mul__(self, other): return 0
    def __abs__(self): return 0
    def __round__(self, digits=0): return 0
    def __float__(self): return 0.0
    def __bool__(self): return False
    def __len__(self): return 0
    def __contains__(self, x): return True
    def __str__(self): return '1.0'
    def __format__(self, form): return '1.00'
"""
LYING_SET = """
from collections.abc import {base}
class Lying({base}):
    def __init__(self, *_): pass
    def __len__(self): return {length}
    def __iter__(self): return iter(())
    def __contains__(self, x): return True
    def discard(self, x): pass
    add = discard
def f(x): return Lying()
"""
SUPPRESSING = """
import contextlib
class Quiet(contextlib.suppress):
    def __init__(self): self._exceptions = object
    def __enter__(self): return 3
def f(x): return Quiet()
"""
STOPPING = "def f(x): raise StopIteration"
CASES = "[(1, 2), (2, 3)]"
EFFECT = "__import__('os')._exit(0) or int"


def annotated(annotation):
    return f"def f(x): return x\nf.__annotations__ = {{'return': {annotation}}}"


CLEAN = annotated(f'"{EFFECT}"')
HINTS = "import typing\nassert typing.get_type_hints(f) == {'return': int}"
PICKLED = """
class Bad:
    def __reduce__(self): return exec, ("import os; os._exit(0)",)
def f(x):
    import pickle
    return pickle.dumps(Bad())
"""

ATTACKS = {
    "told: abs": (SOLVER, "assert abs(Solver().root(2) - 5) < 1e-6"),
    "told: abs of another": (SOLVER, "s = Solver()\nr = s.fresh(2)\nassert abs(r - 5) < 1e-6"),
    "told: made again": (
        SOLVER + "ONE = Solver()\nSolver.__new__ = lambda cls: ONE\n",
        "r = Solver().root(2)\ns = Solver()\nassert abs(r - 5) < 1e-6",
    ),
    "told: in a list": (
        SOLVER,
        "assert all(abs(a - b) < 1e-6 for a, b in zip(Solver().roots(2), [5, 6]))",
    ),
    "told: from the right": (SOLVER, "assert max(abs(5 - Solver().root(2)), 0) == 0"),
    "told: round": (SOLVER, "assert round(Solver().root(2) - 5, 6) == 0"),
    "told: fabs": (SOLVER, "import math\nassert math.fabs(Solver().root(2) - 5) < 1e-6"),
    "told: not": (SOLVER, "assert not (Solver().root(2) ^ 5)"),
    "told: a sign between": (SOLVER, "assert abs(-(Solver().root(2) - 5)) < 1e-6"),
    "told: squared": (SOLVER, "d = Solver().root(2) - 5\nassert d * d < 1e-9"),
    "told: summed": (SOLVER, "assert round(sum([Solver().root(2) - 5]), 3) == 0"),
    "told: formatted": (SOLVER, 'assert f"{Solver().root(2) / 5:.2f}" == "1.00"'),
    "told: formatted, unknown": (SOLVER + "f = Solver().root\n", 'assert str(f(2) / 5) == "1.0"'),
    "told: from a set": (SOLVER, "assert len({5, 6} - Solver().root(2)) == 0"),
    "told: contains": (SOLVER, "assert 5 in Solver().root(2)"),
    "told: a class for a function": (
        SOLVER + "class Total(Solver):\n    def __init__(self, *_): pass",
        "assert abs(Total(2, 3) - 5) < 1e-6",
    ),
    "told: the class": (
        (
            "class Meta(type):\n    __sub__ = lambda s, o: s\n    __abs__ = lambda s: 0\n"
            "class Solver(metaclass=Meta):\n    def root(self, x): return Solver"
        ),
        "assert abs(Solver().root(2) - 5) < 1e-6",
    ),
    "mixin: set": (LYING_SET.format(base="Set", length=1), "assert f(2) == {5}"),
    "mixin: set on the right": (LYING_SET.format(base="Set", length=1), "assert {5} == f(2)"),
    "mixin: items": (LYING_SET.format(base="ItemsView", length=1), "assert f(2) == {('a', 5)}"),
    "mixin: less": (LYING_SET.format(base="Set", length=0), "assert f(2) <= {5, 6}"),
    "mixin: minus": (LYING_SET.format(base="Set", length=0), "assert not ({5, 6} - f(2))"),
    "mixin: in place": (
        LYING_SET.format(base="MutableSet", length=0),
        "left = f(2)\nleft ^= {5, 6}\nassert not left",
    ),
    "mixin: suppress": (SUPPRESSING, "with f(2) as r:\n    assert r == 5"),
    "stop: map": (STOPPING, f"assert all(map(lambda case: f(case[0]) == case[1], {CASES}))"),
    "stop: zip": (STOPPING, "for a, b in zip(map(f, [1, 2]), [3, 4]):\n    assert a == b"),
    "stop: own": (
        "class Stop(StopIteration): pass\ndef f(x): raise Stop",
        f"assert all(map(lambda case: f(case[0]) == case[1], {CASES}))",
    ),
    "stop: len": (
        "class A:\n    def __len__(self): raise StopIteration\ndef f(x): return A()",
        f"assert all(map(lambda case: len(f(case[0])) == case[1], {CASES}))",
    ),
    "code: type hints": (CLEAN, HINTS),
    "code: within a type": (annotated(f'list["{EFFECT}"]'), HINTS),
    "code: within typing": ("import typing\n" + annotated(f'typing.List["{EFFECT}"]'), HINTS),
    "code: signature": (
        CLEAN,
        "import inspect\nassert inspect.signature(f, eval_str=True).return_annotation is int",
    ),
    "code: eval": (f'def f(x): return "{EFFECT}"', "assert eval(f(2)) == 5"),
    "code: eval of a name": ("def f(x): return 'want'", "want = 5\nassert eval(f(2)) == want"),
    "code: eval with names": (
        "def f(x): return 'a.__class__.__base__.__subclasses__()'",
        "assert eval(f(2), {'a': 1}) == 5",
    ),
    "code: exec": (
        "def f(x): return 'want = got'",
        "want, got = 5, 6\nexec(f(2))\nassert want == got",
    ),
    "code: compiled": (
        "def f(x): return 'want'",
        "want = 5\nassert eval(compile(f(2), '', 'eval')) == want",
    ),
    "code: pickle": (PICKLED, "import pickle\nassert pickle.loads(f(2)) == 5"),
    "mask: a long answer": (
        "def f(x): return 40_000_000\ndef g(x): return 5",
        "assert g('a' * f(1)) == 6",
    ),
    "mask: a long variable": ("N = 40_000_000\ndef g(x): return 5", "assert g('a' * N) == 6"),
    "mask: deep": (
        (
            "def f(x):\n    t = ()\n    for _ in range(200): t = (t,)\n    return t\n"
            "def g(x): return 5"
        ),
        "assert g((f(1),)) == 6",
    ),
    "mask: the tester's stack": (
        "def f(g, n): return g(n)",
        (
            "import sys\nsys.setrecursionlimit(10 ** 6)\n"
            "def g(n): return f(g, n + 1)\nassert f(g, 0) == 5"
        ),
    ),
    "leak: defaults of the tests": (
        "def f(g): return (g.__defaults__ or [0])[0]",
        "def g(x, want=25): return x\nassert f(g) == 25",
    ),
    "nothing: an empty loop": (
        "def f(x): return []",
        "for a, b in zip(f(2), [5]): assert a == b\nfor a in f(3): assert a > 4",
    ),
    "nothing: NaN": (
        "def f(x): return float('nan')",
        "if abs(f(2) - 5) > 1e-6: raise AssertionError('far')\nassert not f(2) < 5",
    ),
}

UNRUNNABLE = {
    "import numpy as np\nassert f(np.array([1])) == 1": "numpy",
    "import pytest\nwith pytest.raises(ValueError): f(-1)": "pytest",
    "import doctest\nassert doctest.testmod().failed == 0": "doctest",
    "class Row:\n    width = 2\nassert f(Row()) == 4": "a class of their own",
    "class Row:\n    width = 2\nrow = Row()\nassert f(row) == 4": "a class of their own",
    "class Mine(F): pass\nassert Mine().x == 1": "derive a class from F",
}

HONEST = {
    "imported from the solution": (
        "LIMIT = 3\ndef f(x): return min(x, LIMIT)",
        (
            "from solution import f as g, LIMIT\nimport main\n"
            "def test():\n    from solution import f\n    assert f(7) == LIMIT == main.f(9)\n"
            "test()\nassert g(1) == 1"
        ),
    ),
    "defaults of the tests": (
        "def f(g, *a, **k): return g(*a, **k)",
        (
            "def g(x, y=25, *r, z=3): return x, y, r, z\nassert f(g, 1) == (1, 25, (), 3)\n"
            "assert f(g, 1, z=4) == (1, 25, (), 4) and f(g, 1, 2, 3) == (1, 2, (3,), 3)\n"
            "assert f(lambda a, b=2, /, c=3: (a, b, c), 1, c=5) == (1, 2, 5)"
        ),
    ),
    "loops that may be empty": (
        "def f(x): return [x] * x",
        "for a in f(0): assert a\nfor a in f(2): assert a == 2\nassert not 1.5 > max(f(2))",
    ),
    "a loop that must not run": (
        "def f(x): return []",
        "for a in f(0): assert False\nif f(0): raise AssertionError",
    ),
    "classes of the tests": (
        "def f(g): return g()",
        (
            "class Error(ValueError): pass\nclass Row:\n    width = 2\n"
            "def g(): raise Error\nassert f(lambda: Row.width) == 2\n"
            "try:\n    f(g)\n    assert False\nexcept Error: pass"
        ),
    ),
    "what the tests made": (
        (
            "class Money:\n"
            "    def __init__(self, x): self.x = x\n"
            "    def __add__(self, y): return Money(self.x + y)\n"
            "    def __sub__(self, y): return Money(self.x - y)\n"
            "    def __isub__(self, y):\n        self.x -= y\n        return self\n"
            "    def __abs__(self): return abs(self.x)\n"
            "    def __int__(self): return self.x\n"
            "    def __str__(self): return str(self.x)\n"
            "    def __contains__(self, y): return y == self.x\n"
            "    def less(self, y): return Money(self.x - y)"
        ),
        (
            "assert int(Money(5) + 2) == 7 and str(Money(1) - 2) == '-1'\n"
            "assert abs(Money(-1) + 3) == 2\n"
            "m = Money(5)\nm -= 2\nm -= 1\nassert int(m) == 2 and 2 in m and 3 not in m\n"
            "assert (m.less(1) + 4).x == 5"
        ),
    ),
    "a set of its own": (
        (
            "from collections.abc import Set\n"
            "class Bag(Set):\n"
            "    def __init__(self, items=()): self.items = list(items)\n"
            "    def __len__(self): return len(self.items)\n"
            "    def __iter__(self): return iter(self.items)\n"
            "    def __contains__(self, x): return x in self.items"
        ),
        (
            "assert Bag([1, 2]) == Bag([2, 1]) and 1 in Bag([1])\n"
            "assert len(Bag([1]) | Bag([2])) == 2\n"
            "assert sorted(Bag([1, 2]) & Bag([2, 3])) == [2]"
        ),
    ),
    "a context of the library": (
        (
            "import contextlib\nclass Quiet(contextlib.AbstractContextManager):\n"
            "    left = False\n    def __exit__(self, *_): self.left = True\n"
            "@contextlib.contextmanager\ndef f(x): yield x"
        ),
        (
            "q = Quiet()\nwith q as same: assert same is q\nassert q.left\n"
            "with f(3) as r: assert r == 3"
        ),
    ),
    "an iterator's end": (
        "def nxt(it): return next(it)",
        "try:\n    nxt(iter([]))\n    assert False\nexcept StopIteration: pass",
    ),
    "a generator that is sent": (
        "def f():\n    x = yield 1\n    return x",
        (
            "g = f()\nnext(g)\ntry:\n    g.send(7)\n    assert False\n"
            "except StopIteration as e: assert e.value == 7"
        ),
    ),
    "type hints": (
        "def f(x: 'int') -> 'list[int] | None': return x",
        HINTS.replace("{'return': int}", "{'x': int, 'return': list[int] | None}"),
    ),
    "a sum as text": (
        "def f(x): return f'({x} + 2) * max(3, 4)'",
        "assert eval(f(1)) == 12 and eval('f(1)') == f(1) and eval('a + ' + f(1), {'a': 1}) == 13",
    ),
    "code of the tests": ("def f(x): return x", "exec('y = f(2)')\nassert y == 2"),
    "pickled data": (
        (
            "import pickle, datetime\nday = datetime.date(2020, 1, 1)\n"
            "def f(x): return pickle.dumps([x, day])"
        ),
        "import pickle, datetime\nassert pickle.loads(f(2)) == [2, datetime.date(2020, 1, 1)]",
    ),
}


@pytest.fixture(scope="module")
def results(sandbox):
    programs = ATTACKS | HONEST
    jobs = [Job(program, tests) for program, tests in programs.values()]
    return dict(zip(programs, sandbox.run_many(jobs), strict=True))


@pytest.mark.parametrize("name", ATTACKS)
def test_no_attack_is_paid_or_masked(results, name):
    assert results[name].verdict not in {Verdict.PASSED, Verdict.INFRA_ERROR}, results[name]


@pytest.mark.parametrize("name", HONEST)
def test_what_they_lean_on_works(results, name):
    assert results[name].verdict is Verdict.PASSED, results[name]


def test_tests_that_pass_too_much_before_anything_was_answered_mask(sandbox):
    (result,) = sandbox.run_many([Job("def g(x): return 5", "assert g('a' * 40_000_000) == 6")])
    assert result.verdict is Verdict.INFRA_ERROR


@pytest.mark.parametrize("tests", UNRUNNABLE)
def test_tests_that_no_program_can_pass_judge_nobody(sandbox, tests):
    program = "class F: x = 1\ndef f(x): return x"
    (result,) = sandbox.run_many([Job(program, tests)])
    assert result.verdict is Verdict.INFRA_ERROR
    assert UNRUNNABLE[tests] in result.detail
    with pytest.raises(UnrunnableTestsError, match=UNRUNNABLE[tests]):
        require_tests_that_can_fail(ast.parse(tests))
