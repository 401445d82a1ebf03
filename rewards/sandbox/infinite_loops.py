"""Detects provably infinite loops, in a moment instead of at the program's timeout.

Why: a loop that is run to its end costs a core three seconds, a thousand times an honest program,
and no scheduling gives them back. Whether any program ends cannot be known, but the loops that
policies write are mostly simple: nothing that decides about the way changes any more.

After some processor time the instructions of the running function are followed for a moment, with
what each value was made from. If the loop comes back to its start, everything that its jumps and
its possible exceptions were made from is as it was, and nothing else was touched but numbers that
are only added up, then it takes the same way again, for ever. Whatever is not known to be harmless
(a call, an attribute, an iterator, a changed list) ends the attempt: then the timeout decides.

It runs in the program's process, so a program can mislead it; all it can get is a timeout. It knows
the instructions of some versions of CPython, and is off elsewhere (`why_off`).
"""

import importlib
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

_FIRST_S = 0.05
"""Processor seconds until the first attempt; each later one waits twice as long."""

_MAX_INSTRUCTIONS = 3000
_SPARE_DEPTH = 50
"""Calls that must be left for the attempt below the recursion limit, which is the program's."""

_PLAIN = (int, float, bool, str, bytes, type(None))
_CONTAINERS = (list, tuple, dict, str, bytes, range)
_NO_EFFECT = frozenset({"NOP", "RESUME", "PRECALL", "JUMP_FORWARD", "JUMP_BACKWARD"})

# Arguments of BINARY_OP: +, -, += and -=; from the second number on they may change their operand.
_SUMS = frozenset({0, 10, 13, 23})
_FIRST_IN_PLACE = 13

_NULL = object()

_Item = tuple[frozenset[str], Any]
"""On the stack: the variables that a value was made from, and the value, or what is known of it."""

_KNOWN = ((3, 11),)
"""The versions of CPython whose instructions are known. The tests run on each of them."""


def why_off(
    implementation: str = sys.implementation.name, version: tuple[int, int] = sys.version_info[:2]
) -> str | None:
    """Say why no loop is proven to be endless by an interpreter; None where they are.

    Args:
        implementation: Its name, as `sys.implementation` has it.
        version: Its major and minor version.

    """
    if implementation == "cpython" and version in _KNOWN:
        return None
    known = " or ".join(f"{major}.{minor}" for major, minor in _KNOWN)
    return (
        f"endless loops run to their timeout here: they are proven by CPython {known}, and this is "
        f"{implementation} {version[0]}.{version[1]}"
    )


PROVES = why_off() is None
"""Whether this interpreter's instructions are known. On others every loop runs to its timeout."""


class _Some:
    """A value that is not followed, of a type that is known, or of none."""

    def __init__(self, kind: type | None) -> None:
        self.kind = kind


_UNKNOWN, _INT, _FLOAT = _Some(None), _Some(int), _Some(float)
_SOME: dict[type | None, _Some] = {int: _INT, float: _FLOAT}


def _kind(value: Any) -> type | None:
    return value.kind if type(value) is _Some else type(value)


class _Refusal(Exception):  # noqa: N818 - a way out, no failure
    """An instruction whose effect is not known."""


class Watch:
    """The signal handler. `report` is called, and must not return, when a loop is proven."""

    def __init__(self, report: Callable[[], Any]) -> None:
        self._report = report
        self._wait_s = _FIRST_S

    def arm(self) -> None:
        """Start the clock of the next attempt; it counts what this process computes."""
        if PROVES:
            signal.setitimer(signal.ITIMER_VIRTUAL, self._wait_s)
            self._wait_s *= 2

    def __call__(self, _: int, frame: FrameType | None) -> None:
        """Look at the function that runs."""
        self.arm()
        try:
            if frame is not None and _may_follow(frame):
                _Attempt(frame, self._report).start()
        except Exception:  # noqa: BLE001 - no memory left, perhaps: the program must not notice
            sys.settrace(None)


def _may_follow(frame: FrameType) -> bool:
    """Whether nothing but the function itself can change what it sees."""
    depth, caller = 0, frame.f_back
    while caller is not None:
        depth, caller = depth + 1, caller.f_back
    handlers = (signal.getsignal(number) for number in signal.valid_signals())
    others = [handler for handler in handlers if callable(handler)]
    return (
        frame.f_code.co_filename == "<solution>"
        and depth < sys.getrecursionlimit() - _SPARE_DEPTH
        and sys.gettrace() is None
        and len(sys._current_frames()) == 1  # noqa: SLF001 - the only way to count threads
        and all(handler.__module__ in {__name__, "_signal"} for handler in others)
    )


class _Attempt:
    """Follows one function from the start of a loop until it is back there."""

    def __init__(self, frame: FrameType, report: Callable[[], Any]) -> None:
        self._frame = frame
        self._report = report
        self._code = frame.f_code.co_code
        # Imported late: it comes with a library, and every library makes every fork dearer.
        self._names = importlib.import_module("opcode").opname
        self._left = _MAX_INSTRUCTIONS
        self._offset = sys.maxsize
        self._start: int | None = None
        self._before: dict[str, Any] = {}
        self._stack: list[_Item] = []
        self._made_from: dict[str, frozenset[str]] = {}
        self._decisive: set[str] = set()

    def start(self) -> None:
        self._frame.f_trace_lines = False
        self._frame.f_trace_opcodes = True
        self._frame.f_trace = self._follow
        sys.settrace(self._stop)

    def _stop(self, *_: Any) -> None:
        """Let go; also when another function is entered."""
        sys.settrace(None)
        self._frame.f_trace = None
        self._frame.f_trace_opcodes = False
        self._frame.f_trace_lines = True

    def _follow(self, frame: FrameType, event: str, _: Any) -> Any:
        try:
            if event == "opcode":
                self._step(frame.f_lasti)
                return self._follow
        except Exception:  # noqa: BLE001, S110 - then it is not known; the program must not notice
            pass
        self._stop()
        return None

    def _step(self, offset: int) -> None:
        """Take one instruction, which is about to be executed."""
        self._left -= 1
        if self._left < 0:
            raise _Refusal("too long")
        if offset <= self._offset < sys.maxsize:  # it has jumped back
            if self._start is None:
                self._start, self._before = offset, dict(self._frame.f_locals)
            elif offset == self._start and self._goes_on_for_ever():
                self._report()
        self._offset = offset
        if self._start is not None:
            name = self._names[self._code[offset]]
            self._execute(name, self._code[offset + 1])

    def _goes_on_for_ever(self) -> bool:
        now = self._frame.f_locals
        if now.keys() != self._before.keys() or self._stack:
            return False
        decisive = set(self._decisive)
        while more := {n for d in decisive for n in self._made_from.get(d, ())} - decisive:
            decisive |= more
        for name in self._made_from:
            before, after = self._before[name], now[name]
            same = before is after or (
                type(before) is type(after) and type(before) in _PLAIN and before == after
            )
            counts = type(before) is type(after) and type(before) in {int, float}
            if not same and (name in decisive or not counts):
                return False
        return True

    def _execute(self, name: str, argument: int) -> None:
        """Do with the origins of values what the instruction does with values."""
        code, stack = self._frame.f_code, self._stack
        if name in _NO_EFFECT:
            return
        if name.startswith("LOAD_") or name == "PUSH_NULL":
            self._load(name, argument)
        elif name in {"STORE_FAST", "STORE_NAME"}:
            names = code.co_varnames if name == "STORE_FAST" else code.co_names
            self._made_from[names[argument]] = stack.pop()[0]
        elif name == "POP_TOP":
            stack.pop()
        elif name == "COPY":
            stack.append(stack[-argument])
        elif name == "SWAP":
            stack[-argument], stack[-1] = stack[-1], stack[-argument]
        elif name.startswith("POP_JUMP"):
            self._decisive |= stack.pop()[0]
        else:
            self._compute(name, argument)

    def _load(self, name: str, argument: int) -> None:
        code = self._frame.f_code
        if name == "PUSH_NULL":
            self._push_constant(_NULL)
        elif name == "LOAD_CONST":
            self._push_constant(code.co_consts[argument])
        elif name == "LOAD_FAST":
            self._load_variable(code.co_varnames[argument])
        elif name == "LOAD_NAME":
            self._load_variable(code.co_names[argument])
        elif name == "LOAD_GLOBAL":
            if argument & 1:
                self._push_constant(_NULL)
            variable = code.co_names[argument >> 1]
            found = self._frame.f_globals
            self._push_constant(
                found[variable] if variable in found else self._frame.f_builtins[variable]
            )
        else:
            raise _Refusal(name)

    def _load_variable(self, name: str) -> None:
        """Read a variable; one that is none of this function is a builtin."""
        variables = self._frame.f_locals
        if name in variables:
            origins = self._made_from.get(name, frozenset({name}))
            self._stack.append((origins, variables[name]))
        else:
            self._push_constant(self._frame.f_builtins[name])

    def _push_constant(self, value: Any) -> None:
        self._stack.append((frozenset(), value))

    def _compute(self, name: str, argument: int) -> None:
        """Take the instructions that make a new value of others."""
        if name == "CALL":
            self._call_len(argument)
            return
        if name in {"UNARY_NOT", "UNARY_NEGATIVE"}:
            origins, value = self._stack.pop()
            self._push_computed(origins, harmless=_kind(value) in _PLAIN)
            return
        right_origins, right = self._stack.pop()
        left_origins, left = self._stack.pop()
        origins = left_origins | right_origins
        if name in {"COMPARE_OP", "IS_OP"}:
            self._push_computed(origins, harmless=True)
        elif name == "CONTAINS_OP" and type(right) in {*_CONTAINERS, set, frozenset}:
            self._push_computed(origins, harmless=False)
        elif name == "BINARY_SUBSCR" and type(left) in _CONTAINERS and type(right) in _PLAIN:
            self._decisive |= origins  # it may raise
            self._stack.append((origins, left[right]))
        elif name == "BINARY_OP":
            if argument >= _FIRST_IN_PLACE and _kind(left) not in _PLAIN:
                raise _Refusal("it may change its operand")
            # Of two numbers of one type: a large int and a float give an exception some day.
            kind = _kind(left) if argument in _SUMS and _kind(left) is _kind(right) else None
            self._push_computed(origins, harmless=kind in _SOME, kind=kind)
        else:
            raise _Refusal(name)

    def _push_computed(
        self, origins: frozenset[str], *, harmless: bool, kind: type | None = None
    ) -> None:
        """Push a value that is not followed; one that may raise or grow decides about the way."""
        if not harmless:
            self._decisive |= origins
        self._stack.append((origins, _SOME.get(kind, _UNKNOWN)))

    def _call_len(self, count: int) -> None:
        """Take the one call whose effect is known: `len` of a builtin container."""
        if count != 1:
            raise _Refusal("a call")
        origins, value = self._stack.pop()
        callee = {id(self._stack.pop()[1]), id(self._stack.pop()[1])}
        if callee != {id(_NULL), id(len)} or type(value) not in {*_CONTAINERS, set, frozenset}:
            raise _Refusal("a call")
        self._decisive |= origins
        self._stack.append((origins, len(value)))
