"""`key=value` over a flat YAML of conf/, for commands that are no run: every error at once.

Not composed by Hydra, because `model=` is no choice there: it may be a folder or a Hub id.
"""

import shlex
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import yaml
from hydra.errors import HydraException
from pydantic import ValidationError

from whetstone.finetuning.config.explain import did_you_mean, reason_of
from whetstone.finetuning.config.groups import CONF_DIR
from whetstone.finetuning.config.not_a_setting import (
    answer_empty,
    answer_stray,
    answer_unreadable,
    number_meant,
)
from whetstone.finetuning.config.overrides import is_flag, parse_override, parts_of_flag, plain
from whetstone.finetuning.config.schema.base import Section
from whetstone.finetuning.config.wanted import kinds_of, takes_path, wanted
from whetstone.finetuning.credentials import why_refused
from whetstone.finetuning.errors import Problem

MISSING = "???"
"""The value, in the file, of what the user has to give."""

_THINGS = frozenset({"model", "adapter", "run", "folder", "path", "checkpoint"})
"""What others call the one thing that a command works on."""

S = TypeVar("S", bound=Section)


def read_settings(
    overrides: Sequence[str], file: str, schema: type[S], needed: Mapping[str, str]
) -> tuple[S, list[Problem]]:
    """Return the settings, with the file's value where one is wrong, and what is wrong.

    Args:
        overrides: `key=value`, as typed.
        file: the name of a YAML in conf/.
        schema: what the settings are.
        needed: setting to what the user could give there, for those that are `???` in the file:
            how it is written, and after a colon, where it says more, what is wanted.

    """
    defaults: dict[str, Any] = yaml.safe_load((CONF_DIR / file).read_text(encoding="utf-8"))
    reader = _Reader(schema, needed)
    for text in overrides:
        reader.read(text)
    given, problems = reader.given, reader.told()
    for key in given.keys() - defaults.keys():
        problems.append(Problem(f"{key}={given[key]}", _unknown(key, given, defaults, needed)))
    values = defaults | {key: value for key, value in given.items() if key in defaults}
    problems += [
        Problem(key, f"must be given: {hint}")
        for key, hint in needed.items()
        if values[key] == MISSING and key not in reader.wrong
    ]
    settings, found = _parsed(schema, values, defaults)
    return settings, [*problems, *found]


def _unknown(
    key: str, given: Mapping[str, Any], defaults: Mapping[str, Any], needed: Mapping[str, str]
) -> str:
    """Say what a setting was meant for that there is not: often what the command works on."""
    missing = [name for name in needed if name not in given]
    if key in _THINGS and missing:
        return f"no such setting; write {missing[0]}={given[key]}"
    return f"no such setting; {did_you_mean(key, defaults)}"


class _Reader:
    """What was read so far."""

    def __init__(self, schema: type[Section], needed: Mapping[str, str]) -> None:
        self._schema = schema
        self._needed = needed
        self._problems: list[Problem] = []
        self._stray: list[tuple[list[str], str | None]] = []
        """Words without `=` that stand together, and the setting before them."""
        self._before: str | None = None
        self._in_words = False
        self.given: dict[str, Any] = {}
        self.wrong: set[str] = set()
        """The settings whose value cannot be taken."""

    def told(self) -> list[Problem]:
        """Return what is wrong with what was read."""
        main = next(iter(self._needed))
        is_given = main in self.given or main in self.wrong
        strays = [
            answer_stray(" ".join(words), main, is_given=is_given, before=before)
            for words, before in self._stray
        ]
        return [*self._problems, *strays]

    def read(self, text: str) -> None:
        """Take one argument of the command line."""
        is_word = "=" not in text and not is_flag(text)
        if is_word and self._in_words:
            self._stray[-1][0].append(text)
        elif is_word:
            self._stray.append(([text], self._before))
        elif is_flag(text):
            name, value = parts_of_flag(text)
            self.wrong.add(name)
            written = shlex.quote(f"{name}={value or '...'}")
            self._problems.append(Problem(text, f"settings have no dashes; write {written}"))
        else:
            self._before = text
            key, _, value = text.lstrip("+").partition("=")
            if reason := why_refused(key, value):
                self._wrong(key, Problem(key, reason))
            else:
                self._setting(text)
        self._in_words = is_word

    def _setting(self, text: str) -> None:
        try:
            override, _ = parse_override(text, lambda name: takes_path(name, self._schema))
        except HydraException:
            self._problems.append(answer_unreadable(text))
            self.wrong.add(text.partition("=")[0])
            return
        key = override.key_or_group
        expected = self._needed.get(key, "").partition(": ")[2] or wanted(key, self._schema)
        if key in self.given:
            self._problems.append(Problem(text, f"`{key}` was given twice; keep one of them"))
        elif expected and text.endswith(f"{key}="):
            self._wrong(key, answer_empty(text, expected))
        elif override.is_sweep_override():
            value = text.partition("=")[2]
            remedy = (
                f"""a comma parts values; a list: '{key}=[{value}]', a text: '{key}="{value}"'"""
            )
            number = number_meant(key, value, kinds_of(key, self._schema))
            self._wrong(key, Problem(text, number or remedy))
        else:
            self.given[key] = plain(override.value())

    def _wrong(self, key: str, problem: Problem) -> None:
        self.wrong.add(key)
        self._problems.append(problem)


def _parsed(
    schema: type[S], values: dict[str, Any], defaults: dict[str, Any]
) -> tuple[S, list[Problem]]:
    try:
        return schema.model_validate(values), []
    except ValidationError as error:
        details = error.errors()
    wrong = {str(detail["loc"][0]) for detail in details}
    repaired = schema.model_validate(values | {key: defaults[key] for key in wrong})
    return repaired, [
        Problem(
            f"{'.'.join(map(str, detail['loc']))}={detail['input']}",
            reason_of(detail),
        )
        for detail in details
    ]
