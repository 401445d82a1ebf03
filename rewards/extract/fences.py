"""The blocks of code in an answer: between fences, however the model has set them.

Own code, because a parser of Markdown follows a standard that models do not: they indent fences at
will, open one at the end of a sentence, forget the closing one or find the opening one in the
prompt, and write docstrings with fences in them (docs/decisions). One pass over the lines.
"""

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

from whetstone.rewards.extract.prose import is_code
from whetstone.rewards.extract.strings import string_after
from whetstone.rewards.languages import known_language

_FENCE = re.compile(
    r"(?P<lead>(?:[ \t>]|[-*+][ \t]|\d{1,3}[.)][ \t])*)(?P<fence>`{3,}|~{3,})(?P<info>.*)"
)
_QUOTES_BEFORE = re.compile(r"[ \t]*(?:>[ \t]?)+")
_WORD = re.compile(r"[\w+#.-]+")
_SHORTEST = 3
_PASSED_OVER = frozenset({"markdown", "md"})
"""Marks of what holds blocks and is none."""
_TAG_OPENS = re.compile(r"^[ \t]*(?:\[(?:PYTHON|CODE)\]|<(?:code|python)>)[ \t]*\n?", re.MULTILINE)
_TAG_CLOSES = re.compile(r"\[/(?:PYTHON|CODE)\]|</(?:code|python)>[ \t]*$", re.MULTILINE)
_PYTHON_TAG_CLOSES = re.compile(r"\[/(?:PYTHON|CODE)\]")
_ANY_FENCE = re.compile(r"`{3}|~{3}")
_BEGINS_A_PROGRAM = re.compile(r"\s+(?:(?:async\s+)?def|class|import|from)\s|\s+@\w")
_BELONGS_IN_A_FUNCTION = re.compile(r"^(?:return|yield)\b", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A block of code; `mark` is its language in lower case, "" for none."""

    mark: str
    code: str


@dataclass(frozen=True)
class Layout:
    """An answer, taken apart."""

    blocks: tuple[Block, ...]
    outside: str
    """What stands in no block; blocks have left a blank line."""


def layout_of(answer: str, language: str) -> Layout:
    """Find the blocks of an answer whose program is in this language."""
    text = answer.replace("\r\n", "\n")
    if _ANY_FENCE.search(text) is None:
        text = _with_fences_for_tags(text, language)
    scan = _Scan(text.split("\n"), language)
    return Layout(tuple(scan.blocks()), "\n".join(scan.outside))


def _with_fences_for_tags(text: str, language: str) -> str:
    """Write fences where tags stand for them; of an opening one the prompt may have taken care."""
    fenced, opened = _TAG_OPENS.subn(f"```{language}\n", text)
    return (_TAG_CLOSES if opened else _PYTHON_TAG_CLOSES).sub("\n```\n", fenced)


class _Opening:
    """The line that opened a block."""

    def __init__(self, fence: str, mark: str, lead: str) -> None:
        self.fence, self.mark = fence, mark
        self._indent = len(lead)
        self._quoted = ">" in lead

    def closed_by(self, fence: str) -> bool:
        return fence.startswith(self.fence)

    def inner(self, line: str) -> str:
        """Return a line of the block without what the place of the fence has put before it."""
        if self._quoted:
            quotes = _QUOTES_BEFORE.match(line)
            return line if quotes is None else line[quotes.end() :]
        blanks = len(line) - len(line.lstrip(" \t"))
        return line[min(blanks, self._indent) :]


class _Scan:
    """One pass over the lines of an answer."""

    def __init__(self, lines: list[str], language: str) -> None:
        self._lines = lines
        self._language = language
        self._strict = True
        self.outside: list[str] = []

    def blocks(self) -> Iterator[Block]:
        """Yield the blocks in order, and gather the lines outside of them."""
        at = self._leading_code()
        if at < len(self._lines) and at and self._closes(self._lines[at]):
            yield Block(self._language, _joined(self._lines[:at]))  # the prompt has opened it
            at += 1
        else:
            self.outside += self._lines[:at]
        while at < len(self._lines):
            found = self._opening(self._lines[at])
            if found is None:
                self.outside.append(self._lines[at])
                at += 1
            elif isinstance(found, Block):
                yield found
                at += 1
            elif found.mark in _PASSED_OVER:
                at += 1
            else:
                code, at = self._content(found, at + 1)
                yield Block(found.mark, code)
            self.outside += [""] * (found is not None)

    def _leading_code(self) -> int:
        """Return how many lines of code an answer begins with: up to a fence that is in no string.

        0 where it begins with anything else.
        """
        state, code = "", self._lines
        for at, line in enumerate(self._lines):
            if not state and _FENCE.match(line):
                code = self._lines[:at]
                break
            if self._language == "python":
                state = string_after(line, state)
        return len(code) if is_code(code, self._language) else 0

    def _closes(self, line: str) -> bool:
        match = _FENCE.match(line)
        return match is not None and known_language(_mark(match["info"])) is None

    def _opening(self, line: str) -> _Opening | Block | None:
        match = _FENCE.match(line)
        if match is not None:
            fence, info = match["fence"], match["info"].strip()
            if "`" not in info:
                return _Opening(fence, _mark(info), match["lead"])
            return _in_one_line(info, fence)
        return _opening_behind_text(line)

    def _content(self, opening: _Opening, begin: int) -> tuple[str, int]:
        """Return the code of a block, and the line after it.

        A fence in a string of the program does not close it, nor does one that is too short. Where
        nothing else does, the first of them did, and those of later blocks are believed at once:
        else each block would look through all of the rest.
        """
        inner: list[str] = []
        state, instead = "", None
        minds = self._strict and self._language == "python"
        minds = minds and known_language(opening.mark) in {None, "python"}
        for at in range(begin, len(self._lines)):
            line = opening.inner(self._lines[at])
            match = _FENCE.match(line)
            if match is not None and match["fence"][0] == opening.fence[0]:
                again = known_language(_mark(match["info"])) is not None
                closes = match["fence"].startswith(opening.fence) or not (self._strict or again)
                if closes and not state:
                    return _program(inner), at + (not again)
                if instead is None and not again:
                    instead = (len(inner), at + 1, bool(state))
            elif not state and (end := _closing_behind_code(line, opening)) is not None:
                return _program([*inner, line[:end]]), at + 1
            inner.append(line)
            if minds:
                state = string_after(line, state)
        if instead is None or (instead[2] and not state):
            return _program(inner if inner and inner[-1] else inner[:-1]), len(self._lines)
        self._strict = False
        return _program(inner[: instead[0]]), instead[1]


def _opening_behind_text(line: str) -> _Opening | None:
    """Return the fence at the end of a sentence, where it is marked with a language."""
    before, _, mark = line.rpartition("`")
    fence = len(before) - len(before.rstrip("`")) + 1
    if fence < _SHORTEST or known_language(mark) is None:
        return None
    return _Opening("`" * fence, _mark(mark), "")


def _mark(info: str) -> str:
    """Return the language in what stands behind a fence, such as `python:add.py` or `{.py}`."""
    word = _WORD.search(info.strip(" \t{.").partition(":")[0])
    if word is None:
        return ""
    mark = word[0].lower()
    ending = mark.rpartition(".")[2]
    return ending if known_language(mark) is None and known_language(ending) else mark


def _in_one_line(info: str, fence: str) -> Block | None:
    """Return the block of a line that opens and closes it."""
    if not info.endswith(fence) or "`" in (code := info[: -len(fence)].strip()):
        return None
    mark, _, rest = code.partition(" ")
    if known_language(mark) is None:
        return Block("", code + "\n")
    return Block(_mark(mark), rest.strip() + "\n")


def _closing_behind_code(line: str, opening: _Opening) -> int | None:
    """Return where a line of code ends that has the closing fence behind it."""
    plain = line.rstrip(" \t")
    code = plain.removesuffix(opening.fence)
    is_behind = code != plain and opening.fence[0] not in code and "#" not in code
    return len(code) if is_behind and code.strip() else None


def _joined(lines: list[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _program(lines: list[str]) -> str:
    """Return the lines as a program, moved to the left where all of it is set in."""
    code = _joined(lines)
    first = next((line for line in lines if line.strip()), "")
    if _BEGINS_A_PROGRAM.match(first):
        moved = textwrap.dedent(code)
        if not _BELONGS_IN_A_FUNCTION.search(moved):  # else it is the body of one in the prompt
            return moved
    return code
