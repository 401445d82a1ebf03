"""Programs at random: some of these functions, and a class with some of these methods."""

import ast
import textwrap

from hypothesis import strategies as st

HEAD = """
import enum, functools
from array import array
from collections import Counter, OrderedDict, defaultdict, deque
from collections import namedtuple
from dataclasses import dataclass
KEPT, LOG, COUNT = [], [], 0
class OwnError(ValueError):
    def __init__(self, *a):
        super().__init__(*a)
        self.detail = list(a)
class Word(str):
    def twice(self): return Word(self * 2)
class Color(enum.Enum):
    RED = 1
    BLUE = 'b'
    def low(self): return self.name.lower()
class Size(enum.IntEnum):
    BIG = 3
    SMALL = 1
@dataclass(order=True)
class Point:
    x: int
    y: list
Spot = namedtuple('Spot', 'x y')
class Base:
    held = []
    def low(self): return self.held
"""

_FUNCTIONS = """
def same(x): return x
def pair(x): return [x, x]
def table(x): return {'a': x, 'b': (x, 1), 3: [x]}
def keep(x):
    KEPT.append(x)
    return KEPT
def last(i=-1): return KEPT[i]
def change(x):
    if isinstance(x, (list, deque)): x.append(len(x))
    elif isinstance(x, dict): x['k'] = len(x)
    elif isinstance(x, set): x.add(9)
    elif isinstance(x, bytearray): x += b'z'
    elif hasattr(x, '__dict__'): x.extra = [1]
    return len(KEPT)
def deep(x):
    for y in (x.values() if isinstance(x, dict) else x):
        change(y)
    return x
def rows(n=2): return [[0] * n] * n
def loop():
    x = [1]
    x.append(x)
    return x
def clear(x):
    x.clear()
    KEPT.clear()
def sort(x):
    x.sort(key=str)
    return x
def swap(a, b): a[:], b[:] = b[:], a[:]
def steps(n=3):
    for i in range(n):
        LOG.append(i)
        yield i
    return 'end'
def share(n=2):
    row = []
    for i in range(n):
        row.append(i)
        yield row
def drain(x):
    while x: yield x.pop()
def adder(x):
    def add(y):
        x.append(y)
        return x
    return add
def call(g, *a, **k): return g(*a, **k)
def each(g, x): return [g(y) for y in x]
def catch(g, *a):
    try: return g(*a)
    except (ValueError, LookupError) as e: return ['caught', type(e).__name__, e.args]
def count():
    global COUNT
    COUNT += 1
    return COUNT
def grow(x, seen=[]):
    seen.append(x)
    return seen
def kind(x): return type(x).__name__
def is_same(a, b):
    if hasattr(a, '__dict__') or isinstance(a, (list, dict, set)):
        return [a is b, a is last() if KEPT else None]
    return 0
def fail(x=0): raise ValueError('no', x)
def fail_from(x=0):
    try: [][5]
    except IndexError as e: raise KeyError('k', x) from e
def fail_note():
    e = OwnError('own', 7)
    e.add_note('note')
    raise e
def fail_group(): raise ExceptionGroup('g', [ValueError(1), OwnError(2)])
def fail_json():
    import json
    json.loads('{')
def fail_bytes(): b'\\xff'.decode()
def give_error(): return OwnError('given')
def parts(x): return [*x], x.keys() if isinstance(x, dict) else x[:1]
def two(x): return iter(x), x
def word(x='a'): return Word(x)
def shape(): return [Color.RED, {Color.RED: 1}, {Color.BLUE}, Size.BIG]
def point(x=0, y=1): return Point(x, [y])
def spot(x=0): return Spot(x, [x])
"""

_METHODS = """
def __len__(self): return len(self.held)
def __iter__(self): return iter(self.held)
def __getitem__(self, i): return self.held[i]
def __setitem__(self, i, v): self.held[i] = v
def __delitem__(self, i): del self.held[i]
def __contains__(self, x): return x in self.held
def __call__(self, x=0): return [x, self.held]
def __eq__(self, o): return self.held == o.held if isinstance(o, Thing) else NotImplemented
def __hash__(self): return 7
def __lt__(self, o): return len(self.held) < len(o.held)
def __add__(self, o): return Thing(self.held + (o.held if isinstance(o, Thing) else [o]))
def __radd__(self, o): return Thing([o] + self.held)
def __iadd__(self, o):
    self.held += [o]
    return self
def __neg__(self): return Thing(self.held[::-1])
def __bool__(self): return len(self.held) != 1
def __abs__(self): return len(self.held)
def __str__(self): return 'T' + str(len(self.held))
def __repr__(self): return 'Thing' + str(len(self.held))
def __enter__(self):
    self.held.append('in')
    return self.held
def __exit__(self, *a): self.held.append(a[0] and a[0].__name__)
def __reversed__(self): return iter(self.held[::-1])
def __next__(self):
    if not self.held: raise StopIteration
    return self.held.pop(0)
def put(self, x):
    self.held.append(x)
    return self
def take(self): return self.held
def copy(self): return Thing(list(self.held))
@property
def size(self): return len(self.held)
@classmethod
def make(cls, *a): return cls(list(a))
def walk(self):
    for x in self.held: yield x
def fail(self): raise OwnError(self.held)
total = [0]
def note(self, x=1):
    self.noted = x
    self.total = self.held
"""


def _by_name(source):
    """Take source apart into the definitions that it consists of."""
    lines = source.splitlines()
    found = {}
    for node in ast.parse(source).body:
        name = getattr(node, "name", None) or node.targets[0].id
        first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))])
        found[name] = "\n".join(lines[first - 1 : node.end_lineno]) + "\n"
    return found


FUNCTIONS = _by_name(_FUNCTIONS)
METHODS = _by_name(_METHODS)
_BASES = ["", "", "", "(list)", "(dict)", "(Base)"]
_OPERATORS = {"__add__", "__radd__", "__iadd__"}


@st.composite
def classes(draw):
    """Draw a class with some of the methods that a class may have."""
    base = draw(st.sampled_from(_BASES))
    names = draw(st.lists(st.sampled_from(sorted(METHODS)), max_size=9, unique=True))
    if base == "(list)":  # with data, what derives from a list is a list
        names = [name for name in names if name not in _OPERATORS]
    if "__enter__" in names or "__exit__" in names:
        names = list(dict.fromkeys([*names, "__enter__", "__exit__"]))
    held = "super().__init__(items); self.held = self"
    start = held if base == "(list)" else "self.held = list(items)"
    body = f"def __init__(self, items=(), **k): {start}\n" + "".join(map(METHODS.get, names))
    return f"class Thing{base}:\n" + textwrap.indent(body, "    ")
