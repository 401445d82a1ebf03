"""A text and its syntax tree, also where it is no program.

Parsed in the process of `whetstone.rewards.compilers.reading` alone: a text can bring a parser
down.
"""

import importlib
import re
import time
from collections.abc import Iterable, Iterator
from functools import cache

from tree_sitter import Language, Node, Parser, Query, QueryCursor, Tree

_PARSE_CPU_S = 1.0
"""A program of the greatest length takes a thirtieth of that, and the worst prose less."""
_CLOSING = {"(": ")", "[": "]", "{": ";}"}


class TangledError(Exception):
    """A grammar makes too much of a text, as each does of some that repeat themselves."""


class Program:
    """A text in one language. Places in it are bytes.

    Where it ends too soon, the tree is that of a text whose brackets are closed.

    Raises:
        TangledError: the text cannot be read in time.

    """

    def __init__(self, source: bytes, grammar: str) -> None:
        self.source, self._grammar = source, _language(grammar)
        self._tree = self._parsed(source)
        if self.root.has_error and (closing := _closing(self)):
            self._tree = self._parsed(source + closing)

    @property
    def text(self) -> str:
        """The whole of it."""
        return self.source.decode("utf-8", "replace")

    @property
    def root(self) -> Node:
        """The node of the whole text."""
        return self._tree.root_node

    def find(self, query: str, name: str) -> list[Node]:
        """Return what a query captures under a name, earlier and outer nodes first."""
        found = QueryCursor(_query(self._grammar, query)).captures(self.root).get(name, [])
        return sorted(found, key=lambda node: (node.start_byte, -node.end_byte))

    def of(self, node: Node) -> str:
        """Return the text of a node."""
        return self.source[slice(*node.byte_range)].decode("utf-8", "replace")

    def cut(self, *places: int) -> list[str]:
        """Return the text in pieces that end at these places, and what is left."""
        pieces = zip([0, *places], [*places, len(self.source)], strict=True)
        return [self.source[begin:end].decode("utf-8", "replace") for begin, end in pieces]

    def without(self, found: Iterable[Node]) -> bytes:
        """Return the text with blanks in place of some nodes; lines stay as they are."""
        kept = bytearray(self.source)
        for node in found:
            place = slice(*node.byte_range)
            kept[place] = re.sub(rb"[^\n]", b" ", kept[place])
        return bytes(kept)

    def _parsed(self, source: bytes) -> Tree:
        until = time.process_time() + _PARSE_CPU_S
        try:
            return Parser(self._grammar).parse(
                lambda at, _: source[at:],
                progress_callback=lambda *_: time.process_time() > until,
            )
        except ValueError as error:
            raise TangledError(f"not read within {_PARSE_CPU_S:g} s") from error


def below(*roots: Node) -> Iterator[Node]:
    """Return some nodes and all below them, each before its own children, at any depth."""
    for root in roots:
        cursor = root.walk()
        going = True
        while going:
            if cursor.node is not None:
                yield cursor.node
            going = cursor.goto_first_child() or cursor.goto_next_sibling()
            while not going and cursor.goto_parent():
                going = cursor.goto_next_sibling()


def _closing(program: Program) -> bytes:
    """Return what closes the comment, or the brackets, of a text that ends too soon."""
    if program.source.rfind(b"/*") > program.source.rfind(b"*/"):
        return b"*/"
    closing: list[str] = []
    for node in below(program.root):
        if node.type in _CLOSING and not node.is_missing:
            closing.append(_CLOSING[node.type])
        elif closing and node.type == closing[-1].strip(";") and not node.is_missing:
            closing.pop()
    return "".join(reversed(closing)).encode()


@cache
def _language(grammar: str) -> Language:
    module, _, function = grammar.partition(":")
    return Language(getattr(importlib.import_module(module), function or "language")())


@cache
def _query(language: Language, text: str) -> Query:
    return Query(language, text)
