"""Answers to what is typed as other tools take it: `--seed 3`, `ppo`, `seed=0,1`, `lr=0,001`."""

import re
import shlex
from collections.abc import Mapping, Sequence

from whetstone.finetuning.config.overrides import parts_of_flag
from whetstone.finetuning.config.schema import Config
from whetstone.finetuning.config.synonyms import instead, setting_of
from whetstone.finetuning.config.wanted import kinds_of
from whetstone.finetuning.credentials import why_refused
from whetstone.finetuning.errors import Problem

EACH = "for a run with each add -m to the command"
_BOOLEAN = frozenset({"debug"})
_POINT = re.compile(r"[-+]?\d+,\d+([eE][-+]?\d+)?")
_THOUSANDS = re.compile(r"[-+]?[1-9]\d{0,2}(,\d{3})+")
_NO_ENTRY = re.compile(r",0\d")
"""A whole number does not begin with a zero, so such a comma parts no list."""
_NAME = re.compile(r"[+~]*[\w./@-]+")


def answer_flag(text: str, algo: str) -> Problem:
    """Say how a setting is written that was typed as a flag: `--seed 3`, `--seed=3`, `--debug`."""
    name, value = parts_of_flag(text)
    if reason := why_refused(name, value or ""):
        return Problem(text, reason)
    known = name.split(".")[0] in Config.model_fields or name == "experiment"
    told = None if known else instead(name, algo, value)
    if told is None:
        told = f"write {shlex.quote(f'{name}={value}') if value else _without_value(name)}"
    return Problem(text, f"settings have no dashes; {told}")


def _without_value(name: str) -> str:
    return f"{name}={'true' if name in _BOOLEAN else '...'}"


def answer_word(text: str, groups: Mapping[str, set[str]], before: str | None = None) -> Problem:
    """Say what a word without `=` may have been meant for; `before` is the setting before it."""
    within = [group for group, options in groups.items() if text in options and "/" not in group]
    written = [f"{group}={text}" for group in sorted(within)]
    if text in _BOOLEAN:
        written.append(f"{text}=true")
    if written:
        hint = f"; write {' or '.join(written)}"
    elif before is not None:
        hint = f"; if it belongs to the value before it, quote both: {_as_one(before, text)}"
    else:
        hint = ", such as seed=1"
    return Problem(text, f"a setting is written NAME=VALUE{hint}")


def answer_stray(text: str, setting: str, *, is_given: bool, before: str | None) -> Problem:
    """Say what words without `=` mean to a command that works on one thing, its `setting`."""
    if not is_given:
        hint = f"; write {shlex.quote(f'{setting}={text}')}"
    elif before is not None:
        hint = f"; if it belongs to the value before it, quote both: {_as_one(before, text)}"
    else:
        hint = ""
    return Problem(text, f"a setting is written NAME=VALUE{hint}")


def _as_one(before: str, text: str) -> str:
    return shlex.quote(f"{before} {text}")


def answer_unreadable(text: str) -> Problem:
    """Say why something with `=` is no setting."""
    name, _, value = text.partition("=")
    if not _NAME.fullmatch(name):
        return Problem(text, f"cannot be read: `{name}` is not the name of a setting")
    remedy = f"as a text it is written {shlex.quote(f'{name}={_in_quotes(value)}')}"
    what = {"[": "list", "{": "table"}.get(value[:1], "quoted text")
    return Problem(
        text, f"cannot be read: its value begins a {what} and does not end one; {remedy}"
    )


def _in_quotes(value: str) -> str:
    escaped = value.replace('"', '\\"')
    return f'"{escaped}"'


def answer_empty(text: str, expected: str) -> Problem:
    """Say what stands behind the `=` of a setting, where nothing does."""
    return Problem(text, f"the value is empty; wanted: {expected}")


def answer_comma(
    text: str,
    values: Sequence[str],
    *,
    algo: str,
    is_choice: bool,
    takes_many: bool,
    has_sweeps: bool,
) -> Problem:
    """Say what several values can mean, where no sweep was asked for.

    Args:
        text: the setting, as typed.
        values: what stands between the commas; empty for `range(...)` and its like, and where
            some of it is no option.
        algo: the algorithm, on which some answers depend.
        is_choice: a group is chosen, and no value set.
        takes_many: several of them can be chosen together.
        has_sweeps: the command has `-m`.

    """
    name, _, given = text.lstrip("+").partition("=")
    number = None if is_choice else as_number(name, given, algo)
    if number and _NO_ENTRY.search(given):
        return Problem(text, number)
    each = [EACH] if has_sweeps else []
    if number:
        told = [number, *each]
    elif is_choice and takes_many:
        told = [f"all of them in one run are '{name}=[{','.join(values) or 'A,B'}]'", *each]
    elif is_choice or not values:
        told = ["expected one", *each]
    else:
        quote = f"""'{name}="{given}"'"""
        written = f"a list is '{name}=[{','.join(values)}]', and a text with a comma {quote}"
        told = [*each, written]
    return Problem(text, "; ".join(told))


def as_number(name: str, given: str, algo: str) -> str | None:
    """Say which number `0,001` or `1,000` was meant to be, in a setting that takes numbers."""
    known = name.split(".", maxsplit=1)[0] in Config.model_fields
    setting = name if known else setting_of(name, algo) or name
    kinds = kinds_of(setting, algo=algo)
    if not _NO_ENTRY.search(given) and "number" not in kinds:
        return None
    return number_meant(setting, given, kinds)


def number_meant(setting: str, given: str, kinds: frozenset[str]) -> str | None:
    """Say how a number is written here that has a comma; None for what is no such number."""
    if "integer" in kinds and "number" not in kinds:
        if not _THOUSANDS.fullmatch(given):
            return None
        return f"thousands are not parted: write {setting}={given.replace(',', '')}"
    if not _POINT.fullmatch(given) or (kinds and "number" not in kinds):
        return None
    return f"a decimal has a point, and no comma: write {setting}={given.replace(',', '.')}"


def is_sure_number(name: str, given: str, algo: str) -> str | None:
    """Say likewise where a comma parts no values even in a sweep: `0,001`."""
    return as_number(name, given, algo) if _NO_ENTRY.search(given) else None
