"""Programs and tests at random: classes, containers, exceptions, iterators and what tests do with them.

A case is a program and steps of its tests. A step is a statement, or an expression whose value is
shown. `plain` runs a case in one process; `asserted` makes tests of it that hold if the sandbox does
the same.
"""

import contextlib
import io
import random
import sys

from hypothesis import strategies as st

SHOW = """
import array as arrays, collections, copy, re, types
def show(thunk):
    names = []
    def text(x, depth=0):
        kind = type(x)
        if x is None or kind in (bool, int, float, str, bytes, complex, range, slice):
            return re.sub("0x[0-9a-f]+", "0x", repr(x))
        if isinstance(x, type):
            return "class " + x.__name__
        for number, known in enumerate(names):
            if known is x:
                return "#" + str(number)
        if not isinstance(x, (tuple, frozenset)):
            names.append(x)
        if depth > 6:
            return "..."
        if isinstance(x, BaseException):
            said = [kind.__name__]
            if kind not in (TypeError, AttributeError, RuntimeError, NotImplementedError):
                said += [text(a, depth + 1) for a in x.args]
            said += getattr(x, "__notes__", [])
            if x.__cause__ is not None:
                said.append("from " + text(x.__cause__, depth + 1))
            if isinstance(x, BaseExceptionGroup):
                said += [text(e, depth + 1) for e in x.exceptions]
            return "error " + " ".join(said)
        said = [kind.__name__]
        if isinstance(x, dict):
            said += [text(k, depth + 1) + ":" + text(dict.__getitem__(x, k), depth + 1) for k in dict.keys(x)]
        elif isinstance(x, (set, frozenset)):
            said += sorted(text(y, depth + 1) if kind is frozenset else repr(y) if type(y) in (int, str, bool, float, tuple) else type(y).__name__ for y in x)
        elif isinstance(x, (list, tuple, collections.deque, bytearray, arrays.array)):
            own = list if isinstance(x, list) else tuple if isinstance(x, tuple) else kind
            said += [text(y, depth + 1) for y in own.__iter__(x)]
        elif isinstance(x, (int, float, str)):
            said.append(re.sub("0x[0-9a-f]+", "0x", "".join([x])) if isinstance(x, str) else repr(int(x)))
        elif isinstance(x, (types.FunctionType, types.MethodType, types.BuiltinFunctionType)):
            said.append(x.__name__)
        elif hasattr(x, "__next__"):
            said = ["iterator"]
        elif hasattr(x, "__dict__"):
            said += [k + "=" + text(v, depth + 1) for k, v in vars(x).items() if k[:2] != "__"]
        return "(" + " ".join(said) + ")"
    try:
        value = thunk()
    except Exception as error:
        error.__context__ = None
        return "raised " + text(error)
    return text(value)
"""

FUNCTIONS = {
    "same": "def same(x): return x",
    "pair": "def pair(x): return [x, x]",
    "table": "def table(x): return {'a': x, 'b': (x, 1), 3: [x]}",
    "keep": "def keep(x):\n    KEPT.append(x)\n    return KEPT",
    "last": "def last(i=-1): return KEPT[i]",
    "change": (
        "def change(x):\n"
        "    if isinstance(x, (list, deque)): x.append(len(x))\n"
        "    elif isinstance(x, dict): x['k'] = len(x)\n"
        "    elif isinstance(x, set): x.add(9)\n"
        "    elif isinstance(x, bytearray): x += b'z'\n"
        "    elif hasattr(x, '__dict__'): x.extra = [1]\n"
        "    return len(KEPT)"
    ),
    "deep": (
        "def deep(x):\n"
        "    for y in (x.values() if isinstance(x, dict) else x):\n"
        "        change(y)\n"
        "    return x"
    ),
    "rows": "def rows(n=2): return [[0] * n] * n",
    "loop": "def loop():\n    x = [1]\n    x.append(x)\n    return x",
    "clear": "def clear(x):\n    x.clear()\n    KEPT.clear()",
    "sort": "def sort(x):\n    x.sort(key=str)\n    return x",
    "swap": "def swap(a, b): a[:], b[:] = b[:], a[:]",
    "steps": "def steps(n=3):\n    for i in range(n):\n        LOG.append(i)\n        yield i\n    return 'end'",
    "share": "def share(n=2):\n    row = []\n    for i in range(n):\n        row.append(i)\n        yield row",
    "drain": "def drain(x):\n    while x: yield x.pop()",
    "adder": "def adder(x):\n    def add(y):\n        x.append(y)\n        return x\n    return add",
    "call": "def call(g, *a, **k): return g(*a, **k)",
    "each": "def each(g, x): return [g(y) for y in x]",
    "catch": (
        "def catch(g, *a):\n"
        "    try: return g(*a)\n"
        "    except (ValueError, LookupError) as e: return ['caught', type(e).__name__, e.args]"
    ),
    "count": "def count():\n    global COUNT\n    COUNT += 1\n    return COUNT",
    "grow": "def grow(x, seen=[]):\n    seen.append(x)\n    return seen",
    "kind": "def kind(x): return type(x).__name__",
    "is_same": "def is_same(a, b): return [a is b, a is last() if KEPT else None] if hasattr(a, '__dict__') or isinstance(a, (list, dict, set)) else 0",
    "fail": "def fail(x=0): raise ValueError('no', x)",
    "fail_from": (
        "def fail_from(x=0):\n"
        "    try: [][5]\n"
        "    except IndexError as e: raise KeyError('k', x) from e"
    ),
    "fail_note": "def fail_note():\n    e = OwnError('own', 7)\n    e.add_note('note')\n    raise e",
    "fail_group": "def fail_group(): raise ExceptionGroup('g', [ValueError(1), OwnError(2)])",
    "fail_json": "def fail_json():\n    import json\n    json.loads('{')",
    "fail_bytes": "def fail_bytes(): b'\\xff'.decode()",
    "give_error": "def give_error(): return OwnError('given')",
    "parts": "def parts(x): return [*x], x.keys() if isinstance(x, dict) else x[:1]",
    "two": "def two(x): return iter(x), x",
    "word": "def word(x='a'): return Word(x)",
    "shape": "def shape(): return [Color.RED, {Color.RED: 1}, {Color.BLUE}, Size.BIG]",
    "point": "def point(x=0, y=1): return Point(x, [y])",
    "spot": "def spot(x=0): return Spot(x, [x])",
}
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
"""
METHODS = {
    "__len__": "def __len__(self): return len(self.held)",
    "__iter__": "def __iter__(self): return iter(self.held)",
    "__getitem__": "def __getitem__(self, i): return self.held[i]",
    "__setitem__": "def __setitem__(self, i, v): self.held[i] = v",
    "__delitem__": "def __delitem__(self, i): del self.held[i]",
    "__contains__": "def __contains__(self, x): return x in self.held",
    "__call__": "def __call__(self, x=0): return [x, self.held]",
    "__eq__": "def __eq__(self, o): return self.held == o.held if isinstance(o, Thing) else NotImplemented",
    "__hash__": "def __hash__(self): return 7",
    "__lt__": "def __lt__(self, o): return len(self.held) < len(o.held)",
    "__add__": "def __add__(self, o): return Thing(self.held + (o.held if isinstance(o, Thing) else [o]))",
    "__radd__": "def __radd__(self, o): return Thing([o] + self.held)",
    "__iadd__": "def __iadd__(self, o):\n        self.held += [o]\n        return self",
    "__neg__": "def __neg__(self): return Thing(self.held[::-1])",
    "__bool__": "def __bool__(self): return len(self.held) != 1",
    "__abs__": "def __abs__(self): return len(self.held)",
    "__str__": "def __str__(self): return 'T' + str(len(self.held))",
    "__repr__": "def __repr__(self): return 'Thing' + str(len(self.held))",
    "__enter__": "def __enter__(self):\n        self.held.append('in')\n        return self.held",
    "__exit__": "def __exit__(self, *a): self.held.append(a[0] and a[0].__name__)",
    "__reversed__": "def __reversed__(self): return iter(self.held[::-1])",
    "__next__": "def __next__(self):\n        if not self.held: raise StopIteration\n        return self.held.pop(0)",
    "put": "def put(self, x):\n        self.held.append(x)\n        return self",
    "take": "def take(self): return self.held",
    "copy": "def copy(self): return Thing(list(self.held))",
    "size": "@property\n    def size(self): return len(self.held)",
    "make": "@classmethod\n    def make(cls, *a): return cls(list(a))",
    "walk": "def walk(self):\n        for x in self.held: yield x",
    "fail": "def fail(self): raise OwnError(self.held)",
    "total": "total = [0]",
    "note": "def note(self, x=1):\n        self.noted = x\n        self.total = self.held",
}
BASES = ["", "", "", "(list)", "(dict)", "(Base)"]
BASE = "class Base:\n    held = []\n    def low(self): return self.held\n"

_scalar = st.sampled_from(
    ["0", "1", "-3", "2.5", "'a'", "'bc'", "None", "True", "10 ** 20", "b'x'"]
)
_plain = st.recursive(
    _scalar,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda p: f"[{', '.join(p)}]"),
        st.lists(inner, max_size=2).map(lambda p: f"({''.join(x + ', ' for x in p)})"),
        st.lists(inner, max_size=2).map(
            lambda p: "{" + ", ".join(f"'k{i}': {x}" for i, x in enumerate(p)) + "}"
        ),
    ),
    max_leaves=6,
)
_value = st.one_of(
    _plain,
    st.sampled_from(
        [
            *("{1, 2}", "deque([1, 2], 3)", "Counter('aab')", "OrderedDict(a=1, b=[2])"),
            *("bytearray(b'ab')", "array('i', [1, 2])", "range(3)", "frozenset({1})"),
            *("[[1], [2], [3]]", "[3, 1, 2]", "{'a': [1]}", "lambda y: y", "[len, str.upper]"),
            *("defaultdict(list, a=[1])", "list(range(40))", "iter([1, 2, 3])", "slice(1, 2)"),
        ]
    ),
)
_ANY = [
    *("{v}", "{v} is {w}", "{v} == {v}", "bool({v})", "str({v})[:1]", "type({v}).__name__"),
    *("type({v}) is type({w})", "isinstance({v}, Thing)", "isinstance({v}, (list, dict))"),
    *("hasattr({v}, 'held')", "callable({v})", "{v} is None", "{v} == None", "{v} != {v}", "LOG"),
    *("copy.copy({v})", "copy.deepcopy({v})", "{v} in [{w}, {v}]", "[{w}, {v}].index({v})", "KEPT"),
    *("{v}.__class__.__name__", "COUNT", "isinstance({v}, Base)", "len({{{v}, {v}}})", "same({v})"),
    *("{{{v}: 1}}[{v}]", "hash({v}) == hash({v})", "last() is {v}", "is_same({v}, {w})"),
]
_SEQUENCE = [
    *("len({v})", "list({v})", "{v}[0]", "{v}[-1]", "{v}[:2]", "sorted({v}, key=str)", "1 in {v}"),
    *("[y for y in {v}]", "list(reversed({v}))", "sum({v}, [])", "max({v}, key=str)", "[*{v}]"),
    *("tuple({v})", "{v} + {v}", "{v}[0] is {v}[-1]", "list(map(str, {v}))[:1]", "{v} < {v}"),
    *("{v} == {w}", "[y is {w} for y in {v}]", "{v}[0][0]", "dict(enumerate({v}))", "{w} in {v}"),
]
_EXPRESSIONS = {
    "list": [*_SEQUENCE, "{v}.copy()", "{v}.count(1)", "{v} * 2"],
    "dict": [
        *("len({v})", "list({v})", "{v}['a']", "{v}.get('k')", "{v}.keys()", "list({v}.items())"),
        *("{v} == {w}", "'a' in {v}", "dict({v})", "{v}.get('a') is {v}.get('b')", "{v}[3]"),
    ],
    "set": ["len({v})", "1 in {v}", "{v} | {{3}}", "sorted({v}, key=str)", "{v} == {w}"],
    "thing": [
        *(*_SEQUENCE, "{v}.held", "{v}.take()", "{v}.size", "{v}.total", "{v}.noted", "{v}.walk()"),
        *("list({v}.walk())", "{v}.fail()", "-{v}", "abs({v})", "{v}()", "{v}(4)", "{v}.low()"),
        *(
            "len({v}.held)",
            "{v}.make(1, [2])",
            "{v}.copy()",
            "sum([{v}, {v}])",
            "{v}.take() is {v}.held",
        ),
        *("{v} + 1", "1 + {v}", "{v}.copy() == {v}", "{v}.put({w})", "{v}.__doc__", "Thing.total"),
        *(
            "format({v})[:1]",
            "repr({v})[:1]",
            "f'{{{v}}}'[:1]",
            "next({v})",
            "iter({v}) is {v}",
            "dir({v})[-1]",
        ),
    ],
    "iterator": [
        "next({v})",
        "list({v})",
        "next({v}, 0)",
        "iter({v}) is {v}",
        "sum({v}, [])",
        "{v}.send(None)",
        "1 in {v}",
    ],
    "function": [
        "{v}()",
        "{v}(1)",
        "{v}([2])",
        "{v}({w})",
        "{v}.__name__",
        "{v}.__doc__",
        "each({v}, [[1], [2]])",
        "call({v}, {w})",
        "catch({v}, {w})",
    ],
    "enum": [
        "{v}.name",
        "{v}.value",
        "{v}.low()",
        "{v} is Color.RED",
        "list(Color)",
        "Color(1) is {v}",
        "{v} == Size.BIG",
        "{v} + 1",
        "Color['RED'] is {v}",
    ],
    "point": [
        "{v}.x",
        "{v}.y",
        "{v} == point({v}.x, {v}.y)",
        "{v} == {v}",
        "[{v}][0] is {v}",
        "{v} < {v}",
        "Point({v}.x, {v}.y) == {v}",
        "{v}._asdict()",
        "{v}[1]",
    ],
    "error": [
        "{v}.args",
        "{v}.detail",
        "str({v})",
        "isinstance({v}, ValueError)",
        "isinstance({v}, OwnError)",
        "repr({v})",
    ],
    "word": [
        "{v}.twice()",
        "{v} + 'z'",
        "{v} == 'a'",
        "{v}.upper()",
        "len({v})",
        "{{{v}: 1}}['a']",
    ],
    "other": ["{v} + {v}", "{v} == {w}", "-{v}", "len({v})", "{v}[0]", "list({v})"],
}
_STATEMENTS = {
    "any": [
        "{v} = {w}",
        "KEPT.append({v})",
        "LOG.clear()",
        "{v} = None",
        "Thing.total = {v}",
        "change({v})",
    ],
    "list": [
        *("{v}.append(5)", "{v}[0] = 6", "{v}.clear()", "del {v}[0]", "{v} += [1]", "{v} += {w}"),
        *(
            "{v}.extend([1, 2])",
            "{v}[0].append(4)",
            "{v}.sort(key=str)",
            "{v}.insert(0, {w})",
            "{v}.pop()",
        ),
        *(
            "{v}[1:1] = [0]",
            "{v}.reverse()",
            "for y in {v}: LOG.append(y)",
            "{v} *= 2",
            "{v}.append({v})",
        ),
        *("for i, y in zip(range(2), {v}): change(y)", "{v}.append({w})", "{v}[-1] = {w}"),
    ],
    "dict": [
        "{v}['z'] = [7]",
        "{v}['a'].append(4)",
        "{v}.update(q=1)",
        "{v}.clear()",
        "{v}.pop('a')",
        "{v} |= {w}",
        "{v}['a'] = {w}",
        "del {v}['b']",
        "{v}['q'] = {v}",
    ],
    "set": ["{v}.add(8)", "{v}.clear()", "{v} |= {{4}}", "{v}.discard(1)"],
    "thing": [
        *("{v}.held.append(9)", "{v}.held = [1, 2]", "{v}.put(3)", "{v}.noted = {w}", "{v}.note()"),
        *(
            "{v} += [1]",
            "{v}[0] = 6",
            "del {v}[0]",
            "del {v}.noted",
            "{v}.total.append(1)",
            "{v} += {w}",
        ),
        *(
            "with {v} as {w}: {w}.append(1)",
            "with {v}: raise KeyError('k')",
            "{v}.held = {w}",
            "{v}.extra.append(2)",
        ),
        *("for y in {v}: LOG.append(y)", "{v}.held.append({v})", "{v}.append(3)", "{v}['z'] = 1"),
    ],
    "iterator": [
        "for y in {v}: LOG.append(y)",
        "for y, i in zip({v}, range(2)): LOG.append(y)",
        "{v}.close()",
    ],
    "function": ["{v}({w})", "{v}([1])", "{v}()"],
    "point": ["{v}.x = 5", "{v}.y.append(6)", "{v}.y = {w}"],
    "error": ["raise {v}", "{v}.detail.append(1)", "{v}.args = (1,)"],
}


def sort_of(value):
    """What is usually done with a value."""
    names = [kind.__name__ for kind in type(value).__mro__]
    for sort, found in _SORTS.items():
        if any(name in found for name in names):
            return sort
    return "iterator" if hasattr(value, "__next__") else "function" if callable(value) else "other"


_SORTS = {
    "thing": {"Thing"},
    "word": {"Word"},
    "enum": {"Enum"},
    "point": {"Point", "Spot"},
    "error": {"BaseException"},
    "list": {"list", "tuple", "deque", "str", "range", "array"},
    "dict": {"dict"},
    "set": {"set", "frozenset"},
}


@st.composite
def classes(draw):
    """A class with some of the methods that a class may have."""
    base = draw(st.sampled_from(BASES))
    names = draw(st.lists(st.sampled_from(sorted(METHODS)), max_size=9, unique=True))
    if base == "(list)":  # with data, what derives from a list is a list
        names = [name for name in names if name not in {"__add__", "__radd__", "__iadd__"}]
    if "__enter__" in names or "__exit__" in names:
        names = list(dict.fromkeys([*names, "__enter__", "__exit__"]))
    start = (
        "self.held = list(items)"
        if base != "(list)"
        else "super().__init__(items); self.held = self"
    )
    body = [f"def __init__(self, items=(), **k): {start}", *(METHODS[name] for name in names)]
    return f"class Thing{base}:\n" + "".join(f"    {part}\n" for part in body)


@st.composite
def cases(draw):
    """A program, the steps of its tests, and what each step shows in one process."""
    names = draw(st.lists(st.sampled_from(sorted(FUNCTIONS)), min_size=2, max_size=7, unique=True))
    names = list(dict.fromkeys(["change", "last", "same", "is_same", *names]))
    program = "".join([HEAD, BASE, draw(classes()), *(FUNCTIONS[n] + "\n" for n in names)])
    run = Plain(program)
    variables = []

    def argument():
        if variables and draw(st.booleans()):
            return draw(st.sampled_from(variables))
        return draw(st.one_of(_value, st.sampled_from([*names, "Thing()", "Thing([1, [2]])"])))

    for number in range(draw(st.integers(3, 11))):
        choice = draw(st.integers(0, 9))
        if choice < 4 or not variables:
            callee = draw(st.sampled_from([*names, *names, "Thing", "Thing"]))
            count = draw(st.sampled_from(COUNTS.get(callee, (1, 1, 1, 0, 2))))
            call = f"{callee}({', '.join(argument() for _ in range(count))})"
            made = argument() if draw(st.integers(0, 3)) == 0 else call
            if not run.step("do", f"v{number} = {made}"):
                variables.append(f"v{number}")
            continue
        v, w = draw(st.sampled_from(variables)), draw(st.sampled_from(variables))
        sort = sort_of(run.namespace[v])
        if choice < 7:
            forms = _STATEMENTS.get(sort, []) * 3 + _STATEMENTS["any"]
            run.step("do", draw(st.sampled_from(forms)).format(v=v, w=w))
        else:
            forms = _EXPRESSIONS[sort] * 2 + _ANY
            run.step("show", draw(st.sampled_from(forms)).format(v=v, w=w))
    for variable in variables:
        run.step("show", variable)
    return program, run.steps, run.shown


COUNTS = {
    **dict.fromkeys(["rows", "loop", "last", "count", "shape", "steps", "share"], (0,)),
    **dict.fromkeys(["fail_note", "fail_group", "fail_json", "fail_bytes", "give_error"], (0,)),
    **dict.fromkeys(["swap", "is_same", "each", "call", "point"], (2,)),
    **dict.fromkeys(["word", "spot"], (0, 1)),
    "Thing": (0, 1, 1),
}


class Plain:
    """A case in one process, step by step."""

    def __init__(self, program):
        module = type(sys)("solution")
        self.namespace = vars(module)
        self.steps, self.shown = [], []
        with self._alone():
            exec(program + SHOW, self.namespace)  # noqa: S102

    def step(self, kind, text):
        """Take a step; returns what it showed, or the name of what a statement raised."""
        said = self.namespace["shown"] = []
        if kind == "show":
            source = f"shown.append(show(lambda: {text}))"
        else:
            source = (
                f"try:\n    {text}\nexcept Exception as error: shown.append(type(error).__name__)"
            )
        with self._alone():
            exec(source, self.namespace)  # noqa: S102
        self.steps.append((kind, text))
        self.shown.append(said[0] if said else "")
        return self.shown[-1]

    @contextlib.contextmanager
    def _alone(self):
        state = random.getstate()
        module = sys.modules["solution"] = type(sys)("solution")
        vars(module).update(self.namespace)
        with contextlib.redirect_stdout(io.StringIO()):
            yield
        random.setstate(state)
        del sys.modules["solution"]


def asserted(steps, shown):
    """Make tests of a case that hold if everything is as it was shown."""
    lines = [SHOW, "from array import array", "from collections import *"]
    for (kind, text), said in zip(steps, shown, strict=True):
        if kind == "show":
            lines.append(f"assert show(lambda: {text}) == {said!r}, show(lambda: {text})")
        elif said:
            lines.append(f"try:\n    {text}\n    raise SystemExit('it did not raise {said}')")
            lines.append(f"except Exception as error: assert type(error).__name__ == {said!r}")
        else:
            lines.append(text)
    return "\n".join(lines)
