# ruff: noqa: E501 - a program stands on few lines
"""Right programs are right in two processes as well: what honest classes and tests do to each other."""

import contextlib
import io

import pytest

from whetstone.rewards.sandbox import Job, Sandbox, Verdict

TREE = """
class Tree:
    def __init__(self, value):
        self.value, self.children, self.tags = value, [], {}
    def size(self): return 1 + sum(child.size() for child in self.children)
"""
VECTOR = """
class Vector(list):
    def __neg__(self): return Vector(-x for x in self)
    def __abs__(self): return sum(self)
    def __sub__(self, other): return Vector(x - other for x in self)
    def __rsub__(self, other): return Vector(other - x for x in self)
    def __matmul__(self, other): return sum(x * y for x, y in zip(self, other))
"""
MONEY = """
class Money:
    def __init__(self, amount): self.amount = amount
    def __add__(self, other): return Money(self.amount + (other.amount if isinstance(other, Money) else other))
    __radd__ = __add__
    def __mul__(self, factor): return Money(self.amount * factor)
    __rmul__ = __mul__
    def __iadd__(self, other):
        self.amount += other.amount
        return self
    def __int__(self): return self.amount
    def __abs__(self): return abs(self.amount)
    def __round__(self, digits=0): return round(self.amount, digits)
    def __divmod__(self, other): return divmod(self.amount, other.amount)
    def __eq__(self, other): return isinstance(other, Money) and self.amount == other.amount
    def __lt__(self, other): return self.amount < other.amount
    def __hash__(self): return hash(self.amount)
    def __format__(self, form): return f'{self.amount:{form}}'
"""
COLORS = """
import enum
class Color(enum.Enum):
    RED = 1
    BLUE = 2
class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2
class Word(enum.StrEnum):
    YES = 'yes'
class Right(enum.Flag):
    READ = 1
    WRITE = 2
"""
SHAPES = """
from abc import ABC, abstractmethod
class Shape(ABC):
    @abstractmethod
    def area(self): ...
class Square(Shape):
    'A square.'
    made = 0
    def __init__(self, side):
        self.side = side
        type(self).made += 1
    def area(self): return self.side ** 2
    @property
    def double(self): return Square(self.side * 2)
    @double.setter
    def double(self, side): self.side = side / 2
    @classmethod
    def unit(cls): return cls(1)
    @staticmethod
    def corners(): return 4
"""
POINT = """
from dataclasses import dataclass, field
@dataclass(order=True, frozen=True)
class Point:
    x: int
    tags: tuple = ()
@dataclass
class Bag:
    items: list = field(default_factory=list)
"""
COUNTING = """
class Down:
    def __init__(self, n): self.n = n
    def __iter__(self): return self
    def __next__(self):
        if not self.n: raise StopIteration
        self.n -= 1
        return self.n
    def peek(self): return self.n
log = []
def steps(n):
    for i in range(n):
        log.append(i)
        yield i
    return 'done'
"""
ERRORS = """
import json, queue, re
class Base(Exception): pass
class Broken(Base):
    def __init__(self, part): super().__init__(f'{part} is broken'); self.part = part
def chain():
    try: int('x')
    except ValueError as error: raise Broken('lamp') from error
def noted():
    error = KeyError('k')
    error.add_note('a note')
    raise error
def group(): raise ExceptionGroup('all', [ValueError(1), Broken('cup')])
def parse(text): return json.loads(text)
def pattern(text): return re.compile(text)
def empty(): queue.Queue().get_nowait()
def text(data): return data.decode()
def leave(code): raise SystemExit(code)
def run(function):
    try: return function()
    except Exception as error: return [type(error).__name__, str(error)]
"""
RAISES = "try:\n    {0}\n    assert False\nexcept {1} as error:\n    assert {2}"
SAME = "def f(x): return x\n"

HONEST = {
    "an iterator that is kept and passed at once": (
        "KEPT = []\ndef f(x): return next(x), KEPT[-1] is x",
        (
            "v = iter([1, 2])\nKEPT.append(v)\nassert f(v) == (1, True) and f(v) == (2, True)\n"
            "g = lambda: 7\nKEPT.append(g)\nassert f(iter([g]))[0] is g"
        ),
    ),
    # The same container twice, and what both sides can reach.
    "rows that are one row": (
        "def f(n): return [[0] * n] * n",
        "m = f(2)\nm[0][0] = 1\nassert m == [[1, 0], [1, 0]]",
    ),
    "rows of their own": (
        "def f(n): return [[0] * n for _ in range(n)]",
        "m = f(2)\nm[0][0] = 1\nassert m == [[1, 0], [0, 0]]",
    ),
    "one list twice in an argument": (
        SAME,
        "a = [1]\nb = f([a, a, (a,)])\nassert b[0] is b[1] is b[2][0] is a",
    ),
    "a list within itself": (SAME, "a = [1]\na.append(a)\nassert f(a) is a\nassert a[1] is a"),
    "a ring of objects": (
        "class N: pass\ndef f():\n    a, b = N(), N()\n    a.next, b.next = b, a\n    return a",
        "a = f()\nassert a.next.next is a",
    ),
    "children of an object": (
        TREE,
        "t = Tree(1)\nt.children.append(Tree(2))\nt.tags['a'] = 1\nassert t.size() == 2\nassert t.tags == {'a': 1}\nassert t.children is t.children",
    ),
    "an inner container": (
        "def f(d): d['a']['b'] = 2",
        "inner = {}\nd = {'a': inner}\nf(d)\nassert inner == {'b': 2}",
    ),
    "a list that a closure keeps": (
        "def make(x):\n    def add(y): x.append(y)\n    return add",
        "x = []\nadd = make(x)\nadd(1)\nx.append(2)\nadd(3)\nassert x == [1, 2, 3]",
    ),
    "a cache of the program": (
        "cache = {}\ndef f(x):\n    cache[x] = 1\n    return len(cache)",
        "f(1)\ncache.clear()\nassert f(2) == 1\nassert list(cache) == [2]",
    ),
    "a default that grows": (
        "def f(x, seen=[]):\n    seen.append(x)\n    return seen",
        "a = f(1)\nb = f(2)\nassert a is b\nassert a == [1, 2]",
    ),
    "a dict that is walked and changed": (
        "def f(d):\n    for k in list(d): d[k + '!'] = d.pop(k)",
        "d = {str(i): i for i in range(50)}\nf(d)\nassert list(d)[0] == '0!'\nassert len(d) == 50",
    ),
    "a long list that changes in one place": (
        "def f(x): x[70:72] = ['here']",
        "x = list(range(100))\nf(x)\nassert x == [*range(70), 'here', *range(72, 100)]\nx.append(1)\nf(x)\nassert len(x) == 99",
    ),
    "a dict that only grows": (
        "def f(n, memo):\n    if n not in memo: memo[n] = n if n < 2 else f(n - 1, memo) + f(n - 2, memo)\n    return memo[n]",
        "memo = {}\nassert f(60, memo) == 1548008755920\nassert f(61, memo) == 2504730781961\nassert len(memo) == 62",
    ),
    "rare containers": (
        "def f(*all):\n    for x in all: x.append(3)\n    return all",
        "from array import array\nfrom collections import UserList\na, b = array('i', [1]), UserList([1])\nf(a, b)\nassert a == array('i', [1, 3])\nassert b == [1, 3]",
    ),
    "a namespace": (
        "def f(o):\n    o.b = o.a + 1\n    return o",
        "from types import SimpleNamespace\no = SimpleNamespace(a=3)\nassert f(o) is o\nassert o.b == 4",
    ),
    "a generator of random numbers": (
        "def f(r): return r.random()",
        "import random\na, b = random.Random(7), random.Random(7)\nassert [f(a), a.random(), f(a)] == [b.random() for _ in range(3)]",
    ),
    "deep lists": (
        "def f(n):\n    x = []\n    for _ in range(n): x = [x]\n    return x",
        "x = f(900)\nn = 0\nwhile x: x, n = x[0], n + 1\nassert n == 900",
    ),
    # Objects of the program among themselves, and as keys.
    "values that compare": (
        MONEY,
        "assert Money(1) + Money(2) == Money(3)\nassert Money(1) < Money(2)\nassert Money(1) != Money(2)\nassert sorted([Money(3), Money(1)])[0] == Money(1)",
    ),
    "values that are keys": (
        MONEY + "def f(): return {Money(1): 'a'}, {Money(1), Money(1), Money(2)}",
        "d, s = f()\nassert d[Money(1)] == 'a'\nassert len(s) == 2\nassert Money(2) in s\nassert {Money(5)} == {Money(5)}\nassert hash(Money(5)) == 5",
    ),
    "values that reckon": (
        MONEY,
        "assert (Money(1) + 2).amount == 3\nassert sum([Money(1), Money(2)]).amount == 3\nassert (3 * Money(2)).amount == 6\nm = Money(1)\nn = m\nm += Money(4)\nassert m is n\nassert n.amount == 5",
    ),
    "values that are numbers": (
        MONEY,
        "assert int(Money(3)) == 3\nassert abs(Money(-3)) == 3\nassert round(Money(3)) == 3\nassert divmod(Money(7), Money(2)) == (3, 1)\nassert f'{Money(3):03d}' == '003'",
    ),
    "objects without an equal": (
        TREE,
        "a, b = Tree(1), Tree(1)\nassert a == a\nassert a != b\nassert a in [b, a]\nassert [b, a].index(a) == 1\nassert len({a, b, a}) == 2\nassert a != 1\nassert a != None",
    ),
    "links that end": (
        "class N:\n    def __init__(self): self.next = None",
        "n = N()\nassert n.next == None\nassert n != None\nassert not n == None",
    ),
    "members of an enum": (
        COLORS + "def f(): return {Color.RED: 1}, {Color.BLUE}",
        "a, b = f()\nassert a[Color.RED] == 1\nassert Color.BLUE in b\nassert Color(1) is Color.RED is Color['RED']\nassert [c.name for c in Color] == ['RED', 'BLUE']\nassert len(Color) == 2\nassert Color.RED != 1",
    ),
    "members that are plain": (
        COLORS + "def f(): return Level.HIGH, Word.YES",
        "a, b = f()\nassert a is Level.HIGH\nassert a == 2\nassert a.name == 'HIGH'\nassert a + 1 == 3\nassert b == 'yes'\nassert b.upper() == 'YES'\nassert repr(a) == '<Level.HIGH: 2>'\nassert sorted(Level) == [1, 2]",
    ),
    "flags": (
        COLORS,
        "both = Right.READ | Right.WRITE\nassert Right.READ in both\nassert both & Right.READ == Right.READ\nassert both.value == 3\nassert not both & ~both",
    ),
    "dataclasses": (
        POINT,
        "import dataclasses\np = Point(1)\nassert p == Point(1) != Point(2)\nassert Point(1) < Point(2)\nassert {p: 1}[Point(1)] == 1\nassert repr(p) == 'Point(x=1, tags=())'\nassert dataclasses.asdict(p) == {'x': 1, 'tags': ()}\nassert dataclasses.replace(p, x=4).x == 4\nassert p != 1",
    ),
    "a frozen dataclass": (
        POINT,
        "from dataclasses import FrozenInstanceError\n"
        + RAISES.format("Point(1).x = 2", "FrozenInstanceError", "'x' in str(error)"),
    ),
    "a factory of a dataclass": (
        POINT,
        "b = Bag()\nb.items.append(1)\nassert b.items == [1]\nassert Bag().items == []\nassert b == Bag([1])",
    ),
    # Classes.
    "abstract classes": (
        SHAPES,
        "assert sum(s.area() for s in [Square(1), Square(2)]) == 5\nassert isinstance(Square(1), Shape)\nassert issubclass(Square, Shape)\n"
        + RAISES.format("Shape()", "TypeError", "True"),
    ),
    "what classes have": (
        SHAPES,
        "s = Square.unit()\nassert s.double.side == 2\ns.double = 6\nassert s.side == 3\nassert Square.corners() == s.corners() == 4\nassert Square.made == 2\nassert s.__doc__ == Square.__doc__ == 'A square.'\nassert type(s) is Square\nassert type(s).__name__ == 'Square'\nassert vars(s) == {'side': 3}\nassert not hasattr(s, 'radius')\ndel s.side\nassert not hasattr(s, 'side')",
    ),
    "the order of classes": (
        "class A:\n    def f(self): return 'A'\nclass B(A):\n    def f(self): return 'B' + super().f()\nclass C(A):\n    def f(self): return 'C' + super().f()\nclass D(B, C): pass",
        "assert D().f() == 'BCA'\nassert [k.__name__ for k in D.mro()] == ['D', 'B', 'C', 'A', 'object']\nassert D.__bases__ == (B, C)\nassert A.__bases__ == (object,)",
    ),
    "a metaclass": (
        "class Meta(type):\n    made = []\n    def __new__(meta, name, bases, body):\n        Meta.made.append(name)\n        return super().__new__(meta, name, bases, body)\n    def __len__(cls): return 5\nclass A(metaclass=Meta): pass",
        "assert Meta.made == ['A']\nassert len(A) == 5\nassert isinstance(A, Meta)\nassert type(A) is Meta",
    ),
    "a protocol": (
        "from typing import Protocol, runtime_checkable\n@runtime_checkable\nclass Goes(Protocol):\n    def go(self): ...\nclass Car:\n    def go(self): pass\nclass House: pass",
        "assert isinstance(Car(), Goes)\nassert not isinstance(House(), Goes)",
    ),
    "attributes with private names": (
        "class A:\n    def __init__(self): self._number, self._remote, self._ask = 1, 2, 3",
        "a = A()\nassert (a._number, a._remote, a._ask) == (1, 2, 3)",
    ),
    "attributes that are made up": (
        "class A:\n    def __getattr__(self, name): return name * 2",
        "assert A().ab == 'abab'",
    ),
    "slots": (
        "class A:\n    __slots__ = ('x',)\n    def __init__(self): self.x = 1",
        "a = A()\na.x = 2\nassert a.x == 2\n" + RAISES.format("a.y = 1", "AttributeError", "True"),
    ),
    "copies": (
        TREE,
        "import copy\na = Tree(1)\nb, c = copy.copy(a), copy.deepcopy(a)\nassert b.children is a.children\nassert c.children is not a.children\nassert type(c) is Tree",
    ),
    "slices and parts": (
        "class V:\n    def __init__(self, *items): self.items = list(items)\n    def __getitem__(self, i): return V(*self.items[i]) if isinstance(i, slice) else self.items[i]\n    def __setitem__(self, i, x): self.items[i] = x\n    def __delitem__(self, i): del self.items[i]\n    def __len__(self): return len(self.items)",
        "v = V(1, 2, 3, 4)\nassert v[1:3].items == [2, 3]\nassert list(reversed(v)) == [4, 3, 2, 1]\nv[0] = 9\ndel v[1]\nassert list(v) == [9, 3, 4]\nassert 3 in v",
    ),
    "only what a class can do": (
        "class A: pass\nclass B:\n    def __iter__(self): return iter('ab')\n    def __call__(self): return 1",
        "from collections.abc import Callable, Iterable, Sized\nassert not callable(A())\nassert isinstance(B(), Iterable)\nassert isinstance(B(), Callable)\nassert not isinstance(B(), Sized)\nassert A()\n"
        + RAISES.format("len(A())", "TypeError", "True"),
    ),
    # What derives from plain types.
    "a list of its own": (
        "class Row(list):\n    def __init__(self, name, *items):\n        super().__init__(items)\n        self.name = name\n    def total(self): return sum(self)",
        "r = Row('r', 1, 2)\nassert r == [1, 2]\nassert r.name == 'r'\nr.append(4)\nassert r.total() == 7\nassert isinstance(r, list)\nassert r.pop() == 4",
    ),
    "operators that a list has none of": (
        VECTOR,
        "v = Vector([3, 5])\nassert -v == [-3, -5]\nassert abs(v) == 8\nassert v - 1 == [2, 4]\nassert 9 - v == [6, 4]\nassert (v - 1) - 1 == Vector([1, 3])\nassert v @ v == 34\nassert v + [1] == [3, 5, 1]",
    ),
    "signs of a tuple and of a text": (
        "from collections import namedtuple\nclass P(namedtuple('P', 'x y')):\n    def __neg__(self): return P(-self.x, -self.y)\n    def __abs__(self): return 5\nclass W(str):\n    def __invert__(self): return W(self.upper())",
        "assert -P(3, 4) == P(-3, -4) == (-3, -4)\nassert abs(P(3, 4)) == 5\nassert ~W('a') == 'A'",
    ),
    "a dict of its own": (
        "class D(dict):\n    def __missing__(self, key):\n        self[key] = []\n        return self[key]",
        "d = D()\nd['a'].append(1)\nassert d == {'a': [1]}\nassert 'b' not in d",
    ),
    "a text of its own": (
        "class Name(str):\n    def short(self): return Name(self[:1])\ndef f(): return Name('ab')",
        "n = f()\nassert n == 'ab'\nassert n.short() == 'a'\nassert type(n.short()) is Name\nassert {'ab': 1}[n] == 1",
    ),
    "a named tuple of its own": (
        "from typing import NamedTuple\nclass P(NamedTuple):\n    x: int\n    y: int = 2\n    def size(self): return self.x + self.y",
        "p = P(1)\nassert p == (1, 2)\nassert p.size() == 3\nassert p._replace(x=5).size() == 7\nassert type(p) is P\nassert P(1) == P(1, 2)\na, b = p\nassert b == 2",
    ),
    "classes of the library": (
        "from collections import UserDict\nfrom collections.abc import Mapping\nclass Lower(UserDict):\n    def __setitem__(self, key, value): super().__setitem__(key.lower(), value)\nclass M(Mapping):\n    def __init__(self, d): self.d = d\n    def __getitem__(self, key): return self.d[key]\n    def __iter__(self): return iter(self.d)\n    def __len__(self): return len(self.d)",
        "u = Lower()\nu['A'] = 1\nassert u == {'a': 1}\nfrom collections.abc import Mapping\nm = M({'a': 1})\nassert m == {'a': 1}\nassert m.get('z', 5) == 5\nassert list(m.items()) == [('a', 1)]\nassert isinstance(m, Mapping)",
    ),
    "values of the library": (
        "import uuid, pathlib, re\ndef f(): return [uuid.UUID(int=5), pathlib.PurePosixPath('a') / 'b', re.compile('a+', re.I), slice(1, 2), type(None)]",
        "import uuid, pathlib, re\nassert f() == [uuid.UUID(int=5), pathlib.PurePosixPath('a/b'), re.compile('a+', re.I), slice(1, 2), type(None)]",
    ),
    # Iterators.
    "an iterator of its own": (
        COUNTING,
        "d = Down(3)\nassert next(d) == 2\nassert d.peek() == 2\nassert list(d) == [1, 0]\nassert next(d, 'end') == 'end'\nassert iter(d) is d\nassert isinstance(d, Down)",
    ),
    "a generator does one step at a time": (
        COUNTING,
        "g = steps(100)\nfor _ in range(20): next(g)\nassert log == list(range(20))\nassert sum(g) == sum(range(20, 100))",
    ),
    "a generator is one": (
        COUNTING,
        "import inspect, types\nassert isinstance(steps(1), types.GeneratorType)\nassert inspect.isgeneratorfunction(steps)\ng = steps(1)\nnext(g)\n"
        + RAISES.format("next(g)", "StopIteration", "error.value == 'done'"),
    ),
    "a generator that is sent to": (
        "def f():\n    try: x = yield 1\n    except ValueError: x = 'caught'\n    yield x",
        "g = f()\nassert next(g) == 1\nassert g.send(5) == 5\ng = f()\nnext(g)\nassert g.throw(ValueError('x')) == 'caught'\ndef outer(): yield from f()\nassert list(outer()) == [1, None]",
    ),
    "a generator that yields one list": (
        "def f():\n    row = []\n    for i in range(3):\n        row.append(i)\n        yield row",
        "rows = list(f())\nassert rows == [[0, 1, 2]] * 3\nassert rows[0] is rows[2]",
    ),
    "a coroutine": (
        "async def f(x): return x + 1",
        "import asyncio\nassert asyncio.run(f(1)) == 2",
    ),
    # Exceptions.
    "errors of the library": (
        ERRORS,
        "import json, queue, re\n"
        + "\n".join(
            [
                RAISES.format(
                    "parse('{')",
                    "json.JSONDecodeError",
                    "(error.pos, error.lineno, error.doc) == (1, 1, '{')",
                ),
                RAISES.format("pattern('(')", "re.error", "error.pos == 0"),
                RAISES.format("empty()", "queue.Empty", "True"),
                RAISES.format("text(b'\\xff')", "UnicodeDecodeError", "error.start == 0"),
                RAISES.format("leave(3)", "SystemExit", "error.code == 3"),
            ]
        ),
    ),
    "errors and their causes": (
        ERRORS,
        RAISES.format(
            "chain()",
            "Base",
            "(type(error), error.part, str(error), type(error.__cause__)) == (Broken, 'lamp', 'lamp is broken', ValueError)",
        ),
    ),
    "errors with notes": (
        ERRORS,
        RAISES.format("noted()", "KeyError", "error.__notes__ == ['a note']"),
    ),
    "errors in groups": (
        ERRORS,
        "try:\n    group()\n    assert False\nexcept* ValueError as values:\n    assert values.exceptions[0].args == (1,)\nexcept* Broken as broken:\n    assert broken.exceptions[0].part == 'cup'",
    ),
    "errors that come back": (
        "def f(g): return g()",
        "class Own(LookupError): pass\nown = Own('mine')\ndef g(): raise own\n"
        + RAISES.format("f(g)", "Own", "error is own"),
    ),
    "errors as values": (
        ERRORS + "def f(): return [ValueError('x'), Broken('y')]",
        "a, b = f()\nassert isinstance(a, ValueError)\nassert str(a) == 'x'\nassert isinstance(b, Base)\nassert b.part == 'y'",
    ),
    # Functions.
    "what functions say of themselves": (
        "def f(a: int, b='x', *, c: list[int] | None = None) -> str:\n    'The doc.'",
        "import inspect\nassert f.__doc__ == 'The doc.'\nassert f.__name__ == 'f'\nassert f.__annotations__ == {'a': int, 'c': list[int] | None, 'return': str}\nassert f.__defaults__ == ('x',)\nassert list(inspect.signature(f).parameters) == ['a', 'b', 'c']\nassert f.__code__.co_argcount == 2\nassert inspect.isfunction(f)",
    ),
    "what functions of the tests say": (
        "import inspect\ndef f(g): return list(inspect.signature(g).parameters), g.__name__, g.__doc__",
        "def g(x, /, y=2, *a, z, **k): 'doc'\nassert f(g) == (['x', 'y', 'a', 'z', 'k'], 'g', 'doc')",
    ),
    "functions that look at parameters": (
        "def curry(f):\n    def g(*a): return f(*a) if len(a) >= f.__code__.co_argcount else lambda *b: g(*a, *b)\n    return g",
        "assert curry(lambda a, b, c: a + b + c)(1)(2)(3) == 6",
    ),
    "decorators": (
        "import functools\ndef deco(f):\n    @functools.wraps(f)\n    def g(*a, **k): return f(*a, **k) + 1\n    return g",
        "@deco\ndef g(x, y=1):\n    'doc'\n    return x * y\nassert g(3, y=2) == 7\nassert (g.__name__, g.__doc__) == ('g', 'doc')",
    ),
    "functions of the library": (
        "def f(g, *a): return g(*a)",
        "import math, operator\nassert f(math.sqrt, 4) == 2\nassert f(operator.itemgetter(1), 'ab') == 'b'\nassert f(str.upper, 'a') == 'A'\nassert f(len, [1]) == 1",
    ),
    "one function is one function": (
        "def f(g): return g",
        "def g(): return 1\nassert f(g) is g\nassert f(f) is f",
    ),
    # What tests set.
    "the depth of the recursion": (
        "def f(n): return n and 1 + f(n - 1)",
        "import sys\nsys.setrecursionlimit(5000)\nassert f(3000) == 3000",
    ),
    "the seed": (
        "import random\ndef f(): return random.random()",
        "import random\nrandom.seed(5)\na = f()\nrandom.seed(5)\nassert f() == a\nrandom.seed(5)\nassert random.random() == a",
    ),
    "the precision": (
        "from decimal import Decimal\ndef f(): return Decimal(1) / 3",
        "import decimal\ndecimal.getcontext().prec = 5\nassert f() == decimal.Decimal('0.33333')",
    ),
    "what is printed": (
        "def f(): print('hello')",
        "import io\nfrom contextlib import redirect_stdout\nout = io.StringIO()\nwith redirect_stdout(out): f()\nf()\nassert out.getvalue() == 'hello\\n'",
    ),
    "what is warned of": (
        "import warnings\ndef f(): warnings.warn('old', DeprecationWarning)",
        "import warnings\nwith warnings.catch_warnings(record=True) as caught:\n    warnings.simplefilter('always')\n    f()\n    assert [(str(w.message), w.category) for w in caught] == [('old', DeprecationWarning)]",
    ),
    "variables": (
        "count, kind = 0, None\ndef f():\n    global count, kind\n    count, kind = count + 1, 'set'",
        "for n in range(3):\n    assert count == n\n    f()\nassert (count, kind) == (3, 'set')",
    ),
    "a name in source that is evaluated": ("def f(x): return x + 1", "assert eval('f(1)') == 2"),
    "a function called like a module": (
        "def copy(x): return list(x)",
        "assert copy((1, 2)) == [1, 2]",
    ),
    "a class in a try": (
        "try: from fancy import Helper\nexcept ImportError:\n    class Helper: x = 1\ndef f(): return Helper()",
        "assert f().x == Helper().x",
    ),
    # Calls in a row.
    "calls in a row": (
        TREE,
        "t = Tree(1)\nx = []\nx.append(1)\nt.children.append(Tree(2))\nt.children.append(Tree(3))\nx.append(2)\nassert t.size() == 3\nassert x == [1, 2]",
    ),
    "calls in a loop": (
        "class S:\n    def __init__(self): self.items = []\n    def put(self, x): self.items.append(x)",
        "s = S()\nfor i in range(600):\n    s.put(i)\n    s.put([i])\nassert s.items[-2:] == [599, [599]]\nassert len(s.items) == 1200\nassert i == 599",
    ),
    "calls that stop": (
        "class S:\n    def __init__(self): self.items = []\n    def put(self, x):\n        if x == 2: raise ValueError(x)\n        self.items.append(x)",
        "s = S()\ntry:\n    s.put(1)\n    s.put(2)\n    s.put(3)\nexcept ValueError: pass\nassert s.items == [1]",
    ),
    "calls that call back": (
        "def f(g): g()",
        "seen = []\ndef g(): seen.append(i)\nfor i in range(3): f(g)\nassert seen == [0, 1, 2]",
    ),
}


def plainly(program, tests):
    """Run a case in one process."""
    with contextlib.redirect_stdout(io.StringIO()):
        exec(f"{program}\n{tests}", {"__name__": "case"})  # noqa: S102


@pytest.fixture(scope="module")
def results():
    with Sandbox() as opened:
        jobs = [Job(program, tests) for program, tests in HONEST.values()]
        return dict(zip(HONEST, opened.run_many(jobs), strict=True))


@pytest.mark.parametrize("name", HONEST)
def test_what_passes_in_one_process_passes_in_two(results, name):
    assert results[name].verdict is Verdict.PASSED, results[name]


POOL = """
from concurrent.futures import ThreadPoolExecutor, as_completed
def squares(numbers):
    with ThreadPoolExecutor(4) as pool:
        return sorted(done.result() for done in as_completed([pool.submit(pow, n, 2) for n in numbers]))
def mapped(numbers):
    with ThreadPoolExecutor() as pool:
        return list(pool.map(lambda n: n + 1, numbers))
known = []
def begun():
    with ThreadPoolExecutor(initializer=known.append, initargs=(1,)) as pool:
        pool.submit(int), pool.submit(int)
    return known
def raised():
    pool = ThreadPoolExecutor()
    future = pool.submit(int, 'x')
    pool.shutdown()
    try:
        pool.submit(int)
    except RuntimeError:
        return type(future.exception()).__name__
"""
WORKERS = """
import threading
def collect(n):
    found, lock = [], threading.Lock()
    def work(i):
        with lock:
            found.append(i)
    threads = [threading.Thread(target=work, args=(i,)) for i in range(n)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    return sorted(found)
"""


@pytest.mark.parametrize(
    ("program", "tests"),
    [
        (POOL, "assert squares([1, 3, 2]) == [1, 4, 9]\nassert mapped([1, 2]) == [2, 3]"),
        (POOL, "assert raised() == 'ValueError'\nassert begun() == [1]"),
        (WORKERS, "assert collect(3) == [0, 1, 2]\nassert collect(2) == [0, 1]"),
        (
            "import asyncio\ndef f(): return asyncio.run(asyncio.to_thread(lambda: 3))",
            "assert f() == 3",
        ),
    ],
)
def test_threads_that_work_for_their_program_are_played(program, tests):
    exec(f"{program}\n{tests}", {"__name__": "plain"})  # noqa: S102 - ours, and right
    with Sandbox(workers=1) as sandbox:
        result = sandbox.run(program, tests)
    assert result.verdict is Verdict.PASSED, result


GENERIC = """
from typing import Generic, TypeVar
T = TypeVar('T')
class Stack(Generic[T]):
    def __init__(self): self.items = []
    def push(self, item): self.items.append(item)
class Plain: pass
class Registry:
    def __class_getitem__(cls, key): return key * 2
"""
STRICT = """
class Impossible(AssertionError): pass
def root(n):
    assert n >= 0, 'negative'
    return n ** 0.5
def never(): raise Impossible('no', 7)
"""
WAITING = """
import asyncio
async def double(n):
    await asyncio.sleep(0)
    return n * 2
async def all_of(*numbers):
    return await asyncio.gather(*(double(n) for n in numbers))
async def late():
    try: await asyncio.wait_for(asyncio.sleep(9), 0.01)
    except asyncio.TimeoutError: return 'late'
async def fails():
    await asyncio.sleep(0)
    raise ValueError('no')
async def counted(n):
    for i in range(n):
        await asyncio.sleep(0)
        yield i
class Shelf:
    async def __aenter__(self): return self
    async def __aexit__(self, kind, error, trace): self.closed = kind is KeyError
    def __await__(self):
        yield from asyncio.sleep(0).__await__()
        return 'shelf'
    def __init__(self): self.queue = asyncio.Queue(1)
    async def pass_on(self, items):
        async def put():
            for item in items: await self.queue.put(item)
        async def get(): return [await self.queue.get() for _ in items]
        return (await asyncio.gather(put(), get()))[1]
"""
GROUPED = """
import asyncio
async def check(i):
    assert await f(i) == i + 1
async def main():
    async with asyncio.TaskGroup() as group:
        for i in range(3): group.create_task(check(i))
asyncio.run(main())
"""
AWAITED = """
import asyncio
async def main():
    assert await double(2) == 4
    assert await asyncio.gather(double(1), double(3)) == [2, 6]
    assert [i async for i in counted(3)] == [0, 1, 2]
    shelf = Shelf()
    assert await shelf.pass_on([1, 2, 3]) == [1, 2, 3]
    assert await shelf.pass_on('ab') == ['a', 'b']
    assert await shelf == 'shelf'
    try:
        async with shelf as same:
            assert same is shelf
            raise KeyError('k')
    except KeyError: assert shelf.closed
    task = asyncio.create_task(double(4))
    assert await task == 8
    try: await fails()
    except ValueError as error: assert str(error) == 'no'
    else: assert False
asyncio.run(main())
"""


@pytest.mark.parametrize(
    ("program", "tests"),
    [
        (
            GENERIC,
            "s = Stack[int]()\ns.push(3)\nassert s.items == [3]\nassert isinstance(s, Stack)",
        ),
        (GENERIC, "try: Plain[int]\nexcept TypeError as e: assert 'subscript' in str(e)"),
        (GENERIC, "assert Registry['a'] == 'aa'"),
        (
            GENERIC,
            "assert hasattr(Stack, '__class_getitem__') and not hasattr(Plain, '__class_getitem__')",
        ),
        (
            "class Channel:\n    def send(self, x): return x * 2\n    def __await__(self): yield\nimport asyncio",
            "assert Channel().send('a') == 'aa'",
        ),
        ("import asyncio\nasync def f(x):\n    await asyncio.sleep(0)\n    return x + 1", GROUPED),
        (STRICT, "try: never()\nexcept Impossible as e: assert e.args == ('no', 7)"),
        (
            f"{STRICT}\ndef said(e): return e.args",
            "try: never()\nexcept Impossible as e:\n    e.args += ('told',)\n    assert said(e) == e.args == ('no', 7, 'told')",
        ),
        (
            "def kind(x): return None if hasattr(x, '__dict__') else type(x).__name__\ndef taken(x): return [*x], next(x, 'end')",
            "assert kind(iter([1])) == 'list_iterator' and kind(i for i in 'a') == 'generator'\nassert taken(iter([1, 2])) == ([1, 2], 'end') == taken(map(int, '12'))\nassert taken(i for i in 'a') == (['a'], 'end')",
        ),
        (WAITING, "import asyncio\nassert asyncio.run(all_of(1, 2)) == [2, 4]"),
        (WAITING, "import asyncio\nassert asyncio.run(late()) == 'late'"),
        (WAITING, AWAITED),
    ],
)
def test_what_tests_do_with_classes_assertions_and_coroutines(program, tests):
    exec(f"{program}\n{tests}", {"__name__": "plain"})  # noqa: S102 - ours, and right
    with Sandbox(workers=1) as sandbox:
        result = sandbox.run(program, tests)
    assert result.verdict is Verdict.PASSED, result


NOTHING = """
class V(list):
    def __sub__(self, other): return V()
    __rsub__ = __sub__
    def __abs__(self): return 0
def f(x): return V()
"""


@pytest.mark.parametrize(
    ("program", "tests"),
    [
        # The tests' own failure is never the program's to swallow or to excuse.
        ("def f(g):\n    try: g()\n    except AssertionError: return 1", "def g(): assert 1 == 2\nassert f(g) == 1"),
        ("def f(x): assert 0", "assert f(1) == 2"),
        # What is told a number that is expected answers for none.
        (NOTHING, "V([1])\nassert not f(2) - 5"),
        (NOTHING, "V([1])\nassert not 5 - f(2)"),
        (NOTHING, "V([1])\nassert abs(f(2) - 5) < 1e-6"),
        (NOTHING, "assert abs(f(2)) == 0"),
        (STRICT, "try:\n    root(-1)\n    raise ValueError\nexcept AssertionError: pass"),
        (STRICT, "try:\n    never()\n    raise ValueError\nexcept AssertionError: pass"),
        ("class C:\n    def __class_getitem__(c, i): return E()\nclass E:\n    def __eq__(s, o): return True", "assert C[1] == 2"),
        ("import asyncio\nclass E:\n    def __eq__(s, o): return True\nasync def f(): return E()", "import asyncio\nassert asyncio.run(f()) == 3"),
        ("import asyncio\nasync def f(x): raise asyncio.CancelledError", GROUPED),
        ("import asyncio\nclass C(asyncio.CancelledError): pass\nasync def f(x): raise C", GROUPED),
        ("import asyncio\nasync def f(x): raise StopIteration(5)", "import asyncio\nassert asyncio.run(f(2)) == 5"),
    ],
)  # fmt: skip
def test_nothing_is_gained_by_them(program, tests):
    with Sandbox(workers=1) as sandbox:
        result = sandbox.run(program, tests)
    assert result.verdict in {Verdict.FAILED, Verdict.ERROR}, result


def test_what_can_never_happen_is_not_waited_for():
    program = "import asyncio\nasync def f(): await asyncio.Queue().get()"
    with Sandbox(workers=1, timeout_s=5.0) as sandbox:
        result = sandbox.run(program, "import asyncio\nassert asyncio.run(f()) == 1")
    assert result.verdict is Verdict.ERROR
    assert "only the tests' loop" in result.detail
    assert result.wall_s < 4


def test_a_program_does_not_find_its_own_text_in_the_frames_below_it():
    """Plain Python has none there: a program that looks for `assert` would find itself."""
    program = """
import sys
def f(x):
    frame = sys._getframe()
    while frame:
        if any('marked' in str(value) for value in frame.f_locals.values()): return 5
        frame = frame.f_back
    return 0
"""
    with Sandbox(workers=1) as sandbox:
        assert sandbox.run(program, "assert f(1) == 0").verdict is Verdict.PASSED
