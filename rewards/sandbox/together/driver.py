"""The process in which tests and program meet: it runs both, and reports under a secret.

Everything that it needs is bound before the program runs, in copies of these modules that no name,
no class and no frame leads to. The secret of a statement comes with the order to run it and goes
back with the report, so a program that writes reports of its own gives itself away. What the tests
expect, where it is written out as data, never comes here: the value goes to the process of the
tests instead, which compares.
"""

import builtins
import importlib
import marshal
import os
import sys
import types
from collections.abc import Callable
from typing import Any, NoReturn

from whetstone.rewards.sandbox import event_loop, frames
from whetstone.rewards.sandbox.emptied import kept
from whetstone.rewards.sandbox.parametrize import each
from whetstone.rewards.sandbox.text import describe
from whetstone.rewards.sandbox.together import compare, doors, library, literal
from whetstone.rewards.sandbox.together.lock import is_forbidden, lock

_CHANNEL, _PROGRAM, _RAN = 3, "solution", "@ran"
_PROGRAM_MODULES = ("solution", "main", "submission")
_load_code = marshal.loads
_exit = os._exit
_exception_now = sys.exception
# A program can put its own function in the place of `os.write`, but not in this one.
setattr(frames, "os", types.SimpleNamespace(read=os.read, write=os.write))  # noqa: B010 - a module

_BALLAST = [bytearray(4 << 20)]
"""Memory to let go of when the program has eaten all of its own, so that this can be said."""

_tests: dict[str, Any] = {"__name__": "__main__"}
_job: dict[str, Any] = {}
_secret = ""
_failure: BaseException | None = None
"""The failed assertion of the statement that runs, until the tests catch it themselves."""
_refusal = ""
_asserted = 0


def serve() -> NoReturn:
    """Take a program and its tests, and run what is ordered until the other side hangs up."""
    global _secret, _failure, _refusal, _asserted  # noqa: PLW0603 - it serves one process, once
    try:
        _job.update(frames.receive_json(_CHANNEL, frames.MAX_PROGRAM_BYTES))
        program = _compiled(_job["program"])
        statements = _prepare(program)
        _secret = _job["secret"]
        frames.send_json(_CHANNEL, _define(program))
        while True:
            index, _secret = frames.receive_json(_CHANNEL)
            _failure, _refusal, _asserted = None, "", 0
            frames.send_json(_CHANNEL, _run(statements[index]))
    finally:
        _exit(0)


def _prepare(program: Any) -> list[Any]:
    """Load what both will use, remember how it is, and close the doors."""
    for name in _job["imports"]:
        if is_forbidden(name):
            continue
        try:
            importlib.import_module(name)
        except Exception:  # noqa: BLE001, S112 - whoever imports it in earnest is told why
            continue
    if "asyncio" in sys.modules:
        event_loop.install()
    module = types.ModuleType(_PROGRAM)
    # Where `from solution import f` looks, and dataclasses.
    sys.modules.update(dict.fromkeys(_PROGRAM_MODULES, module))
    # Without builtins of its own it would be given those of this module, which are to stay ours.
    module.__dict__["__builtins__"] = builtins
    _job["defined"] = module.__dict__
    trusted = dict(vars(builtins))
    trusted |= {"exit": sys.exit, "quit": sys.exit, "isinstance": compare.is_instance}
    for name in _job["names"]:  # the program may be asked to define a function called `sum`
        trusted.pop(name, None)
    _tests.update(_INSTRUMENTS, __builtins__=trusted)
    for name in _job["modules"]:
        _tests[name] = importlib.import_module(name)
    for name, home in _job["helpers"].items():
        _tests[name] = getattr(importlib.import_module(home), name)
    statements = [_load_code(bytes.fromhex(code)) for code in _job["statements"]]
    library.remember([*_job["imports"], *_job["modules"], *_job["helpers"].values()])
    doors.close()
    lock(_tests, [*statements, program])
    return statements


def _compiled(program: str) -> Any:
    """Return the code of the program, or a text that says why it has none."""
    try:
        return compile(program, "<solution>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError) as error:
        return describe(error)


def _define(program: Any) -> dict[str, Any]:
    """Run the program; says which of the wanted names it has."""
    if isinstance(program, str):
        return {"secret": _secret, "syntax": program}
    defined = _job["defined"]
    try:
        exec(program, defined)  # noqa: S102 - running the program is the purpose
    except BaseException as error:  # noqa: BLE001 - whatever a program raises is its verdict
        return {"secret": _secret, **_raised(error)}
    library.put_back(frozenset())
    return {"secret": _secret, "names": [name for name in _job["names"] if name in defined]}


def _run(statement: Any) -> dict[str, Any]:
    """Run one statement of the tests, with the library as it was before the program.

    It is put back behind each statement, and so behind the program itself: `_define`.
    """
    patched = frozenset(_job["patched"])
    _supply_names()
    _tests.pop(_RAN, None)
    error = None
    try:
        exec(statement, _tests)  # noqa: S102 - running the tests is the purpose
    except BaseException as caught:  # noqa: BLE001 - whatever is raised is the verdict
        error = caught
    report = {"secret": _secret, "asserted": _asserted, "ran": _tests.get(_RAN) is True}
    if changed := library.put_back(patched):
        return {**report, "changed": changed[0]}
    if _refusal:
        return {**report, "refused": _refusal}
    if _failure is not None:  # raised, or swallowed by what is none of the tests' own
        return {**report, "failed": True}
    return report if error is None else {**report, **_raised(error)}


def _supply_names() -> None:
    """Give the tests what the program has under the names that they want, as it is now."""
    defined, own = _job["defined"], _job["own"]
    for name in _job["names"]:
        if name in defined and name not in own:
            _tests[name] = defined[name]
    named = {*_job["names"], *own}
    compare.name_classes(value for name, value in _tests.items() if name in named)


def _raised(error: BaseException) -> dict[str, Any]:
    if isinstance(error, MemoryError):
        _BALLAST.clear()
    kind = "memory" if isinstance(error, MemoryError) else "raised"
    if isinstance(error, AssertionError):
        kind = "assertion"
    return {kind: describe(error)}


def _failed() -> AssertionError:
    global _failure  # noqa: PLW0603 - see `serve`
    error = _failure = AssertionError()
    return error


def _reached() -> None:
    global _asserted  # noqa: PLW0603 - see `serve`
    _asserted += 1


def _caught() -> None:
    """Let a failed assertion go that the tests themselves have caught."""
    global _failure  # noqa: PLW0603 - see `serve`
    if _exception_now() is _failure:
        _failure = None


def _forgiven() -> None:
    """Let one go that a context manager of the tests has caught."""
    global _failure  # noqa: PLW0603 - see `serve`
    _failure = None


def _catches(kinds: Any, named_by_program: bool) -> Any:
    """Say what an `except` of the tests may catch.

    An assertion of the program is none of theirs, and one of theirs is not for a class to catch
    that goes by a name of the program's.
    """
    error = _exception_now()
    given = kinds if type(kinds) is tuple else (kinds,)
    if error is _failure and named_by_program:
        return tuple(kind for kind in given if not issubclass(AssertionError, kind))
    if isinstance(error, AssertionError) and error is not _failure:
        return tuple(kind for kind in given if kind is not AssertionError)
    return kinds


class _Manager:
    """A context manager that may swallow nothing unnoticed: a test may not have been reached."""

    def __init__(self, manager: Any) -> None:
        self._manager = manager

    def __enter__(self) -> Any:
        return type(self._manager).__enter__(self._manager)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: types.TracebackType | None,
    ) -> bool:
        global _refusal  # noqa: PLW0603 - see `serve`
        swallows = bool(type(self._manager).__exit__(self._manager, kind, error, trace))
        if swallows and kind is not None:
            _refusal = "the program's own block swallowed an exception"
        return swallows


def _live(name: str) -> Any:
    """Return what the program has under a name in this moment."""
    defined = _job["defined"]
    if name in defined:
        return defined[name]
    if name in _tests["__builtins__"]:
        return _tests["__builtins__"][name]
    raise NameError(f"name {name!r} is not defined")


def _check(index: int, value: Any) -> bool:
    """Compare with what the tests expect, without knowing it."""
    try:
        message = {"check": [index, literal.encode(value, compare.plain)]}
        fits = len(frames.encode_json(message)) < frames.MAX_BYTES - _HEAD_BYTES
        return fits and _ask(message) is True
    except literal.NotWrittenOutError:
        if compare.answers_unasked(value):
            return False
        return compare.equals_data(value, literal.decode(_ask({"reveal": index})))


_HEAD_BYTES = 256


def _ask(message: dict[str, Any]) -> Any:
    frames.send_json(_CHANNEL, {"secret": _secret, **message})
    return frames.receive_json(_CHANNEL, frames.MAX_QUESTION_BYTES)


def _refusing(function: Callable[..., Any]) -> Callable[..., Any]:
    """Note a refusal, so that tests which swallow it are not passed."""

    def noting(*arguments: Any, **keywords: Any) -> Any:
        global _refusal  # noqa: PLW0603 - see `serve`
        try:
            return function(*arguments, **keywords)
        except compare.AskedOfDataError as error:
            _refusal = str(error)
            raise

    return noting


def _kept(values: Any, expected: Any, given: Any) -> Any:
    return kept(values, expected, given, compare.equal)


_INSTRUMENTS: dict[str, Callable[..., Any]] = {
    "@failed": _failed,
    "@reached": _reached,
    "@caught": _caught,
    "@forgiven": _forgiven,
    "@catches": _catches,
    "@live": _live,
    "@check": _refusing(_check),
    "@==": _refusing(compare.equal),
    "@!=": _refusing(compare.unequal),
    "@in": _refusing(compare.contains),
    "@operate": _refusing(compare.operate),
    "@against": _refusing(compare.against),
    "@subject": _refusing(compare.subject),
    "@call": _refusing(compare.call),
    "@item": _refusing(compare.item),
    "@separate": _refusing(compare.separate),
    "@manager": _Manager,
    "@number": _refusing(compare.converted),
    "@beyond": _refusing(compare.beyond),
    "@each": each,
    "@kept": _refusing(_kept),
}
