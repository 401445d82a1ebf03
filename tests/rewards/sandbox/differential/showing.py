"""What a step of a test shows: values in words that say what is the same object as what.

Its source goes into the tests, so it runs in either world and imports what it needs itself.
"""

import array
import collections
import re
import types


def show(thunk):
    """Say what a step gives, or what it raises."""
    try:
        value = thunk()
    except Exception as error:  # noqa: BLE001 - of whatever is raised the words are compared
        error.__context__ = None
        return "raised " + in_words(error, [])
    return in_words(value, [])


def in_words(value, known, depth=0):
    """Say what a value is; one that was mentioned before is a number."""
    if value is None or type(value) in PLAIN:
        return without_addresses(repr(value))
    if isinstance(value, type):
        return "class " + value.__name__
    for number, one in enumerate(known):
        if one is value:
            return "#" + str(number)
    if not isinstance(value, (tuple, frozenset)):
        known.append(value)
    if depth > DEEPEST:
        return "..."
    return "(" + " ".join(held_in_words(value, known, depth + 1)) + ")"


def held_in_words(value, known, depth):
    """Say of what type a value is, and what it holds."""
    name = type(value).__name__
    if isinstance(value, BaseException):
        return ["error", *error_in_words(value, known, depth)]
    if isinstance(value, FUNCTIONS):
        return [name, value.__name__]
    if isinstance(value, DATA):
        return [name, *data_in_words(value, known, depth)]
    if hasattr(value, "__next__"):
        return ["iterator"]
    held = vars(value) if hasattr(value, "__dict__") else {}
    return [
        name,
        *(f"{n}={in_words(part, known, depth)}" for n, part in held.items() if n[:2] != "__"),
    ]


def data_in_words(value, known, depth):
    """Say what a container holds, or a subclass of a plain type."""
    if isinstance(value, dict):
        keys = list(dict.keys(value))
        parts = [dict.__getitem__(value, key) for key in keys]
        return [
            in_words(key, known, depth) + ":" + in_words(part, known, depth)
            for key, part in zip(keys, parts, strict=True)
        ]
    if isinstance(value, (set, frozenset)):  # whose order tells nothing
        return sorted(
            repr(part) if type(part) in (*PLAIN, tuple) else type(part).__name__ for part in value
        )
    if isinstance(value, str):
        return [without_addresses(str.__str__(value))]
    if isinstance(value, (int, float)):
        return [repr(int(value))]
    base = list if isinstance(value, list) else tuple if isinstance(value, tuple) else type(value)
    return [in_words(part, known, depth) for part in base.__iter__(value)]


def error_in_words(error, known, depth):
    """Say what an exception says, where it does not depend on who calls."""
    said = [type(error).__name__]
    if type(error) not in WORDED_OTHERWISE:
        said += [in_words(part, known, depth) for part in error.args]
    said += getattr(error, "__notes__", [])
    if error.__cause__ is not None:
        said.append("from " + in_words(error.__cause__, known, depth))
    if isinstance(error, BaseExceptionGroup):
        said += [in_words(part, known, depth) for part in error.exceptions]
    return said


def without_addresses(text):
    """Leave out where an object lies."""
    return re.sub("0[xX][0-9a-fA-F]+", "0x", text)


DEEPEST = 6
PLAIN = (bool, int, float, str, bytes, complex, range, slice)
FUNCTIONS = (types.FunctionType, types.MethodType, types.BuiltinFunctionType)
SEQUENCES = (list, tuple, collections.deque, bytearray, array.array)
DATA = (dict, set, frozenset, int, float, str, *SEQUENCES)
WORDED_OTHERWISE = (TypeError, AttributeError, RuntimeError, RecursionError, NotImplementedError)
