"""The lines of a user's JSONL file, with their numbers, or why it has none."""

from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator
from pathlib import Path

_OTHERWISE = {
    b"\x1f\x8b": "the file is gzipped; unpack it with gunzip",
    BOM_UTF16_LE: "the file is UTF-16; save it as UTF-8",
    BOM_UTF16_BE: "the file is UTF-16; save it as UTF-8",
}


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
            text = line.removeprefix(BOM_UTF8) if number == 1 else line
            if text.strip():
                yield number, text


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
