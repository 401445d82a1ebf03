"""Keys and tokens in what is about to be shown to others: the upload is refused, the key not named.

Looked for: the values of this environment's variables that hold keys, the Hub's own token, and
what looks like the key of a well-known service, by the rules of `detect-secrets` and those of ours
that it lacks. Its guesses by entropy and by nearby words are left out: a model's files are full of
hashes and of the word token. Of weights, the header alone is read: text has no other place there.
"""

import os
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
from detect_secrets.plugins.base import RegexBasedDetector
from detect_secrets.plugins.ip_public import IPPublicDetector
from huggingface_hub import get_token

from whetstone.finetuning.credentials import SHAPES
from whetstone.finetuning.errors import Problem
from whetstone.finetuning.publish.parts import Part

_NAMES = re.compile(r"(KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS)S?$", re.IGNORECASE)
_SHORTEST = 8
"""A shorter value is a switch or a number; found by chance everywhere."""
_HEADER_LENGTH = 8


def known_secrets(variables: Iterable[str] = ()) -> dict[str, bytes]:
    """Return the secrets of this machine by a name that may be shown.

    `variables` are further ones that hold keys, whatever they are called.
    """
    named = {*variables, *(name for name in os.environ if _NAMES.search(name))}
    found = {f"${name}": os.environ.get(name, "") for name in sorted(named)}
    found["the Hub's token"] = get_token() or ""
    return {name: value.encode() for name, value in found.items() if len(value) >= _SHORTEST}


def secret_problems(parts: Iterable[Part], secrets: Mapping[str, bytes]) -> Iterator[Problem]:
    """Yield every line that holds a secret: which one, where, and never the secret itself."""
    values = {name: value.decode("latin-1") for name, value in secrets.items()}
    for part in parts:
        text = _content(part).decode("latin-1")  # a byte is a character: text is found in any file
        told: set[int] = set()
        ends = [match.start() for match in re.finditer("\n", text)]
        for what, at in [*_known(text, values), *_shaped(text)]:
            line = bisect_left(ends, at) + 1
            if line not in told:
                told.add(line)
                remedy = f"holds {what} (line {line}), so nothing is published; take it out"
                yield Problem(part.path, remedy)


def _known(text: str, secrets: Mapping[str, str]) -> Iterator[tuple[str, int]]:
    for name, value in secrets.items():
        for match in re.finditer(re.escape(value), text):
            yield f"the value of {name}", match.start()


def _shaped(text: str) -> Iterator[tuple[str, int]]:
    for kind, shape in SHAPES.items():
        for match in re.finditer(shape, text):
            yield f"what looks like {kind}", match.start()
    for rules in _rules():
        if found := {*rules.analyze_string(text)}:  # not all that has the form is one
            for match in (match for rule in rules.denylist for match in rule.finditer(text)):
                if any(secret in match[0] for secret in found):
                    yield f"what looks like a secret ({rules.secret_type})", match.start()


@cache
def _rules() -> tuple[RegexBasedDetector, ...]:
    """Return the rules that know a secret by its form; a public address is none."""
    known: Iterable[type] = get_mapping_from_secret_type_to_class().values()
    by_form = [rules for rules in known if issubclass(rules, RegexBasedDetector)]
    return tuple(rules() for rules in by_form if rules is not IPPublicDetector)


def _content(part: Part) -> bytes:
    if isinstance(part.source, bytes):
        return part.source
    return _header(part.source) if part.path.endswith(".safetensors") else part.source.read_bytes()


def _header(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(int.from_bytes(file.read(_HEADER_LENGTH), "little"))
