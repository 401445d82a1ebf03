"""What programs answer to inputs: run in the sandbox, where calls report plain data alone.

A call that raises, does not end in time, or returns what is no plain data has no answer but a
reason. So has what a program prints that ends badly.
"""

import inspect
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from whetstone.evaluation.strengthen import plain
from whetstone.rewards.sandbox import Sandbox, ScriptJob, StdioTests, Verdict

_ROUNDS = 4
"""Times that calls are gone on with after one that ended its process."""
RAISES, LATE, NO_DATA = "raises", "does not end well", "does not return plain data"


@dataclass(frozen=True)
class ProgramAnswer:
    """A value, or text that was printed; or why there is none."""

    value: Any = None
    missing: str = ""


_DRIVER = """
import io, math, os, sys, types
from typing import Any
_module = types.ModuleType("solution")
sys.modules["solution"] = _module
sys.stdout = sys.__stdout__ = io.StringIO()
try:
    exec(compile({program!r}, "solution.py", "exec"), _module.__dict__)
    _ready = True
except BaseException:
    _ready = False

{is_plain}
def _answer(call):
    try:
        value = eval(call, _module.__dict__)
        if not is_plain(value):
            return "-"
        return "=" + ascii(value)
    except BaseException:
        return "!"

for _number, _call in enumerate({calls!r}) if _ready else ():
    os.write(1, (str(_number) + _answer(_call) + chr(10)).encode())
os._exit(0)
"""
"""Answers calls one after the other: a line of ASCII for each, so that none is cut in two.

What the program prints is kept from it.
"""


def answers_to_calls(
    sandbox: Sandbox, programs: Sequence[str], calls: Sequence[str], timeout_s: float
) -> list[list[ProgramAnswer]]:
    """Return what each program answers to each call, (programs, calls).

    Args:
        sandbox: Where they run.
        programs: Sources that define what is called.
        calls: Expressions.
        timeout_s: Seconds of all calls of a program together.

    """
    found: list[list[ProgramAnswer]] = [[] for _ in programs]
    for _ in range(_ROUNDS):
        left = [number for number, some in enumerate(found) if len(some) < len(calls)]
        jobs = [
            ScriptJob(
                _driver(programs[number], calls[len(found[number]) :]),
                "",
                None,
                timeout_s=timeout_s,
            )
            for number in left
        ]
        for number, result in zip(left, sandbox.run_many(jobs), strict=True):
            found[number] += _reported(result.output)
            if len(found[number]) < len(calls):  # the next one ended the process
                found[number].append(ProgramAnswer(missing=LATE))
    return [[*some, *[ProgramAnswer(missing=LATE)] * (len(calls) - len(some))] for some in found]


def answers_to_inputs(
    sandbox: Sandbox, programs: Sequence[str], inputs: Sequence[str], tests: StdioTests
) -> list[list[ProgramAnswer]]:
    """Return what each program prints for each input, (programs, inputs).

    Args:
        sandbox: Where they run.
        programs: Sources.
        inputs: What they read.
        tests: Those of the problem, which may have limits of their own.

    """
    jobs = [
        ScriptJob(program, given, None, timeout_s=tests.timeout_s, memory_mb=tests.memory_mb)
        for program in programs
        for given in inputs
    ]
    results = iter(sandbox.run_many(jobs))
    return [
        [
            ProgramAnswer(result.output)
            if result.verdict is Verdict.PASSED
            else ProgramAnswer(missing=LATE if result.verdict is Verdict.TIMEOUT else RAISES)
            for result in (next(results) for _ in inputs)
        ]
        for _ in programs
    ]


def _driver(program: str, calls: Sequence[str]) -> str:
    is_plain = inspect.getsource(plain.is_plain)
    return _DRIVER.format(is_plain=is_plain, program=program, calls=list(calls))


def _reported(output: str) -> Iterator[ProgramAnswer]:
    """Yield the answers of calls in a row, as far as they were reported whole."""
    for number, line in enumerate(output.split("\n")[:-1]):
        if not line.startswith(told := str(number)):
            return  # the program has written something itself
        yield _read(line.removeprefix(told))


def _read(line: str) -> ProgramAnswer:
    if line[:1] != "=":
        return ProgramAnswer(missing=RAISES if line == "!" else NO_DATA)
    try:
        value = plain.read(line[1:])
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return ProgramAnswer(missing=NO_DATA)
    return (
        ProgramAnswer(value) if plain.written(value) is not None else ProgramAnswer(missing=NO_DATA)
    )


def as_json(value: Any) -> Any:
    """Return a value as JSON has it, a tuple as a list.

    Raises `ValueError` where JSON would make something else of it.
    """
    told = list(value) if isinstance(value, tuple) else value
    try:
        again = json.loads(json.dumps(told, allow_nan=False))
    except TypeError as error:
        raise ValueError(str(error)) from error
    if repr(again) != repr(told):
        raise ValueError("JSON makes something else of it")
    return again
