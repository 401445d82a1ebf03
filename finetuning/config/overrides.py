"""One `setting=value` of a command line, read with Hydra's grammar and forgiving what a shell is.

Hydra's grammar has no word for `~`, nor for a path with `=` or a bracket in it. A value that it
cannot read is taken as the text that it is.
"""

import re
from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from hydra._internal.utils import get_args_parser
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, QuotedString
from hydra.errors import HydraException

_HOME = re.compile(r"""'[^']*'|"[^"]*"|(?:^|(?<=[\[,]))~(?=/|,|\]|$)""")
"""A quoted text, which is passed over, or the `~` that a value or an entry begins with."""
_DASHES = "-\u2010\u2011\u2012\u2013\u2014\u2212"
"""A dash, and what a text editor or a web page makes of one or two."""
_FLAG = re.compile(f"[{_DASHES}]{{1,2}}[A-Za-z]")
_STRUCTURES = ("[", "{", "'", '"')
"""A value that begins like this means to be more than text; a mistake in it is a mistake."""


def parse_override(text: str, takes_path: Callable[[str], bool]) -> tuple[Override, str]:
    """Return an override, and the text in which Hydra reads it as well.

    `takes_path` tells whether a setting is a path: there, and only there, `~` is the home.

    Raises:
        HydraException: this is no override.

    """
    parser = OverridesParser.create()
    name, sign, value = text.partition("=")
    if "~" in value and takes_path(name.lstrip("+")):
        text = f"{name}{sign}{with_home(value)}"
    try:
        return parser.parse_override(text), text
    except HydraException:
        value = text.partition("=")[2]
        if not value or value.startswith(_STRUCTURES):
            raise
        text = f"{name}={quoted(value)}"
        return parser.parse_override(text), text


def with_home(value: str) -> str:
    """Replace `~` where a path, or an entry of a list of them, begins with it, as a shell would."""
    return _HOME.sub(lambda found: str(Path.home()) if found[0] == "~" else found[0], value)


def quoted(value: str) -> str:
    """Write a text as a value that Hydra reads back unchanged."""
    escaped = re.sub(r"(\\*)'", r"\1\1\\'", value)
    return "'" + re.sub(r"(\\+)$", r"\1\1", escaped) + "'"


def plain(value: Any) -> Any:
    """Turn the quoted strings that Hydra leaves in lists into text."""
    if isinstance(value, list):
        return [plain(entry) for entry in value]
    return value.text if isinstance(value, QuotedString) else value


def part_flags(
    given: Sequence[str], parser: ArgumentParser | None = None
) -> tuple[list[str], list[str]]:
    """Return the flags of a parser, wherever they stand, and everything else in its order.

    A flag that the parser (None: Hydra's) does not have stays with its value, as `--seed 3`: the
    gate says how such a setting is written.
    """
    known = {
        option: action
        for action in (parser or get_args_parser())._actions  # noqa: SLF001 - the only list of them
        for option in action.option_strings
    }
    flags: list[str] = []
    settings: list[str] = []
    rest = list(given)
    while rest:
        word = rest.pop(0)
        name, sign, _ = word.partition("=")
        follows = rest[0] if rest and not sign else None
        if name in known:
            flags.append(word)
            action = known[name]
            if follows is not None and (
                action.nargs is None or (action.nargs == "?" and follows in (action.choices or ()))
            ):
                flags.append(rest.pop(0))
        elif is_flag(word) and follows is not None and not is_flag(follows) and "=" not in follows:
            settings.append(f"{word} {rest.pop(0)}")
        else:
            settings.append(word)
    return flags, settings


def is_flag(word: str) -> bool:
    """Tell a flag from a setting and from a negative number, whatever dashes it was pasted with."""
    return _FLAG.match(word) is not None


def parts_of_flag(text: str) -> tuple[str, str]:
    """Return the setting that `--learning-rate 3` would be, and its value, which may be empty."""
    typed, _, value = text.replace("=", " ", 1).partition(" ")
    return typed.lstrip(_DASHES).replace("-", "_"), value.strip()
