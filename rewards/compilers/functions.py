"""The functions of a program and what is in their bodies, also where it does not compile."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from whetstone.rewards.compilers.lexer import Token, TokenKind, closing, tokens

_NO_FUNCTION = frozenset(
    {"if", "for", "while", "switch", "catch", "else", "do", "try", "loop", "match", "unsafe"}
    | {"synchronized", "with", "return", "select", "case", "default", "finally", "static_assert"}
)
_CONTAINERS = frozenset(
    {"class", "struct", "enum", "union", "interface", "record", "namespace", "impl", "mod", "trait"}
    | {"extern", "module", "type", "macro_rules"}
)
_KEYWORD = {"rust": "fn", "go": "func"}
_TRIVIAL = frozenset(
    {"return", "pass", "raise", "throw", "new", "null", "nullptr", "None", "nil", "undefined"}
    | {"true", "false", "True", "False", "NULL", "void", "NotImplementedError", "panic", "todo"}
    | {"unimplemented", "unreachable", "UnsupportedOperationException", "Error", "NotImplemented"}
    | {"RuntimeException", "IllegalStateException", "abort", "std", "runtime_error", "exit", "Some"}
    | {"Ok", "Optional", "empty", "String", "Default", "default", "const", "static", "let", "var"}
    | {"auto", "int", "u8"}
)
"""Words that stand in bodies which do nothing: literals and the ways of saying "not yet"."""
_SCRIPTS = frozenset({"python", "javascript", "typescript", "java"})
"""Languages, or harnesses, that take statements outside of any function."""
_IMPORTS = frozenset({"import", "from", "package", "use", "using", "require"})
_FILLED = re.compile(r"(?i:[rb]?f[rb]?)[\"'].*\{|`.*\$\{", re.DOTALL)


@dataclass(frozen=True)
class Function:
    """A function with a body, from the first line of its head to the last of its body."""

    first_line: int
    last_line: int
    body: Sequence[Token]


def functions(source: str, language: str) -> list[Function]:
    """Return the outermost functions of a program, methods among them."""
    found = tokens(source, language)
    return _python(found) if language == "python" else _braced(found, language)


def does_something(source: str, begin: int, end: int, language: str) -> bool:
    """Tell whether anything between two places of a program is code that does something.

    That is a body with more in it than literals and "not yet", or, where the language takes
    statements alone, a call or an assignment of that kind.
    """
    found = tokens(source, language)
    inside = _python(found) if language == "python" else _braced(found, language)
    bodies = [token for function in inside for token in function.body]
    if any(_counts(token) and begin <= token.start < end for token in bodies):
        return True
    if language not in _SCRIPTS or inside:
        return False
    loose = [token for token in _without_imports(found) if begin <= token.start < end]
    acts = any(token.text in {"(", "="} for token in loose)
    return acts and any(_counts(token) for token in loose)


def _counts(token: Token) -> bool:
    if token.kind is TokenKind.STRING:  # with a value in it, it is an expression
        return bool(_FILLED.match(token.text))
    return token.kind is TokenKind.WORD and token.text not in _TRIVIAL


def _without_imports(found: Sequence[Token]) -> list[Token]:
    kept: list[Token] = []
    importing = 0
    for token in found:
        if token.opens_line and token.text in _IMPORTS:
            importing = token.line
        if token.line != importing:
            kept.append(token)
    return kept


def _python(found: Sequence[Token]) -> list[Function]:
    result: list[Function] = []
    at = 0
    while at < len(found):
        if not _is_def(found, at):
            at += 1
            continue
        head = found[at]
        body = _past_colon(found, at)
        end = body
        depth = 0
        while end < len(found):
            token = found[end]
            dedented = token.opens_line and token.line > head.line and token.column <= head.column
            if dedented and depth == 0:
                break
            depth = max(0, depth + _nesting(token))
            end += 1
        last = found[end - 1].line if end > at else head.line
        result.append(Function(head.line, last, found[body:end]))
        at = max(end, at + 1)
    return result


def _is_def(found: Sequence[Token], at: int) -> bool:
    token = found[at]
    if token.text == "async" and at + 1 < len(found):
        return token.opens_line and found[at + 1].text == "def"
    return token.opens_line and token.text == "def"


def _past_colon(found: Sequence[Token], at: int) -> int:
    """Return the place behind the colon that ends the head at `at`."""
    depth = 0
    while at < len(found):
        depth += _nesting(found[at])
        at += 1
        ends_line = at < len(found) and found[at].opens_line
        if found[at - 1].text == ":" and (depth <= 0 or ends_line):
            break
    return at


def _nesting(token: Token) -> int:
    if token.kind is not TokenKind.SIGN:
        return 0
    return {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(token.text, 0)


def _braced(found: Sequence[Token], language: str) -> list[Function]:
    result: list[Function] = []
    head: list[Token] = []
    at = depth = 0
    while at < len(found):
        token = found[at]
        if token.text == "{" and _is_in_head(head, depth):
            at = _closing(found, at) + 1
        elif token.text in {"{", "(", "["} and language == "rust" and _is_macro(head):
            at, head, depth = closing(found, at) + 1, [], 0
        elif token.text == "{" and _is_function(head, language):
            end = _closing(found, at)
            last = found[min(end, len(found) - 1)].line
            result.append(Function(head[0].line, last, found[at + 1 : end]))
            at, head, depth = end + 1, [], 0
        elif token.text in {"{", "}"} or (token.text == ";" and depth <= 0):
            head, depth = [], 0
            at += 1
        else:
            depth += _nesting(token)
            head.append(token)
            at += 1
    return result


def _is_in_head(head: Sequence[Token], depth: int) -> bool:
    """Tell a brace of a pattern, a default or a Go type from one that opens a body."""
    last = head[-1].text if head else ""
    if head and head[0].text == "func" and last in {"interface", "struct"}:
        return True
    return depth > 0 and last not in {")", "=>"}


def _is_macro(head: Sequence[Token]) -> bool:
    """Tell a macro of Rust, whose brackets may hold anything: who knows what becomes of it."""
    return bool(head) and (head[-1].text == "!" or "macro_rules" in {one.text for one in head})


def _is_function(head: Sequence[Token], language: str) -> bool:
    words = {token.text for token in head if token.kind is TokenKind.WORD}
    if language in _KEYWORD:
        return _KEYWORD[language] in words
    if not head or head[0].text in _NO_FUNCTION:
        return False
    signs = {token.text for token in head if token.kind is TokenKind.SIGN}
    starts = {token.text for token in head[:4]} & _CONTAINERS
    return bool(signs & {"(", "=>"}) and not (starts and ")" not in signs)


def _closing(found: Sequence[Token], at: int) -> int:
    """Return the place of the brace that closes the one at `at`, or the end."""
    depth = 0
    while at < len(found):
        depth += {"{": 1, "}": -1}.get(found[at].text, 0) if found[at].kind is TokenKind.SIGN else 0
        if depth == 0:
            return at
        at += 1
    return at
