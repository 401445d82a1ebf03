"""The lines of a user's JSONL file, with their numbers, or why it has none."""

import json
import re
import shlex
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator
from pathlib import Path

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


class NotText(ValueError):  # noqa: N818 - it names what was found
    """A file, or a line of it, is not UTF-8."""


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
        f"the file is {form}, and JSON Lines is wanted, an object on each line: "
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
