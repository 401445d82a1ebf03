"""A program and steps of its tests, and what the steps show in one process.

A step is a statement, or an expression whose value is shown. `Plain` takes them in one process, so
that what comes next can be chosen by what is there; `asserted` makes tests of them that hold if
the sandbox does the same.
"""

import ast
import contextlib
import io
import random
import sys
import textwrap
from pathlib import Path

import programs
import steps
from hypothesis import reject
from hypothesis import strategies as st

_SHOWING = (Path(__file__).parent / "showing.py").read_text(encoding="utf-8")
# Within a function, since programs and tests have names of their own.
START = f"""
import copy
from array import array
from collections import *
def make():
{textwrap.indent(_SHOWING, "    ")}
    return show
show = make()
"""

_plain = st.recursive(
    st.sampled_from(["0", "1", "-3", "2.5", "'a'", "'bc'", "None", "True", "10 ** 20", "b'x'"]),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda p: f"[{', '.join(p)}]"),
        st.lists(inner, max_size=2).map(lambda p: f"({''.join(x + ', ' for x in p)})"),
        st.lists(inner, max_size=2).map(
            lambda p: "{" + ", ".join(f"'k{i}': {x}" for i, x in enumerate(p)) + "}"
        ),
    ),
    max_leaves=6,
)
_rare = st.sampled_from(
    [
        *("{1, 2}", "deque([1, 2], 3)", "Counter('aab')", "OrderedDict(a=1, b=[2])"),
        *("bytearray(b'ab')", "array('i', [1, 2])", "range(3)", "frozenset({1})"),
        *("[[1], [2], [3]]", "[3, 1, 2]", "{'a': [1]}", "lambda y: y", "[len, str.upper]"),
        *("defaultdict(list, a=[1])", "list(range(40))", "iter([1, 2, 3])", "slice(1, 2)"),
    ]
)
_ALWAYS = ["change", "last", "same", "is_same"]
_COUNTS = {
    **dict.fromkeys(["rows", "loop", "last", "count", "shape", "steps", "share"], (0,)),
    **dict.fromkeys(["fail_note", "fail_group", "fail_json", "fail_bytes", "give_error"], (0,)),
    **dict.fromkeys(["swap", "is_same", "each", "call", "point"], (2,)),
    **dict.fromkeys(["word", "spot"], (0, 1)),
    "Thing": (0, 1, 1),
}
"""How many arguments a function is called with; the others take one, most of the time."""

_HAS_ADDRESS = "(Word <"
"""Of a text that was made of an object: its characters are not the same in two processes."""
_NO_OBJECTS = (float, complex, int, str, bytes, slice, range)
"""What is as good as any equal one."""


@st.composite
def cases(draw):
    """Draw a program, the steps of its tests, and what each step shows in one process."""
    functions = st.lists(
        st.sampled_from(sorted(programs.FUNCTIONS)), min_size=2, max_size=7, unique=True
    )
    names = list(dict.fromkeys([*_ALWAYS, *draw(functions)]))
    parts = [programs.HEAD, draw(programs.classes()), *map(programs.FUNCTIONS.get, names)]
    program = "".join(parts)
    run = Plain(program)
    variables = []

    def argument():
        if variables and draw(st.booleans()):
            return draw(st.sampled_from(variables))
        others = st.sampled_from([*names, "Thing()", "Thing([1, [2]])"])
        return draw(st.one_of(_plain, _rare, others))

    def call():
        callee = draw(st.sampled_from([*names, *names, "Thing", "Thing"]))
        count = draw(st.sampled_from(_COUNTS.get(callee, (1, 1, 1, 0, 2))))
        return f"{callee}({', '.join(argument() for _ in range(count))})"

    for number in range(draw(st.integers(3, 11))):
        choice = draw(st.integers(0, 9))
        if choice < 4 or not variables:
            made = argument() if draw(st.integers(0, 3)) == 0 else call()
            if not run.step("do", f"v{number} = {made}"):
                variables.append(f"v{number}")
            continue
        v, w = draw(st.sampled_from(variables)), draw(st.sampled_from(variables))
        sort = steps.sort_of(run.namespace[v])
        kind, forms = ("do", steps.statements) if choice < 7 else ("show", steps.expressions)
        text = steps.filled(draw(st.sampled_from(forms(sort))), v, w)
        if not run.asks_which_data_it_is(text):
            run.step(kind, text)
    for variable in variables:
        run.step("show", variable)
    return program, run.steps, run.shown


class Plain:
    """A case in one process, step by step."""

    def __init__(self, program):
        self.namespace = vars(type(sys)("solution"))
        self.steps, self.shown = [], []
        self._is_refused = False
        with self._alone():
            exec(program + START, self.namespace)  # noqa: S102 - what the other world is held to
        for made in self.namespace.values():
            if isinstance(made, type) and made.__module__ == "solution" and "__eq__" in vars(made):
                made.__eq__ = self._not_about_data(made.__eq__)

    def step(self, kind, text):
        """Take a step; returns what it showed, or the name of what a statement raised."""
        said = self.namespace["said"] = []
        if kind == "show":
            source = f"said.append(show(lambda: {text}))"
        else:
            source = f"try:\n    {text}\nexcept Exception as e: said.append(type(e).__name__)"
        with self._alone():
            exec(source, self.namespace)  # noqa: S102
        if self._is_refused or _HAS_ADDRESS in "".join(said):
            reject()
        self.steps.append((kind, text))
        self.shown.append(said[0] if said else "")
        return self.shown[-1]

    def asks_which_data_it_is(self, text):
        """Tell whether a step asks of two equal numbers or texts if they are one object.

        That is not kept between processes (docs/rewards.md), nor promised by Python.
        """
        if " is " not in text or ";" in text or text.startswith(("for ", "with ", "del ")):
            return False
        compared = [part for part in ast.walk(ast.parse(text)) if isinstance(part, ast.Compare)]
        sides = [side for part in compared for side in (part.left, *part.comparators)]
        return any(type(self._looked_at(side)) in _NO_OBJECTS for side in sides)

    def _looked_at(self, side):
        if any(isinstance(part, ast.Call) for part in ast.walk(side)):
            return None  # it may do something
        with self._alone():
            try:
                return eval(ast.unparse(side), self.namespace)  # noqa: S307 - it is ours
            except Exception:  # noqa: BLE001 - the step shows what is raised
                return None

    def _not_about_data(self, equals):
        """Leave a case out that compares an object which says itself what it equals with data.

        The sandbox refuses that (docs/rewards.md): the object would be handed what is expected.
        """

        def __eq__(one, other):  # noqa: N807 - it stands in for one
            self._is_refused |= other is not None and type(other).__module__ != "solution"
            return equals(one, other)

        return __eq__

    @contextlib.contextmanager
    def _alone(self):
        state = random.getstate()
        module = sys.modules["solution"] = type(sys)("solution")
        vars(module).update(self.namespace)
        with contextlib.redirect_stdout(io.StringIO()):
            yield
        random.setstate(state)
        del sys.modules["solution"]


def asserted(taken, shown):
    """Make tests of a case that hold if everything is as it was shown."""
    lines = [START]
    for (kind, text), said in zip(taken, shown, strict=True):
        if kind == "show":
            lines.append(f"assert show(lambda: {text}) == {said!r}, show(lambda: {text})")
        elif said:
            lines.append(f"try:\n    {text}\n    raise SystemExit('it did not raise {said}')")
            lines.append(f"except Exception as error: assert type(error).__name__ == {said!r}")
        else:
            lines.append(text)
    return "\n".join(lines)
