"""Keys and tokens in what is about to be shown to others: the upload is refused, the key not named.

Looked for: the values of this environment's variables that hold keys, the Hub's own token, and
what looks like the key of a well-known service. Of weights, the header alone is read: text has no
other place there.
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from huggingface_hub import get_token

from finetuning.errors import Problem
from finetuning.publish.parts import Part

_NAMES = re.compile(r"(KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS)S?$", re.IGNORECASE)
_SHORTEST = 8
"""A shorter value is a switch or a number; found by chance everywhere."""
_SHAPES = {
    "a token of the Hub": rb"hf_[A-Za-z0-9]{30,}",
    "an API key": rb"sk-[A-Za-z0-9_-]{20,}",
    "a token of GitHub": rb"gh[pousr]_[A-Za-z0-9]{36}",
    "an access key of AWS": rb"AKIA[0-9A-Z]{16}",
    "a private key": rb"-----BEGIN [A-Z ]*PRIVATE KEY-----",
}
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
    """Yield every file that holds a secret: which one, where, and never the secret itself."""
    for part in parts:
        for what, line in _found(_text(part), secrets):
            remedy = f"holds {what} (line {line}), so nothing is published; take it out"
            yield Problem(part.path, remedy)


def _found(content: bytes, secrets: Mapping[str, bytes]) -> Iterator[tuple[str, int]]:
    for name, value in secrets.items():
        if (at := content.find(value)) >= 0:
            yield f"the value of {name}", content.count(b"\n", 0, at) + 1
    for name, shape in _SHAPES.items():
        match = re.search(shape, content)
        if match is not None and match[0] not in secrets.values():
            yield f"what looks like {name}", content.count(b"\n", 0, match.start()) + 1


def _text(part: Part) -> bytes:
    if isinstance(part.source, bytes):
        return part.source
    return _header(part.source) if part.path.endswith(".safetensors") else part.source.read_bytes()


def _header(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(int.from_bytes(file.read(_HEADER_LENGTH), "little"))
