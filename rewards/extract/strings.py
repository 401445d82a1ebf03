"""Whether a line of Python ends within a triple-quoted string, where fences are text."""

import re

_OUTSIDE = re.compile(r"#.*|(?P<triple>\"\"\"|''')|\"(?:[^\"\\]|\\.)*\"?|'(?:[^'\\]|\\.)*'?")
_ENDS = {quote: re.compile(rf"\\.|(?P<end>{quote})", re.DOTALL) for quote in ('"""', "'''")}


def string_after(line: str, quote: str) -> str:
    """Return the quotes of the string that is open after a line, "" for none.

    Args:
        line: One line of the program.
        quote: What was open before it.

    """
    at = 0
    while at < len(line):
        if quote:
            found = next((m for m in _ENDS[quote].finditer(line, at) if m["end"]), None)
            if found is None:
                return quote
            quote, at = "", found.end()
        else:
            found = next((m for m in _OUTSIDE.finditer(line, at) if m["triple"]), None)
            if found is None:
                return ""
            quote, at = found["triple"], found.end()
    return quote
