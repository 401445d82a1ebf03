"""A user's own task: a file with one JSON object on each line.

A row holds `prompt`, text or messages, and `tests`, and may hold `id`, `prefix`, `entry_points`,
`reference` (see `TaskProblem`), and how inputs and outputs are run (docs/data.md). Unknown fields
are refused, because a misspelt `prefix` would change every score in silence; and all faults of the
file are reported together.
"""

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import ErrorDetails

from whetstone.evaluation.entry_points import entry_points
from whetstone.evaluation.errors import BadRow, BadRows, DataUnavailable
from whetstone.evaluation.lines import NotRow, NotText, numbered_lines, row_of
from whetstone.evaluation.tasks.base import Task, TaskProblem
from whetstone.rewards.entry_points import root_name
from whetstone.rewards.languages import known_language
from whetstone.rewards.stdio.columns import read_row
from whetstone.rewards.stdio.tests import WrongTestsError, as_text
from whetstone.rewards.tests_source import LIBRARY, wrong_tests

SUFFIX = ".jsonl"
TIMEOUT_S = 3.0


def _python(source: str) -> str:
    try:
        compile(source, "<row>", "exec", dont_inherit=True)
    except SyntaxError as error:
        raise ValueError(f"not Python: {error}") from error
    return source


_Text = Annotated[str, StringConstraints(min_length=1)]


class _Message(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True, strict=True)

    role: _Text
    content: str


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    prompt: _Text
    messages: list[_Message] = Field(default_factory=list, exclude=True)
    """A prompt that is a chat; `prompt` is then what it says."""
    prefix: str = ""
    entry_points: list[Annotated[str, AfterValidator(root_name)]] = Field(default_factory=list)
    checker: str | None = None
    tolerance: float | None = None
    timeout_s: float | None = None
    memory_mb: float | None = None
    tests: _Text
    id: Annotated[_Text, Field(strict=False, coerce_numbers_to_str=True)] | None = None
    reference: str | None = None
    language: str | None = None
    solutions: Any = Field(None, exclude=True)
    wrong: Any = Field(None, exclude=True)
    added_tests: Any = Field(None, exclude=True)
    """What audits and training read of a row, and an evaluation does not."""

    @field_validator("language")
    @classmethod
    def _language_is_python(cls, language: str | None) -> str | None:
        if known_language(language or "python") != "python":
            raise ValueError(f"{language}: a file of problems is measured in Python only")
        return language

    @field_validator("tests")
    @classmethod
    def _tests_judge(cls, tests: str, info: ValidationInfo) -> str:
        read = read_row({**info.data, "tests": tests})
        before = info.data.get("prefix", ""), info.data.get("entry_points", ())
        modules = info.context or LIBRARY
        if isinstance(read, str) and (reasons := [*wrong_tests(read, *before, modules=modules)]):
            raise ValueError("; ".join(reasons))
        return tests

    @field_validator("reference")
    @classmethod
    def _reference_is_python(cls, reference: str | None, info: ValidationInfo) -> str | None:
        if reference is not None:
            _python(info.data.get("prefix", "") + reference)
        return reference


_FIELDS = [name for name in _Row.model_fields if name != "messages"]
_WANTED = {"string_type": "str", "list_type": "list"}


def jsonl_task(path: Path, modules: frozenset[str] = LIBRARY) -> Task:
    """Load a user's file; the task bears the file's name and has no stop words.

    A row without an id gets its line number; one without entry points but with a reference gets
    those that the reference shows. Its tests can import `modules`.

    Raises:
        DataUnavailable: when there is no such file.
        BadRows: with every fault of every row.

    """
    if not path.is_file():
        raise DataUnavailable(f"{path} is not a file: give the path of a {SUFFIX} file of problems")
    problems: dict[str, TaskProblem] = {}
    faults: list[BadRow] = []
    for number, line in _lines(path, faults):
        try:
            row = _Row.model_validate(_flat(row_of(line)), context=modules)
            problem = _problem(row, f"{path.stem}/{number}")
        except ValidationError as error:
            faults += [_fault(path, number, _told(part), *part["loc"]) for part in error.errors()]
        except NotRow as error:
            faults += [_fault(path, number, reason) for reason in error.reasons]
        else:
            if problem.id in problems:
                message = f"{problem.id!r} is the id of an earlier row"
                faults.append(_fault(path, number, message, "id"))
            problems[problem.id] = problem
    if not problems and not faults:
        faults.append(_fault(path, 1, "the file holds no rows"))
    if faults:
        raise BadRows(tuple(faults))
    is_chat = {isinstance(problem.prompt, tuple) for problem in problems.values()}
    if len(is_chat) > 1:
        raise BadRows((_fault(path, 1, "text in some rows, messages in others", "prompt"),))
    return Task(path.stem, tuple(problems.values()), (), TIMEOUT_S, chat=is_chat == {True})


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with text in place of lists, and the messages of a chat in a field of their own.

    What is wrong with a list is left for its field to say; a field that is null is left out.
    """
    flat = {name: value for name, value in row.items() if value is not None}
    if isinstance(row.get("tests"), list | dict):
        with suppress(WrongTestsError):
            flat["tests"] = as_text(row["tests"])
    if isinstance(row.get("prompt"), list):
        flat |= {"messages": row["prompt"], "prompt": json.dumps(row["prompt"])}
    return flat


def _told(detail: ErrorDetails) -> str:
    """Word what pydantic found as the rows of training are spoken of."""
    kind = detail["type"]
    if kind in _WANTED:
        return f"expected {_WANTED[kind]}, found {type(detail['input']).__name__}"
    if kind == "missing":
        return f"missing (found: {', '.join(sorted(detail['input']))})"
    if kind == "extra_forbidden":
        return f"no such field; there are: {', '.join(_FIELDS)}"
    return "empty" if kind == "string_too_short" else detail["msg"]


def _lines(path: Path, faults: list[BadRow]) -> Iterator[tuple[int, bytes]]:
    try:
        yield from numbered_lines(path)
    except NotText as error:
        faults.append(_fault(path, 1, str(error)))


def _problem(row: _Row, default_id: str) -> TaskProblem:
    names, tests = tuple(row.entry_points), read_row(row.model_dump())
    if not names and row.reference is not None and isinstance(tests, str):
        names = entry_points(row.prefix + row.reference, tests)
    return TaskProblem(
        id=default_id if row.id is None else row.id,
        prompt=tuple(message.model_dump() for message in row.messages) or row.prompt,
        tests=tests,
        prefix=row.prefix,
        entry_points=names,
        reference=row.reference,
    )


def _fault(path: Path, line: int, message: str, *location: int | str) -> BadRow:
    field = ".".join(str(part) for part in location)
    return BadRow(str(path), line, field, message.removeprefix("Value error, "))
