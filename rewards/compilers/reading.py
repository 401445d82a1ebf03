"""What a snippet says, by the grammar of its language, and the program that a compiler gets of it.

In doubt it sees less: comments, what may never be compiled and what a macro swallows are no code.
"""

import json
import re
import resource
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from functools import lru_cache

from tree_sitter import Node

from whetstone.rewards.compilers.language import Language, Values
from whetstone.rewards.compilers.program import Program, TangledError, below
from whetstone.rewards.compilers.snippet import Reading, Snippet
from whetstone.rewards.compilers.table import LANGUAGES

_CPU_S, _MEMORY_BYTES = 10, 256 << 20
"""Of this process, for one snippet. An honest one takes milliseconds and a megabyte."""
_TRIVIAL = frozenset(
    {"return", "pass", "raise", "throw", "new", "null", "nullptr", "None", "nil", "undefined"}
    | {"true", "false", "True", "False", "NULL", "void", "NotImplementedError", "panic", "todo"}
    | {"unimplemented", "unreachable", "UnsupportedOperationException", "Error", "NotImplemented"}
    | {"RuntimeException", "IllegalStateException", "abort", "std", "runtime_error", "exit", "Some"}
    | {"Ok", "Optional", "empty", "String", "Default", "default", "const", "static", "let", "var"}
    | {"auto", "int", "u8"}
)
"""Words that stand in bodies which do nothing: literals and the ways of saying "not yet"."""
_WORD = re.compile(r"[^\W\d]\w*|\$\w*")
_PIECE = re.compile(r"\w+|[^\w\s]")
_QUOTED = re.compile("string|char|rune|escape")
"""What grammars call strings and what is in them."""
_BYTE_ORDER_MARK = "\ufeff"


def main() -> None:
    """Read the snippets that come in, one a line, and say of each what it says: null for nothing.

    One that is over the limits ends this process.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY_BYTES, _MEMORY_BYTES))
    most_cpu_s = resource.getrlimit(resource.RLIMIT_CPU)[1]
    for line in sys.stdin.buffer:
        resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time()) + _CPU_S, most_cpu_s))
        snippet, values = json.loads(line)
        try:
            answer = asdict(read(Snippet(**snippet), values))
        except (TangledError, MemoryError):
            answer = None
        print(json.dumps(answer), flush=True)


def read(snippet: Snippet, values: Values | None) -> Reading:
    """Read a snippet; without `values` there is no `source`. Raises `TangledError`."""
    language = LANGUAGES[snippet.language]
    prefix = snippet.prefix.removeprefix(_BYTE_ORDER_MARK)
    code = snippet.code if prefix else snippet.code.removeprefix(_BYTE_ORDER_MARK)
    before, inside, after = (
        text.encode("utf-8", "replace") for text in (prefix, code, snippet.suffix)
    )
    whole = before + inside + after
    begin, end = len(before), len(before + inside)
    seen = _seen(Program(whole, language.grammar), language)
    functions = _functions(seen, language)
    last = whole.count(b"\n") + 1
    return Reading(
        repeats=_words(seen, begin, end) in _shown(snippet.prompt or snippet.prefix, language),
        content=_does_something(seen, language, functions, begin, end),
        functions=[
            (one.start_point.row + 1, min(one.end_point.row + 1, last)) for one in functions
        ],
        source="" if values is None else _complete(whole, language, values),
    )


def _complete(source: bytes, language: Language, values: Values) -> str:
    if language.silencers:
        source = re.sub(language.silencers.encode(), lambda said: b"_" * len(said[0]), source)
    return language.complete(Program(source, language.grammar), values)


def _seen(program: Program, language: Language) -> Program:
    """Return a program with blanks in place of comments, and of what may never be compiled."""
    comments = [one for one in below(program.root) if one.is_extra and "comment" in one.type]
    if comments:
        program = Program(program.without(comments), language.grammar)
    if language.dead:
        kept = set(program.find(language.dead, "kept"))
        dead = [one for one in program.find(language.dead, "dead") if one not in kept]
        program = Program(program.without(dead), language.grammar) if dead else program
    return program


def _words(program: Program, begin: int, end: int) -> str:
    """Return the words and signs between two places; what stands in quotes is one of them."""
    words: list[str] = []
    for node in below(program.root):
        quoted = node.is_named and _QUOTED.search(node.type)
        if node.start_byte >= begin and node.end_byte <= end and (quoted or not node.child_count):
            text = program.of(node)
            words += [text] if quoted else _PIECE.findall(text)
            begin = node.end_byte
    return "\0".join(["", *words, ""])


@lru_cache(maxsize=64)
def _shown(prompt: str, language: Language) -> str:
    """Return the words of a prompt, which stays the same for a group of snippets."""
    source = prompt.encode("utf-8", "replace")
    return _words(_seen(Program(source, language.grammar), language), 0, len(source))


def _functions(program: Program, language: Language) -> list[Node]:
    """Return the outermost functions with a body, methods among them."""
    found: list[Node] = []
    for node in program.find(language.functions, "function"):
        if not found or node.start_byte >= found[-1].end_byte:
            found.append(node)
    return found


def _does_something(
    program: Program, language: Language, functions: list[Node], begin: int, end: int
) -> bool:
    """Tell whether anything between two places of a program is code that does something.

    That is a body with more in it than literals and "not yet", or, where the language takes
    statements alone, a call or an assignment of that kind.
    """
    for function in functions:
        if any(_counts(program, node, begin, end) for node in below(*_body(function))):
            return True
    if language.imports is None or functions or program.root.is_error:
        return False
    imports = set(program.find(language.imports, "import"))
    loose = [one for one in program.root.children if one not in imports and not one.is_error]
    found = [node for node in below(*loose) if begin <= node.start_byte < end]
    acts = any(node.type == "(" or "=" in node.type for node in found)
    return acts and any(_counts(program, node, begin, end) for node in found)


def _body(function: Node) -> Iterator[Node]:
    """Return the parts of a function behind its head, lines that are no code among them."""
    body = function.child_by_field_name("body") or function.children[-1]
    inside = False
    for child in function.children:
        inside = inside or child == body
        if inside:
            yield child
        inside = inside or child.type == ":"


def _counts(program: Program, node: Node, begin: int, end: int) -> bool:
    """Tell whether a word between two places is more than a literal or a way to say "not yet"."""
    if node.child_count or node.is_error or not begin <= node.start_byte < end:
        return False
    text = program.of(node)
    quoted = node.is_named and _QUOTED.search(node.type)
    return not quoted and text not in _TRIVIAL and _WORD.fullmatch(text) is not None
