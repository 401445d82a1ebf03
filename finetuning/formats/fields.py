"""The fields of a row, for each need, and what is wrong with one."""

import ast
import json
import math
from collections.abc import Iterator
from typing import Any

from whetstone.finetuning.formats.dataset_type import Need
from whetstone.rewards.sandbox.statements import VacuousTestsError, require_tests_that_can_fail

Row = dict[str, Any]

_TEXT = "str"
_CHAT = "str or a list of messages"

# Field -> (kind, required), for each need. Other fields are passed on as columns.
FIELDS: dict[Need, dict[str, tuple[str, bool]]] = {
    Need.PROMPTS: {
        "prompt": (_CHAT, True),
        "tests": (_TEXT, False),
        "prefix": (_TEXT, False),
        "language": (_TEXT, False),
        "entry_points": ("list", False),
    },
    Need.COMPLETIONS: {"prompt": (_CHAT, True), "completion": (_CHAT, True)},
    Need.TEXT: {"text": (_TEXT, True)},
    Need.PREFERENCES: {
        "prompt": (_CHAT, True),
        "chosen": (_CHAT, True),
        "rejected": (_CHAT, True),
        "margin": ("number", False),
    },
    Need.REFERENCES: {
        "prompt": (_TEXT, True),
        "reference": (_TEXT, True),
        "completion": (_TEXT, True),
    },
    Need.LABELS: {
        "prompt": (_CHAT, True),
        "completion": (_CHAT, True),
        "label": ("true or false", True),
    },
}
_CONVERSATION = {"messages": (_CHAT, True), "tools": ("list", False)}

# Text that must not be blank. What is only compared (`rejected`, KTO's completions) may be: models
# do say nothing at times, and may learn not to. Blank documents, as data sets of texts have them,
# do no harm.
_SAYS: dict[Need, tuple[str, ...]] = {
    Need.PROMPTS: ("prompt",),
    Need.COMPLETIONS: ("prompt", "completion"),
    Need.TEXT: (),
    Need.PREFERENCES: ("prompt", "chosen"),
    Need.REFERENCES: ("prompt", "reference"),
    Need.LABELS: ("prompt",),
}

_KINDS: dict[str, tuple[type, ...]] = {
    _TEXT: (str,),
    _CHAT: (str, list),
    "list": (list,),
    "number": (int, float),
    "true or false": (bool,),
}


def wrong_fields(row: Row, need: Need) -> Iterator[str]:
    """Yield what is wrong with the fields of a row."""
    fields = FIELDS[need]
    if need is Need.COMPLETIONS and "messages" in row:
        fields = _CONVERSATION
        yield from wrong_turns(row["messages"])
    for field, (kind, required) in fields.items():
        if field not in row:
            if required:
                yield f"field {field}: missing (found: {', '.join(sorted(row))})"
        else:
            yield from _wrong_value(field, row[field], kind, may_be_blank=field not in _SAYS[need])
    if len(set(forms(row, need).values())) > 1:
        told = ", ".join(f"{field} is {form}" for field, form in forms(row, need).items())
        yield f"field {next(iter(forms(row, need)))}: {told}; write all of them one way"
    if need is Need.PREFERENCES and "chosen" in row and row["chosen"] == row.get("rejected"):
        yield "field rejected: equal to chosen, so the pair prefers nothing"


def _wrong_value(field: str, value: Any, kind: str, *, may_be_blank: bool) -> Iterator[str]:
    if not _is(value, kind):
        yield f"field {field}: expected {kind}, found {type(value).__name__}"
    elif kind == _CHAT and isinstance(value, list):
        yield from wrong_messages(field, value)
    elif kind == "number" and not 0 <= value < math.inf:
        yield f"field {field}: expected a number of at least 0, found {value}"
    elif isinstance(value, str) and not may_be_blank and not value.strip():
        yield f"field {field}: empty"


def forms(row: Row, need: Need) -> dict[str, str]:
    """Return of each field that may be text or messages which one it is; others are left out."""
    known: dict[type, str] = {str: "text", list: "messages"}
    return {
        field: known[type(row[field])]
        for field, (kind, _) in FIELDS[need].items()
        if kind == _CHAT and type(row.get(field)) in known
    }


def wrong_tests(row: Row) -> Iterator[str]:
    """Yield why the tests of a row cannot be run."""
    tests = row.get("tests", "")
    if not isinstance(tests, str):
        return  # wrong_fields says so
    if not tests.strip():
        yield "field tests: missing; reward=execution runs them"
        return
    try:
        require_tests_that_can_fail(ast.parse(tests))
    except SyntaxError as error:
        yield f"field tests: not Python: {error.msg} (line {error.lineno})"
    except VacuousTestsError as error:
        yield f"field tests: {error}"


def prompt_key(row: Row) -> str:
    """Return what rows of one problem share: two splits must not share it."""
    asked = row.get("prompt", row.get("text", row.get("messages")))
    return asked if isinstance(asked, str) else json.dumps(asked, sort_keys=True)


def _is(value: Any, kind: str) -> bool:
    if kind == "number" and isinstance(value, bool):
        return False
    return isinstance(value, _KINDS[kind])


_FORM = "expected an object with `role` and `content`"


def wrong_messages(field: str, messages: list[Any]) -> Iterator[str]:
    """Yield why a list of messages cannot be written by a chat template."""
    if not messages:
        yield f"field {field}: no messages"
    for index, message in enumerate(messages):
        if not isinstance(message, dict) or not isinstance(message.get("role"), str):
            yield f"field {field}[{index}]: {_FORM}"
        elif not _says_something(message):
            yield f"field {field}[{index}]: {_FORM}; found {', '.join(message)}"


def wrong_turns(messages: Any) -> Iterator[str]:
    """Yield why a conversation holds nothing to learn."""
    if isinstance(messages, str):
        yield "field messages: expected a list of messages, found str"
    elif isinstance(messages, list) and not any(
        isinstance(message, dict) and message.get("role") == "assistant" for message in messages[1:]
    ):
        yield "field messages: no message of role assistant after others, so nothing to learn"


def _says_something(message: dict[str, Any]) -> bool:
    """Tell whether a message has content, text or parts; one that calls tools needs none."""
    return isinstance(message.get("content"), str | list) or bool(message.get("tool_calls"))
