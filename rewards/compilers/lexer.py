"""Source text as tokens, alike for all languages: enough to find functions and what is in them.

Not a compiler's lexer: it decides what counts as code, so in doubt it sees less. Comments, strings
and numbers are recognised. What may never be compiled is left out: in C and C++ what stands below a
condition of the preprocessor, but for an include guard, and in Rust an item below a `#[cfg(...)]`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

PREPROCESSED = frozenset({"c", "cpp"})
_LINE_COMMENT = {"python": "#"}
_BACKTICK = frozenset({"go", "javascript", "typescript"})
_WORD = re.compile(r"[^\W\d]\w*|\$\w*")
_NUMBER = re.compile(r"\.?\d(?:[eEpP][+-]|[\w.'])*")
_RAW_CPP = re.compile(r'(?:u8|[uUL])?R"([^\s()\\]{0,16})\(')
_RAW_RUST = re.compile(r'b?r(#*)"')
_PYTHON_STRING = re.compile(r"(?i:[rbuf]{0,2})(\"\"\"|'''|\"|')")
_LIFETIME = re.compile(r"'[^\W\d]\w*(?!')")
_DIRECTIVE = re.compile(r"[ \t]*#[ \t]*(\w*)((?:\\\n|[^\n])*)")


class TokenKind(Enum):
    """What a token is."""

    WORD = auto()
    NUMBER = auto()
    STRING = auto()
    SIGN = auto()


@dataclass(frozen=True)
class Token:
    """A piece of source that is code. `column` counts from 0, `line` from 1."""

    kind: TokenKind
    text: str
    start: int
    line: int
    column: int
    opens_line: bool
    """Nothing but blanks stands before it in its line."""


def tokens(source: str, language: str) -> list[Token]:
    """Return the tokens of a source, without comments, directives and what is left out."""
    if language in PREPROCESSED:
        source = _without_directives(source)
    found = _Lexer(source, language).all()
    return _without_conditional_items(found) if language == "rust" else found


class _Lexer:
    def __init__(self, source: str, language: str) -> None:
        self._source, self._language = source, language
        self._at, self._line, self._line_start = 0, 1, 0
        self._occupied = 0  # the line in which the last token ended
        self._found: list[Token] = []

    def all(self) -> list[Token]:
        while self._at < len(self._source):
            character = self._source[self._at]
            if character.isspace():
                self._skip(self._at + 1)
            elif (end := self._comment()) > self._at:
                self._skip(end)
            elif (end := self._string()) > self._at:
                self._add(TokenKind.STRING, end)
            elif match := _WORD.match(self._source, self._at):
                self._add(TokenKind.WORD, match.end())
            elif match := _NUMBER.match(self._source, self._at):
                self._add(TokenKind.NUMBER, match.end())
            else:
                arrow = self._source.startswith(("=>", "::", "->"), self._at)
                self._add(TokenKind.SIGN, self._at + 1 + arrow)
        return self._found

    def _add(self, kind: TokenKind, end: int) -> None:
        column = self._at - self._line_start
        text = self._source[self._at : end]
        opens = self._occupied != self._line
        self._found.append(Token(kind, text, self._at, self._line, column, opens))
        self._skip(end)
        self._occupied = self._line

    def _skip(self, end: int) -> None:
        passed = self._source[self._at : end]
        if lines := passed.count("\n"):
            self._line += lines
            self._line_start = self._at + passed.rindex("\n") + 1
        self._at = end

    def _comment(self) -> int:
        """Return where a comment that begins here ends, or here."""
        if self._source.startswith(_LINE_COMMENT.get(self._language, "//"), self._at):
            end = self._source.find("\n", self._at)
            return len(self._source) if end < 0 else end
        if self._language == "python" or not self._source.startswith("/*", self._at):
            return self._at
        depth, at = 1, self._at + 2
        while depth and at < len(self._source):
            if self._source.startswith("*/", at):
                depth, at = depth - 1, at + 2
            elif self._language == "rust" and self._source.startswith("/*", at):
                depth, at = depth + 1, at + 2
            else:
                at += 1
        return at

    def _string(self) -> int:  # noqa: PLR0911 - one for each form of a string
        """Return where a string or a character that begins here ends, or here."""
        source, at = self._source, self._at
        if self._language == "python":
            match = _PYTHON_STRING.match(source, at)
            return self._quoted(match.end(), match[1]) if match else at
        if self._language == "cpp" and (match := _RAW_CPP.match(source, at)):
            return self._past(f'){match[1]}"', match.end())
        if self._language == "rust" and (match := _RAW_RUST.match(source, at)):
            return self._past(f'"{match[1]}', match.end())
        if self._language == "rust" and (match := _LIFETIME.match(source, at)):
            return at  # a lifetime is no string; its quote is a sign
        if self._language == "java" and source.startswith('"""', at):
            return self._quoted(at + 3, '"""')
        if source[at] == "`" and self._language in _BACKTICK:
            return self._quoted(at + 1, "`")
        return self._quoted(at + 1, source[at]) if source[at] in "\"'" else at

    def _past(self, end: str, at: int) -> int:
        found = self._source.find(end, at)
        return len(self._source) if found < 0 else found + len(end)

    def _quoted(self, at: int, quote: str) -> int:
        many_lines = len(quote) > 1 or quote == "`" or self._language == "rust"
        while at < len(self._source) and not self._source.startswith(quote, at):
            if self._source[at] == "\n" and not many_lines:
                return at
            at += 2 if self._source[at] == "\\" else 1
        return min(at + len(quote), len(self._source))


def closing(found: Sequence[Token], at: int) -> int:
    """Return the place of the bracket that closes the one at `at`, or the end."""
    depth = 0
    while at < len(found):
        if found[at].kind is TokenKind.SIGN:
            depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(found[at].text, 0)
        if depth <= 0:
            return at
        at += 1
    return at


def _without_conditional_items(found: list[Token]) -> list[Token]:
    """Leave out what stands below `#[cfg(...)]`, and after `#![cfg(...)]` everything."""
    kept: list[Token] = []
    at = 0
    while at < len(found):
        inner = int(found[at + 1 : at + 2] != [] and found[at + 1].text == "!")
        opens = at + 1 + inner
        if found[at].text != "#" or opens >= len(found) or found[opens].text != "[":
            kept.append(found[at])
            at += 1
            continue
        end = closing(found, opens) + 1
        if "cfg" not in {token.text for token in found[opens:end]}:
            kept += found[at:end]
            at = end
        elif inner:
            break
        else:
            at = _past_item(found, end)
    return kept


def _past_item(found: Sequence[Token], at: int) -> int:
    """Return the place behind the item that begins here, attributes and all."""
    while at < len(found) and found[at].text not in {";", "{", "}"}:
        at = closing(found, at) + 1
    return at if found[at : at + 1] and found[at].text == "}" else closing(found, at) + 1


def _without_directives(source: str) -> str:
    """Blank the preprocessor's lines, and what stands below a condition that is no include guard.

    Lengths and lines stay as they are.
    """
    pieces: list[str] = []
    conditions: list[bool] = []  # of those open: whether what stands below it counts
    previous = ""
    for line in re.findall(r"(?:\\\n|[^\n])*\n?", source):
        match = _DIRECTIVE.match(line)
        hidden = not all(conditions)
        if match:
            word, rest = match[1], match[2].strip()
            if word.startswith("if"):
                conditions.append(False)
                previous = rest if word == "ifndef" else ""
            elif word == "define" and conditions and previous == rest and len(conditions) == 1:
                conditions[-1] = True
            elif word.startswith("el") and conditions:
                conditions[-1] = False
            elif word == "endif" and conditions:
                conditions.pop()
            if word != "ifndef":
                previous = ""
        pieces.append(re.sub(r"[^\n]", " ", line) if match or hidden else line)
    return "".join(pieces)
