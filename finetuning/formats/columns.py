"""What the rows of a file have in their columns: one table has to hold all of them.

A column of two types, or one that TRL takes for something of its own, would end in a traceback of
theirs, long after the gate.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from typing import Any

from whetstone.finetuning.formats.dataset_type import Need
from whetstone.rewards.stdio.columns import TOLD

Row = dict[str, Any]
Kind = str | list[Any] | dict[str, Any]
"""What a value is: a word, `[kind]` for a list, a dict of kinds for an object. "null" is any."""

_TO_REWARDS = frozenset(
    {"prompts", "completions", "completion_ids", "trainer_state", "log_extra", "log_metric"}
    | {"environments"}
)
_TOKENISED = frozenset(
    {"input_ids", "labels", "attention_mask", "completion_mask", "assistant_masks", "seq_lengths"}
    | {"prompt_ids", "completion_ids", "chosen_ids", "rejected_ids", "chosen_input_ids"}
    | {"rejected_input_ids", "ref_chosen_logps", "ref_rejected_logps"}
)
_NEARLY = 0.85
_PICTURES = frozenset({"image", "images"})
_WORDS = {str: "text", bool: "true or false", float: "number", type(None): "null"}
_WHOLE, _LARGE = "whole number", "whole number beyond 2^53"
_FITTING = {
    frozenset({_WHOLE, _LARGE}): _LARGE,
    frozenset({_WHOLE, "number"}): "number",
}
"""Kinds that one column can hold together, and what it then is."""
_EXACT = 2**53


def wrong_names(row: Row, need: Need) -> Iterator[str]:
    """Yield the columns of a row that TRL takes for something else, or nobody for what is meant."""
    for name in row.keys() & _PICTURES:
        yield f"field {name}: TRL takes a column of this name for pictures; rename or drop it"
    for name in row.keys() & (_TO_REWARDS if need is Need.PROMPTS else _TOKENISED):
        what = "hands rewards something of its own" if need is Need.PROMPTS else "keeps its tokens"
        yield f"field {name}: TRL {what} under this name; rename or drop the column"
    if need is Need.PROMPTS:
        yield from _misspelt(row)


def _misspelt(row: Row) -> Iterator[str]:
    """Yield names that are nearly that of a column which says how tests are run.

    Such a column may be missing, and others are passed on: nobody else would notice.
    """
    for name in sorted(row.keys() - {*TOLD}):
        for meant in get_close_matches(name, TOLD, 1, _NEARLY):
            if meant not in row:
                yield f"field {name}: did you mean {meant}? It says nothing under this name"


class Columns:
    """The types of all columns, as far as rows were seen; what a later row has must fit."""

    def __init__(self) -> None:
        self._kinds: dict[str, Kind] = {}
        self._texts: set[str] = set()

    def misfits(self, row: Row) -> Iterator[str]:
        """Yield the fields of a row that are of another type than in the rows before."""
        for name, value in row.items():
            if type(value) is str and name in self._texts:
                continue  # columns of text, which most are
            try:
                kind = _merged(self._kinds.get(name, "null"), kind_of(value))
            except _MixedError as error:
                yield (
                    f"field {name}{''.join(error.path)}: {error.found} here, "
                    f"{error.before} elsewhere; a column has one type"
                )
            else:
                self._kinds[name] = kind
                if kind == "text":
                    self._texts.add(name)


class _MixedError(Exception):
    def __init__(self, before: Kind, found: Kind) -> None:
        super().__init__()
        self.before, self.found = _word(before), _word(found)
        self.path: list[str] = []


def kind_of(value: Any) -> Kind:
    """Return what a value of JSON is. Raises _MixedError for a list of several types."""
    if isinstance(value, list):
        inner: Kind = "null"
        with _within("[]"):
            for part in value:
                inner = _merged(inner, kind_of(part))
        return [inner]
    if isinstance(value, dict):
        kinds: dict[str, Kind] = {}
        for name, part in value.items():
            with _within(f".{name}"):
                kinds[name] = kind_of(part)
        return kinds
    if type(value) is int:
        return _WHOLE if -_EXACT <= value <= _EXACT else _LARGE
    return _WORDS[type(value)]


def _merged(before: Kind, found: Kind) -> Kind:
    if "null" in (before, found):
        return found if before == "null" else before
    if before == found:
        return before
    if isinstance(before, str) and isinstance(found, str):
        kind = _FITTING.get(frozenset({before, found}))
        if kind is not None:
            return kind
    if isinstance(before, list) and isinstance(found, list):
        with _within("[]"):
            return [_merged(before[0], found[0])]
    if isinstance(before, dict) and isinstance(found, dict):
        merged = dict(before)
        for name, kind in found.items():
            with _within(f".{name}"):
                merged[name] = _merged(before.get(name, "null"), kind)
        return merged
    raise _MixedError(before, found)


@contextmanager
def _within(step: str) -> Iterator[None]:
    """Note where in a value types do not fit."""
    try:
        yield
    except _MixedError as error:
        error.path.insert(0, step)
        raise


def _word(kind: Kind) -> str:
    return kind if isinstance(kind, str) else "a list" if isinstance(kind, list) else "an object"
