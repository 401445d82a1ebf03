# ruff: noqa: E501 - a program stands on one line
"""Programs and tests in two processes behave as they would in one, as far as honest ones need."""

import pytest

from whetstone.rewards.sandbox import Verdict

STACK = """
class Stack:
    size = 0
    def __init__(self, items=(), *, limit=9):
        self.items, self.limit = list(items), limit
    def push(self, item):
        self.items.append(item)
        return self
    def pop(self): return self.items.pop()
    def __len__(self): return len(self.items)
    def __getitem__(self, index): return self.items[index]
    def __contains__(self, item): return item in self.items
    def __iter__(self): return iter(self.items)
    def __str__(self): return 'Stack' + str(self.items)
    @classmethod
    def of(cls, *items): return cls(items)
"""
NEST = "def nest():\n    x = ()\n    for _ in range(300): x = (x,)\n    return x\n"
CATCH = "try: f()\nexcept BaseException: pass"
EQUAL = "class E:\n    def __eq__(self, other): return True\n"
SHELF = "class Shelf(list):\n    def put(self, x): self.append(x); return self\n"
VECTOR = """
class V:
    def __init__(self, x): self.x = x
    def __add__(self, other): return V(self.x + other.x)
    def __mul__(self, number): return V(self.x * number)
    def __rmul__(self, number): return V(self.x * number)
    def __neg__(self): return V(-self.x)
    def __matmul__(self, other): return self.x * other.x
    def __bool__(self): return self.x != 0
"""
ACCOUNT = """
class BankError(Exception): pass
class Overdrawn(BankError, ValueError):
    def __init__(self, missing):
        super().__init__(f'{missing} missing')
        self.missing = missing
def draw(amount):
    if amount > 5: raise Overdrawn(amount - 5)
    if amount < 0: raise BankError('negative', amount)
    return amount
"""
CONTEXT = """
class C:
    log = []
    def __enter__(self): self.log.append('in'); return 5
    def __exit__(self, kind, error, trace): self.log.append(kind and kind.__name__)
"""
EVENS = "def f(n):\n    for i in range(n):\n        if i % 2 == 0: yield i\n"


@pytest.mark.parametrize(
    ("program", "tests"),
    [
        ("def f(x): return x", "for x in (1, 2.5, 'a', b'b', None, True, 3j): assert f(x) == x"),
        (
            "def f(x): return x",
            "for x in ([1], (1,), {1: 2}, {1}, frozenset({1})): assert f(x) == x",
        ),
        ("def f(x): return x", "for x in ((), [], {}): assert type(f(x)) is type(x)"),
        ("def f(x): return x", "x = [1, (2, [3, {'a': {4}}])]\nassert f(x) == x"),
        ("def f(x): return x", "assert f(10 ** 40) == 10 ** 40\nassert f(-1 << 70) == -1 << 70"),
        ("def f(x): return x", "assert f(float('inf')) > 1e300\nassert f(float('nan')) != 0"),
        ("def f(x): return x", "assert f('\\ud800 \\n\\0 \\u00e9') == '\\ud800 \\n\\0 \\u00e9'"),
        (
            "def f(x): return x",
            "assert f(range(3)) == range(3)\nassert list(f(range(3))) == [0, 1, 2]",
        ),
        (
            "def f(x): return x",
            "from decimal import *\nassert f(Decimal('1.10')) == Decimal('1.1')",
        ),
        (
            "def f(x): return x",
            "from fractions import *\nassert f(Fraction(1, 3)) == Fraction(1, 3)",
        ),
        (
            "def f(x): return x",
            "from datetime import *\nassert f(date(2020, 1, 2)) == date(2020, 1, 2)",
        ),
        (
            "def f(): return (lambda d: [d.keys(), d.values(), d.items()])({1: 2})",
            "k, v, i = f()\nassert k == {1}\nassert list(v) == [2]\nassert v != [2]\nassert dict(i) == {1: 2}",
        ),
        (
            "from collections import *\ndef f(x): return [Counter(x), OrderedDict(a=1), deque(x)]",
            "c, o, d = f('aab')\nassert c == {'a': 2, 'b': 1}\nassert o == {'a': 1}\nassert d.pop() == 'b'",
        ),
        (
            "from collections import namedtuple\nP = namedtuple('P', 'x y')\ndef f(): return P(1, 2)",
            "assert f() == (1, 2)",
        ),
        ("def f(*a, **k): return [a, k]", "assert f(1, b=2) == [(1,), {'b': 2}]"),
        ("def f(a, /, b, *, c=3): return a + b + c", "assert f(1, b=2, c=4) == 7"),
        ("def f(g, x): return g(g(x))", "assert f(lambda v: v * 3, 2) == 18"),
        ("def f(g, xs): return [g(*x) for x in xs]", "assert f(max, [(1, 2), (4, 3)]) == [2, 4]"),
        (
            "def f(kind, x): return kind(x)",
            "assert f(str, 7) == '7'\nassert f(list, 'ab') == ['a', 'b']",
        ),
        (
            "def f(g):\n    try: return g()\n    except ZeroDivisionError as e: return str(e)",
            "assert f(lambda: 1 / 0) == 'division by zero'",
        ),
        (
            "def f(g, n): return 1 if n == 0 else n * g(n - 1)",
            "def back(n): return f(back, n)\nassert f(back, 5) == 120",
        ),
        ("def f(n): return lambda x: x + n", "assert f(2)(3) == 5"),
        ("def f(g): return lambda x: g(g(x))", "assert f(f(lambda x: x + 1))(0) == 4"),
        ("import functools\nf = functools.partial(pow, 2)", "assert f(10) == 1024"),
        (
            "import functools\n@functools.lru_cache\ndef f(n): return n if n < 2 else f(n-1) + f(n-2)",
            "assert f(50) == 12586269025",
        ),
        (EVENS, "assert list(f(9)) == [0, 2, 4, 6, 8]\nassert sum(f(1000)) == 249500"),
        (EVENS, "assert f(9) != [0, 2, 4, 6, 8]\nassert next(f(3)) == 0\nassert 4 in f(9)"),
        (EVENS, "g = f(5)\nassert iter(g) is g\nassert [*g] == [0, 2, 4]\nassert [*g] == []"),
        (
            "import itertools\nf = itertools.count",
            "it = f(3)\nassert [next(it) for _ in 'abc'] == [3, 4, 5]",
        ),
        ("def f(x): return map(str, x)", "assert list(f([1, 2])) == ['1', '2']"),
        ("def f(x): return zip(x, x[1:])", "assert dict(f('abc')) == {'a': 'b', 'b': 'c'}"),
        (
            "def f(xs): return sum(xs)",
            "assert f(iter([1, 2])) == 3\nassert f(x for x in (3, 4)) == 7",
        ),
        (
            "def f(xs):\n    import itertools\n    return list(itertools.islice(xs, 2))",
            "import itertools\nassert f(itertools.count(5)) == [5, 6]",
        ),
        ("def f(xs): xs.sort(); xs.append(9)", "x = [2, 1]\nf(x)\nassert x == [1, 2, 9]"),
        ("def f(d): d['k'] = d.pop('a')", "d = {'a': 1}\nf(d)\nassert d == {'k': 1}"),
        ("def f(s): s.add(3)", "s = {1}\nf(s)\nassert s == {1, 3}"),
        ("def f(x): x[0][0] = 5", "x = [[1]]\nf(x)\nassert x == [[5]]"),
        ("def f(x): x.append(1); return x", "x = []\nassert f(x) is x\nassert x == [1]"),
        ("def f(x): return [*x, 1]", "x = [0]\nassert f(x) == [0, 1]\nassert x == [0]"),
        (
            STACK,
            "s = Stack([1], limit=4)\ns.push(2).push(3)\nassert s.pop() == 3\nassert len(s) == 2",
        ),
        (
            STACK,
            "s = Stack.of(1, 2)\nassert s.items == [1, 2]\nassert s.limit == 9\nassert Stack.size == 0",
        ),
        (
            STACK,
            "s = Stack('ab')\nassert s[0] == 'a'\nassert 'b' in s\nassert list(s) == ['a', 'b']",
        ),
        (STACK, "s = Stack()\ns.limit = 3\nassert s.limit == 3\nassert str(s) == 'Stack[]'"),
        (
            STACK + "def f(s): return len(s)",
            "assert f(Stack('abc')) == 3\nassert Stack.__name__ == 'Stack'",
        ),
        (
            "def f(): raise ValueError('no', 3)",
            "try:\n    f()\n    assert False\nexcept ValueError as e:\n    assert e.args == ('no', 3)",
        ),
        (
            "class Mine(KeyError): pass\ndef f(): raise Mine('k')",
            "try:\n    f()\n    assert False\nexcept KeyError as e:\n    assert e.args == ('k',)",
        ),
        (
            "def f():\n    yield 1\n    raise KeyError",
            "g = f()\nassert next(g) == 1\ntry:\n    next(g)\n    assert False\nexcept KeyError: pass",
        ),
        ("N = 3\nT = {'a': [1]}", "assert N == 3\nassert T['a'] == [1]"),
        ("n = 0\ndef f():\n    global n\n    n += 1", "f()\nf()\nassert n == 2"),
        ("import math\ndef f(x): return x", "assert math.isclose(f(1.0), 1.0)"),
        ("from math import *\ndef f(x): return x", "assert isclose(f(1.0), 1.0)"),
        ("def sum(a, b): return a * b", "assert sum(3, 4) == 12"),
        ("def f(x): return int if x else None", "assert f(1) is int\nassert f(0) is None"),
        (
            "from dataclasses import dataclass\n@dataclass\nclass P:\n    x: int\ndef f(): return P(3)",
            "assert f().x == 3\nassert f().__dict__ == {'x': 3}",
        ),
        (
            "from __future__ import annotations\nfrom dataclasses import dataclass\n@dataclass\nclass P:\n    x: int",
            "assert P(4).x == 4",
        ),
        (
            "from collections import *\ndef f(x): return Counter(x)",
            "assert f('aab').most_common(1) == [('a', 2)]\nassert f('a')['z'] == 0",
        ),
        (
            "from collections import *\ndef f(c): c['b'] += 2; return c.most_common(1)",
            "c = Counter('a')\nassert f(c) == [('b', 2)]\nassert c == Counter(a=1, b=2)",
        ),
        (
            "from collections import *\ndef f(d): d.move_to_end('a'); return OrderedDict(d)",
            (
                "d = OrderedDict(a=1, b=2)\nassert list(f(d)) == ['b', 'a']\nassert list(d) == ['b', 'a']\n"
                "assert f(d) != OrderedDict(a=1, b=2)"
            ),
        ),
        (
            "def f(d, k): d[k] += 1",
            "d = defaultdict(int)\nf(d, 'a')\nassert d == {'a': 1}\nassert d['b'] == 0",
        ),
        (
            "from collections import *\ndef f(): return defaultdict(lambda: [7])",
            "d = f()\nassert d['x'] == [7]\nassert d == {'x': [7]}",
        ),
        (
            "from collections import *\ndef f(x): return deque(x, 2)",
            "d = f([1, 2, 3])\nassert (list(d), d.maxlen) == ([2, 3], 2)\nassert d == deque([2, 3])",
        ),
        (
            "def f(d): d.append(3)",
            "d = deque([1, 2], 2)\nf(d)\nassert list(d) == [2, 3]\nassert d.maxlen == 2",
        ),
        (
            "from typing import NamedTuple\nclass P(NamedTuple):\n    x: int\n    y: int = 2\ndef f(): return [P(1)] * 2",
            "p, q = f()\nassert p.x == 1\nassert p == (1, 2)\nassert repr(p) == 'P(x=1, y=2)'\nassert type(p) is type(q)",
        ),
        (
            "def f(p): return p.x + p._replace(y=5).y",
            "from collections import namedtuple\nP = namedtuple('P', 'x y')\nassert f(P(1, 2)) == 6",
        ),
        (
            SHELF,
            "s = Shelf()\nassert len(s.put(1).put(2)) == 2\nassert list(s) == [1, 2]\ndel s[0]\nassert s[0] == 2",
        ),
        ("class Plain(list): pass\ndef f(): return Plain('ab')", "assert f() == ['a', 'b']"),
        (
            "def f(n):\n    i = 0\n    while True:\n        if i < n: yield i * i\n        i += 1",
            "from itertools import islice\nassert list(islice(f(4), 4)) == [0, 1, 4, 9]",
        ),
        (
            "log = []\ndef f():\n    for i in range(99): log.append(i); yield i",
            "g = f()\nassert next(g) + next(g) == 1\nassert log == [0, 1]\nassert sum(g) == 4850",
        ),
        (
            "def f(q):\n    while q: yield q.pop()",
            "q = [1, 2, 3]\ng = f(q)\nassert next(g) == 3\nassert q == [1, 2]\nassert list(g) == [2, 1]\nassert q == []",
        ),
        (
            "def f():\n    total = 0\n    while True: total += yield total",
            "g = f()\nassert next(g) == 0\nassert g.send(3) == 3\nassert g.send(4) == 7",
        ),
        (
            "class R:\n    i = 0\n    def __iter__(self): return self\n    def __next__(self): self.i += 1; return self.i",
            "r = R()\nassert next(r) == 1\nassert r.i == 1\nassert next(r) == 2",
        ),
        (
            VECTOR,
            "assert (V(1) + V(2)).x == 3\nassert (V(1) * 3).x == 3\nassert (2 * V(3)).x == 6\nassert (-V(1)).x == -1",
        ),
        (VECTOR, "assert not V(0)\nassert V(1)\nv = V(1)\nv += V(2)\nassert v.x == 3"),
        (
            "class A: pass\nclass B(A): pass",
            "assert isinstance(B(), A)\nassert not isinstance(A(), B)\nassert issubclass(B, A)",
        ),
        (
            ACCOUNT,
            "try:\n    draw(7)\n    assert False\nexcept Overdrawn as e:\n    assert (str(e), e.missing) == ('2 missing', 2)",
        ),
        (
            ACCOUNT,
            "try:\n    draw(7)\n    assert False\nexcept ValueError as e:\n    assert isinstance(e, BankError)",
        ),
        (
            ACCOUNT,
            "try:\n    draw(-1)\n    assert False\nexcept BankError as e:\n    assert e.args == ('negative', -1)",
        ),
        (ACCOUNT, "assert issubclass(Overdrawn, BankError)\nassert Overdrawn(3).missing == 3"),
        (
            ACCOUNT + "def f(g):\n    try: g()\n    except BankError as e: return str(e)",
            "assert f(lambda: draw(8)) == '3 missing'",
        ),
        (CONTEXT, "with C() as x: assert x == 5\nassert C.log == ['in', None]"),
        (
            CONTEXT,
            "try:\n    with C(): raise KeyError('k')\nexcept KeyError: pass\nassert C.log == ['in', 'KeyError']",
        ),
        (
            "def f(t, *, d): t[0].append(1); d['k'] = t",
            "t, d = ([],), {}\nf(t, d=d)\nassert t == ([1],)\nassert d == {'k': ([1],)}",
        ),
        ("def f(g): return g.__name__", "def local(): pass\nassert f(local) == 'local'"),
        ("def f(n): return range(n)", "assert len(f(10 ** 7)) == 10 ** 7"),
        ("def f(x): return sum(x)", "assert f([10 ** 8] * 10 ** 6) == 10 ** 14"),
    ],
)
def test_honest_programs_pass(sandbox, program, tests):
    result = sandbox.run(program, tests)
    assert result.verdict is Verdict.PASSED, result


@pytest.mark.parametrize(
    ("program", "tests", "verdict", "detail"),
    [
        (EVENS, "assert f(3) == [0, 2]", Verdict.FAILED, "AssertionError"),
        (STACK, "assert Stack() == Stack()", Verdict.FAILED, "AssertionError"),
        (STACK, "assert Stack in [1]", Verdict.FAILED, "AssertionError"),
        (EQUAL, "assert E() == 1", Verdict.ERROR, "compared an object"),
        (EQUAL, "assert 1 in [E()]", Verdict.ERROR, "compared an object"),
        (EQUAL, "assert E() == E()", Verdict.ERROR, "equals anything"),
        (EQUAL, "try:\n    assert E() == 1\nexcept: pass", Verdict.ERROR, "compared an object"),
        ("def f(): assert 0, 'mine'", "assert f() is None", Verdict.ERROR, "mine"),
        (
            "def f(): assert 0, 'mine'",
            "try: assert f() is None\nexcept AssertionError: raise",
            Verdict.ERROR,
            "mine",
        ),
        (
            "def f(g):\n    try: g()\n    except BaseException: pass",
            "def g(): assert 1 == 2\nf(g)\nassert f(int) is None",
            Verdict.FAILED,
            "AssertionError",
        ),
        (
            "def f(x): return x",
            "class C: pass\nassert f(1) == 1\nassert f([C()]) == 1",
            Verdict.ERROR,
            "cannot pass a C",
        ),
        (
            "import os as o\ndef f(): return o",
            "assert f().sep == '/'",
            Verdict.ERROR,
            "module 'os'",
        ),
        ("def f(): return range(1 << 64)", "assert f()", Verdict.VIOLATION, "protocol"),
        ("def f(): return 'x' * 10 ** 7", "assert f()", Verdict.OUT_OF_MEMORY, "8388608"),
        ("def f(): return 'x' * 10 ** 7", CATCH, Verdict.OUT_OF_MEMORY, "8388608"),
        ("def f(x=0): return x", "f('x' * (1 << 25))", Verdict.INFRA_ERROR, "33554432"),
        (NEST + "def f(): return nest()", "assert f()", Verdict.ERROR, "nested too deeply"),
        (NEST + "def f(): return nest()", CATCH, Verdict.ERROR, "nested too deeply"),
        ("def f(x): return x", NEST + "f(nest())", Verdict.INFRA_ERROR, "nested too deeply"),
        (VECTOR, "assert V(1) + 1", Verdict.ERROR, "AttributeError: 'int' object"),
        (VECTOR, "assert isinstance(1, V)", Verdict.FAILED, "AssertionError"),
        ("def f(x): return x", "while True: f(1)", Verdict.TIMEOUT, "stopped"),
        ("def f(x): return x", "while True: pass", Verdict.TIMEOUT, "stopped"),
        ("def f(x): return x", "x = [0] * 10 ** 10", Verdict.OUT_OF_MEMORY, "MemoryError"),
        ("def f(x): return x", "import os\nos._exit(0)", Verdict.INFRA_ERROR, "12 times"),
    ],
)
def test_what_cannot_cross_is_never_a_pass(sandbox, program, tests, verdict, detail):
    result = sandbox.run(program, tests, timeout_s=0.3 if verdict is Verdict.TIMEOUT else 5.0)
    assert result.verdict is verdict, result
    assert detail in result.detail
    assert sandbox.run("def f(): return 1", "assert f() == 1").verdict is Verdict.PASSED
