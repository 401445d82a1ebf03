"""What the tests of a problem call: names, or paths to a method as data sets write them.

`Solution().f` asks of a program that it defines `Solution`: that is all that can be looked up
before the program runs.
"""

import builtins
import functools
import re
from collections.abc import Iterable

from whetstone.rewards.sandbox.names import used_names

_PATH = re.compile(r"([^\W\d]\w*)(?:\(\))?(?:\.[^\W\d]\w*(?:\(\))?)*\Z")
_KEPT = 4096


def root_name(entry_point: str) -> str:
    """Return the name that a program has to define for an entry point.

    Raises `ValueError` for what is neither a name nor a path such as `Solution().f`.
    """
    found = _PATH.match(entry_point.strip())
    if found is None:
        raise ValueError(
            f"{entry_point!r} is neither a Python name nor a path such as Solution().f"
        )
    return found[1]


def root_names(entry_points: Iterable[str]) -> tuple[str, ...]:
    """Return the names that a program has to define, each once."""
    return tuple(dict.fromkeys(map(root_name, entry_points)))


@functools.lru_cache(maxsize=_KEPT)
def names_asked(tests: str, entry_points: tuple[str, ...] = ()) -> frozenset[str]:
    """Return the names that a program is asked for: its entry points, or what its tests read.

    Names of builtins count among the latter only where nothing else is left: a problem may ask for
    a function called `sum`.
    """
    if entry_points:
        return frozenset(root_names(entry_points))
    try:
        used = used_names(tests)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return frozenset()  # the sandbox says what is wrong with them
    return frozenset({name for name in used if not hasattr(builtins, name)} or used)
