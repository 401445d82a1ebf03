"""Which of the blocks of an answer are its program.

Decided by names alone, those that are asked for and those that blocks define, and by the order of
the blocks. No block is ever run, so that several answers are worth no more than the one that this
rule takes.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from whetstone.rewards.extract.fences import Block
from whetstone.rewards.languages import known_language, marks_of

_PYTHON_DEFINES = re.compile(
    r"^(?:(?:async[ \t]+)?def|class)[ \t]+([^\W\d]\w*)|^([^\W\d]\w*)[ \t]*(?::[^=\n]*)?=(?!=)",
    re.MULTILINE,
)
_PYTHON_IMPORTS = re.compile(r"(?:import|from)\s|#|\s|\)")
_OTHERWISE_IMPORTS = re.compile(
    r"\s*(?:#\s*include\b|using\b|import\b|package\b|use\b|extern\s+crate\b|//|$)"
)
_FUTURE = re.compile(r"^from[ \t]+__future__[ \t]+import[ \t]+(?:\([^)]*\)|[^\n]*)", re.MULTILINE)
"""What Python takes at the very beginning of a program only."""
_WORD = re.compile(r"[^\W\d]\w*")


@dataclass(frozen=True)
class _Read:
    """A block, and what it says at its outermost level."""

    index: int
    code: str
    trust: int
    """2: marked with the language, 1: without a mark, 0: with one that says nothing, -1: with that
    of another language."""
    functions: frozenset[str]
    """Functions and classes that it defines."""
    names: frozenset[str]
    """All names that it defines."""
    only_imports: bool


def chosen(blocks: Sequence[Block], language: str, names: Collection[str]) -> str | None:
    """Return the program that the blocks hold; None where there is no block.

    The one that defines most of the names, then one that defines any function, then one that is
    marked with the language, and of equals the last. Before it go the blocks that only import; with
    it those whose functions it uses, in the order of the answer.

    Args:
        blocks: The blocks of an answer, in its order.
        language: What the program is written in.
        names: What the tests ask for.

    """
    asked = frozenset(names)
    read = [_read(index, block, language, asked) for index, block in enumerate(blocks)]
    if not read:
        return None
    main = max(
        read,
        key=lambda one: (
            bool(one.code.strip()),
            not one.only_imports,
            len(one.names & asked),
            bool(one.functions) and one.trust > 0,
            one.trust,
            one.index,
        ),
    )
    with_it = [one for one in read if one.only_imports and one.trust > 0 and one.code.strip()]
    if language == "python":
        with_it += _helpers(main, read, asked)
    parts = {one.index: one for one in [main, *with_it]}.values()
    ordered = sorted(parts, key=lambda one: (not one.only_imports, one.index))
    codes = [one.code for one in ordered]
    if language == "python" and len(codes) > 1:
        codes = [*_FUTURE.findall("\n".join(codes)), *(_FUTURE.sub("", code) for code in codes)]
    return "\n".join(codes)


def _helpers(main: _Read, read: Iterable[_Read], asked: frozenset[str]) -> list[_Read]:
    """Return the blocks whose functions the chosen one needs, or that are asked for beside it.

    None of them defines a name again: two definitions are two answers.
    """
    where = {name: one for one in read if one.trust > 0 for name in one.functions}
    defined = set(main.names)
    found: dict[int, _Read] = {}
    needed = [*_words(main.code), *asked] if where.keys() - main.functions else []
    while needed:
        one = where.get(needed.pop())
        if one is None or one is main or one.index in found or one.names & defined:
            continue
        found[one.index] = one
        defined |= one.names
        needed += _words(one.code)
    return list(found.values())


def _words(code: str) -> set[str]:
    return set(_WORD.findall(code))


def _read(index: int, block: Block, language: str, asked: frozenset[str]) -> _Read:
    if block.mark in marks_of(language) or known_language(block.mark) == language:
        trust = 2
    elif not block.mark:
        trust = 1
    else:
        trust = 0 if known_language(block.mark) is None else -1
    lines = [line for line in block.code.split("\n") if line.strip()]
    if language == "python":
        found = _PYTHON_DEFINES.findall(block.code)
        functions = frozenset(function for function, _ in found if function)
        names = functions | {name for _, name in found if name}
        only_imports = all(map(_PYTHON_IMPORTS.match, lines)) and any(
            not line[0].isspace() and line[0] not in "#)" for line in lines
        )
        return _Read(index, block.code, trust, functions, names, only_imports)
    # Elsewhere what stands in a block with a body counts as defined: no language is parsed here.
    functions = frozenset({"{"} if "{" in block.code else ())
    names = asked & _words(block.code) if functions else frozenset()
    only_imports = bool(lines) and all(map(_OTHERWISE_IMPORTS.match, lines))
    return _Read(index, block.code, trust, functions, names, only_imports)
