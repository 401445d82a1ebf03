"""The lines of a user's JSONL file, with their numbers and what they hold, or why they hold none.

What no table, tokenizer or database could take is refused here: half characters, integers beyond 64
bits, nesting without end. Each would end in a traceback elsewhere.
"""

import json
import re
import shlex
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_OTHERWISE = {
    b"\x1f\x8b": "the file is gzipped; unpack it with gunzip",
    BOM_UTF16_LE: "the file is UTF-16; save it as UTF-8",
    BOM_UTF16_BE: "the file is UTF-16; save it as UTF-8",
    b"PK\x03\x04": "the file is an archive or a spreadsheet",
}
_SPREAD = "a JSON object over several lines"
_CONVERTED = {
    "CSV": re.compile(rb"\"?\w+\"?( *[,;\t] *\"?\w+\"?)+\s*"),
    "one JSON array": re.compile(rb"\s*\[\s*(\{.*)?", re.DOTALL),
    _SPREAD: re.compile(rb"\s*\{\s*"),
    "Parquet": re.compile(rb"PAR1.*", re.DOTALL),
}
"""Other forms of rows, by how their first line looks."""
CONVERTED_SUFFIXES = {".csv": "CSV", ".tsv": "CSV", ".parquet": "Parquet"}
_READERS = {"CSV": "from_csv", "Parquet": "from_parquet"}

_DEEPEST = 50
_LARGEST = 2**63 - 1
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_LONG_NUMBER = re.compile(rb"\d{19}")


class NotText(ValueError):  # noqa: N818 - it names what was found
    """A file, or a line of it, is not UTF-8."""


class NotRow(ValueError):  # noqa: N818 - it names what was found
    """A line is no object of JSON, or holds what cannot be stored; `reasons` has all of them."""

    def __init__(self, *reasons: str) -> None:
        self.reasons = reasons
        super().__init__("; ".join(reasons))


def numbered_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    r"""Yield the number, from 1, and the bytes of each line that is not blank.

    Lines end with `\n` and nothing else: JSON may hold other separators within a string. A UTF-8
    byte order mark is skipped.

    Raises:
        NotText: the file is of another kind altogether.

    """
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if number == 1:
                for mark, message in _OTHERWISE.items():
                    if line.startswith(mark):
                        raise NotText(message)
                if form := _form(path, line.removeprefix(BOM_UTF8)):
                    raise NotText(conversion(path, form))
            text = line.removeprefix(BOM_UTF8) if number == 1 else line
            if text.strip():
                yield number, text


def _form(path: Path, line: bytes) -> str | None:
    """Return in which other form a file holds its rows, by its name or its first line."""
    found = (form for form, looks in _CONVERTED.items() if looks.fullmatch(line))
    return CONVERTED_SUFFIXES.get(path.suffix.lower()) or next(found, None)


def conversion(path: Path, form: str | None = None) -> str:
    """Say which form a file has, and how it becomes JSON Lines; None: the form that it is named."""
    form = form or CONVERTED_SUFFIXES[path.suffix.lower()]
    lines = path.with_suffix(".jsonl")
    written = _literal(lines if lines != path else path.with_name(f"{path.stem}_rows.jsonl"))
    if form == _SPREAD:
        program = (
            f"import json; row = json.load(open({_literal(path)})); "
            f'open({written}, "w").write(json.dumps(row) + "\\n")'
        )
    else:
        options = ', sep="\\t"' if path.suffix.lower() == ".tsv" else ""
        reader = _READERS.get(form, "from_json")
        program = (
            "from datasets import Dataset; "
            f"Dataset.{reader}({_literal(path)}{options}).to_json({written})"
        )
    return (
        f"the file is {form}; expected JSON Lines, an object on each line: "
        f"python -c {shlex.quote(program)}"
    )


def _literal(path: Path) -> str:
    """Write a path as Python text in double quotes, which a shell's single quotes can hold."""
    return json.dumps(str(path), ensure_ascii=False)


def text_of(line: bytes) -> str:
    """Return a line as text.

    Raises:
        NotText: with the first byte that is not UTF-8.

    """
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError as error:
        byte = f"byte 0x{line[error.start]:02x} at position {error.start + 1}"
        raise NotText(f"not UTF-8 ({byte}); save the file as UTF-8") from error


def row_of(line: bytes) -> dict[str, Any]:
    """Return the object that a line holds. Raises `NotRow`."""
    try:
        row = json.loads(text_of(line))
    except NotText as error:
        raise NotRow(str(error)) from error
    except json.JSONDecodeError as error:
        raise NotRow(f"not JSON: {error.msg} at column {error.colno}") from error
    except RecursionError as error:
        raise NotRow("nested too deeply to be read; write what is in there as text") from error
    except ValueError as error:  # Python's own limit
        raise NotRow("an integer of thousands of digits; write it as text") from error
    if not isinstance(row, dict):
        raise NotRow(f"expected an object, found {type(row).__name__}")
    if _is_doubtful(line) and (reasons := [*_wrong_values(row)]):
        raise NotRow(*reasons)
    return row


def _is_doubtful(line: bytes) -> bool:
    """Tell whether a line may hold a value that cannot be stored: few have to be looked into."""
    return (
        (b"\\u" in line and _SURROGATE.search(line) is not None)
        or line.count(b"[") + line.count(b"{") > _DEEPEST
        or _LONG_NUMBER.search(line) is not None
    )


def _wrong_values(row: dict[str, Any]) -> Iterator[str]:
    for name, value in row.items():
        if fault := _fault(name, 0) or _fault(value, 0):
            yield f"field {name if name.isascii() else ascii(name)}: {fault}"


def _fault(value: Any, depth: int) -> str | None:
    if isinstance(value, str):
        return (
            None if _is_text(value) else "half of a surrogate pair (\\ud800 to \\udfff) is no text"
        )
    if isinstance(value, int):
        large = "an integer beyond 64 bits; write it as text"
        return None if -_LARGEST - 1 <= value <= _LARGEST else large
    if not isinstance(value, list | dict):
        return None
    if depth == _DEEPEST:
        return f"nested more than {_DEEPEST} deep; write it as text"
    inner = value if isinstance(value, list) else [*value, *value.values()]
    return next((fault for part in inner if (fault := _fault(part, depth + 1))), None)


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
