"""The fields of a row, for each need, and what is wrong with one."""

import json
import math
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from whetstone.finetuning.formats.dataset_type import Need
from whetstone.rewards.entry_points import root_name
from whetstone.rewards.sandbox import Tier
from whetstone.rewards.stdio.columns import read_row
from whetstone.rewards.stdio.tests import WrongTestsError, are_a_list, as_text
from whetstone.rewards.tests_source import plainly_judge
from whetstone.rewards.tests_source import wrong_tests as _wrong_tests

Row = dict[str, Any]

_TEXT = "str"
_CHAT = "str or a list of messages"
_TESTS = "str or a list of tests"

# Field -> (kind, required), for each need. Other fields are passed on as columns.
FIELDS: dict[Need, dict[str, tuple[str, bool]]] = {
    Need.PROMPTS: {
        "prompt": (_CHAT, True),
        "tests": (_TESTS, False),
        "prefix": (_TEXT, False),
        "language": (_TEXT, False),
        "entry_points": ("list", False),
        "checker": (_TEXT, False),
        "tolerance": ("number", False),
        "timeout_s": ("number", False),
        "memory_mb": ("number", False),
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
ANSWERS: dict[Need, tuple[str, ...]] = {
    Need.PROMPTS: (),
    Need.COMPLETIONS: ("completion",),
    Need.TEXT: (),
    Need.PREFERENCES: ("chosen", "rejected"),
    Need.REFERENCES: (),
    Need.LABELS: ("completion",),
}
"""What follows the prompt in a sequence that is trained on."""
MAY_LACK: dict[Need, frozenset[str]] = dict.fromkeys(Need, frozenset()) | {
    Need.PROMPTS: frozenset(FIELDS[Need.PROMPTS]) - {"prompt", "tests"} | {"reference"},
}
"""What some rows of a file may have and others not: how the tests of each are run."""
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

_TEXTS = frozenset({_TEXT, _CHAT, _TESTS})
_NUMBERS = frozenset({"tolerance", "timeout_s", "memory_mb"})
_ABSENT = object()
_FORMS: dict[type, str] = {str: "text", list: "messages"}
_CHATS = {
    need: tuple(field for field, (kind, _) in fields.items() if kind == _CHAT)
    for need, fields in FIELDS.items()
}
_KINDS: dict[str, tuple[type, ...]] = {
    _TEXT: (str,),
    _CHAT: (str, list),
    _TESTS: (str, list),
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
    says = _SAYS[need]
    for field, (kind, required) in fields.items():
        value = row.get(field, _ABSENT)
        if type(value) is str and kind in _TEXTS and value and not value.isspace():
            continue  # most are; there may be a hundred thousand of them
        if value is not _ABSENT:
            yield from _wrong_value(field, value, kind, may_be_blank=field not in says)
        elif required:
            yield f"field {field}: missing (found: {', '.join(sorted(row))})"
    written = forms(row, need)
    if len(written) > 1 and len(set(written.values())) > 1:
        told = ", ".join(f"{field} is {form}" for field, form in written.items())
        yield f"field {next(iter(written))}: {told}; write all of them one way"
    if need is Need.PROMPTS and isinstance(row.get("entry_points"), list):
        yield from _wrong_entry_points(row["entry_points"])
    if isinstance(row.get("prompt"), list):
        yield from _repeated_prompts(row["prompt"], row, need)
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


def _wrong_entry_points(names: list[Any]) -> Iterator[str]:
    for index, name in enumerate(names):
        try:
            root_name(name)
        except (TypeError, ValueError) as error:
            told = error if isinstance(name, str) else f"expected str, found {type(name).__name__}"
            yield f"field entry_points[{index}]: {told}"


def _repeated_prompts(prompt: list[Any], row: Row, need: Need) -> Iterator[str]:
    """Yield the answers of messages that begin with their prompt, which TRL puts before them."""
    for field in ANSWERS[need] if prompt else ():
        if isinstance(row.get(field), list) and row[field][: len(prompt)] == prompt:
            yield f"field {field}: begins with the messages of prompt, which TRL puts before it"


def forms(row: Row, need: Need) -> dict[str, str]:
    """Return of each field that may be text or messages which one it is; others are left out."""
    found: dict[str, str] = {}
    for field in _CHATS[need]:
        form = _FORMS.get(type(row.get(field)))
        if form is not None:
            found[field] = form
    return found


def wrong_tests(row: Row, imports: frozenset[str]) -> Iterator[str]:
    """Yield why the tests of a row cannot judge a program, if `imports` are all they can import.

    Where they may run is for the rewards to say: `RewardConfig.check_rows`.
    """
    tests, prefix, names = row.get("tests", ""), row.get("prefix", ""), row.get("entry_points", ())
    if not (isinstance(tests, str) and isinstance(prefix, str) and isinstance(names, list | tuple)):
        return  # wrong_fields says so
    if not tests.strip():
        yield "field tests: missing; reward=execution runs them"
        return
    if are_a_list(tests):
        if not all(_is(row[name], "number") for name in _NUMBERS & row.keys()):
            return  # likewise
        try:
            read_row(row)
        except WrongTestsError as error:
            yield f"field tests: {error}"
        return
    if not plainly_judge(tests, prefix, names, imports):
        for reason in _wrong_tests(tests, prefix, names, imports, Tier.TOGETHER):
            yield f"field tests: {reason}"


def without_nulls(row: Row, need: Need) -> Row:
    """Return a row without the fields that say nothing: null is the same as to leave one out."""
    lacking = [name for name in MAY_LACK[need] if row.get(name, _ABSENT) is None]
    return {name: value for name, value in row.items() if name not in lacking} if lacking else row


def with_tests_as_text(row: Row) -> Row:
    """Return a row whose tests are text, also where they are lists, so that a column has one type.

    A row of wrong tests is returned as it is, for `wrong_tests` to say so.
    """
    if not isinstance(row.get("tests"), list | dict):
        return row
    with suppress(WrongTestsError):
        return {**row, "tests": as_text(row["tests"])}
    return row


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
