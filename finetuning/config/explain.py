"""What pydantic found, in the words of the settings: path, value, and what would be right."""

import difflib
from collections.abc import Iterable
from functools import cache
from typing import Any

from pydantic_core import ErrorDetails

from whetstone.finetuning.config.schema import Config
from whetstone.finetuning.config.synonyms import instead
from whetstone.finetuning.errors import Problem

Values = dict[str, Any]
_KEY = "[key]"
"""The end of pydantic's path to a key that is wrong."""
_SECTION = "a section, whose settings are given one by one (SECTION.SETTING=VALUE),"
_WANTED = {
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_parsing": "a number",
    "float_type": "a number",
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "string_type": "a text",
    "list_type": "a list, such as [a,b],",
    "path_type": "a path",
    "dict_type": _SECTION,
    "model_type": _SECTION,
    "model_attributes_type": _SECTION,
}
"""What a value of the wrong type should have been."""
_LIMITS = {
    "greater_than": "a number above {gt:g}",
    "greater_than_equal": "{ge:g} or a number above it",
    "less_than": "a number below {lt:g}",
    "less_than_equal": "{le:g} or a number below it",
}
"""What a number out of range should have been."""


def explain(detail: ErrorDetails, values: Values) -> Problem:
    """Return the problem that an error of the schema stands for."""
    path = path_of(detail["loc"], values)
    dotted = ".".join(path)
    if detail["type"] == "missing":
        return Problem(dotted, "required, but no YAML and no argument sets it")
    if path and detail["loc"][-1] == _KEY:
        return _wrong_key(detail, dotted, values)
    if dotted == "experiment":
        return Problem(dotted, "its file must begin with the line `# @package _global_`")
    if detail["type"] == "extra_forbidden":
        reason = f"no such setting; {_right_name(detail, path, values)}"
    elif detail["type"] == "union_tag_not_found" and len(path) > 1:
        # A value of a part that was not chosen: `reward.custom.fn=...` without `reward=custom`.
        reason = f"{path[0]}={path[1]} is not chosen; add it"
    elif detail["input"] is None:
        reason = "null stands for none, and this one needs a value"
    elif detail["type"] in {"literal_error", "union_tag_invalid"}:
        reason = _one_of(detail)
    else:
        reason = reason_of(detail)
    return Problem(f"{dotted}={_short(detail['input'])}", reason)


def reason_of(detail: ErrorDetails) -> str:
    """Return what is wrong with a value; pydantic's sentence where it is fit for users."""
    if wanted := _WANTED.get(detail["type"]):
        return f"expected {wanted}"
    if limit := _LIMITS.get(detail["type"]):
        return f"expected {limit.format(**detail['ctx'])}"
    text = detail["msg"].removeprefix("Value error, ")
    return text[0].lower() + text[1:]


def _one_of(detail: ErrorDetails) -> str:
    context = detail.get("ctx", {})
    expected = str(context.get("expected") or context.get("expected_tags"))
    options = [option.strip(" '") for option in expected.replace(" or ", ",").split(",")]
    guess = nearest(str(detail["input"]), options)
    hint = f"did you mean `{guess}`? " if guess else ""
    return f"{hint}expected one of: {', '.join(options)}"


def _wrong_key(detail: ErrorDetails, dotted: str, values: Values) -> Problem:
    """Explain a key of a table, which pydantic reports as if it were a value."""
    node: Any = values
    for part in dotted.split("."):
        node = node.get(part) if isinstance(node, dict) else None
    return Problem(f"{dotted}={_short(node)}", f"no such setting; {_one_of(detail)}")


def _right_name(detail: ErrorDetails, path: list[str], values: Values) -> str:
    """Say what an unknown setting is called here: deeper in its place, or as others call it."""
    *parents, name = path
    location, value = detail["loc"], detail["input"]
    siblings = sorted(_fields_at(location[:-1]))
    inside = [part for part in siblings if name in _fields_at((*location[:-1], part))]
    if not inside and not isinstance(value, dict | list):
        algo = (values.get("algo") or {}).get("name")
        if told := instead(name, str(algo), _short(value)):
            return told
    guess = ".".join([*parents, inside[0], name]) if inside else nearest(name, siblings)
    return _what_there_is(location, parents, siblings, guess)


def path_of(location: tuple[int | str, ...], values: Values) -> list[str]:
    """Drop the discriminator tags that pydantic puts into a location."""
    path: list[str] = []
    node: Any = values
    for index, part in enumerate(location):
        last = index == len(location) - 1
        if isinstance(node, dict) and (part in node or last):
            path.append(str(part))
            node = node.get(part)
        elif isinstance(node, list) and isinstance(part, int):
            path.append(str(part))
            node = node[part]
    return path


def _what_there_is(
    location: tuple[int | str, ...], parents: list[str], siblings: list[str], guess: str | None
) -> str:
    """Say what an unknown setting may have meant, who has it, and what is known in its place."""
    told = [f"did you mean `{guess}`?"] if guess else []
    others = _choices_with(location)
    if others and len(parents) == 1:
        told.append(f"{parents[0]}={', '.join(others)} {'has' if len(others) == 1 else 'have'} it;")
    if siblings:
        told.append(f"known here: {', '.join(siblings)}")
    return " ".join(told)


def _choices_with(location: tuple[int | str, ...]) -> list[str]:
    """Return the other choices at a place that have the setting: algorithms, kinds of data."""
    if len(location) == 1:
        return []
    *before, _, name = location
    mapping = _node_at(tuple(before)).get("discriminator", {}).get("mapping", {})
    return sorted(tag for tag in mapping if name in _fields_at((*before, tag)))


def _fields_at(location: tuple[int | str, ...]) -> set[str]:
    """Return the setting names that the schema has at a pydantic error location."""
    return set(_node_at(location).get("properties", {}))


def _node_at(location: tuple[int | str, ...]) -> Values:
    """Return the JSON schema of what a pydantic error location leads to; {} for nothing."""
    schema = _schema()

    def follow(node: Values) -> Values:
        while "$ref" in node:
            node = schema["$defs"][node["$ref"].rsplit("/", 1)[-1]]
        return node

    node: Values = schema
    for part in location:
        node = follow(node)
        mapping = node.get("discriminator", {}).get("mapping", {})
        if part in mapping:
            node = {"$ref": mapping[part]}
        else:
            node = node.get("properties", {}).get(part) or node.get("additionalProperties") or {}
        if not isinstance(node, dict):
            return {}
    return follow(node)


@cache
def _schema() -> Values:
    return Config.model_json_schema()


def _short(value: object, limit: int = 60) -> str:
    """Write a value as YAML would, in one short line."""
    if value is None:
        return "null"
    text = str(value)
    if isinstance(value, dict):
        text = "{" + ", ".join(f"{key}: {_short(item)}" for key, item in value.items()) + "}"
    return text if len(text) <= limit else text[: limit - 3] + "..."


def nearest(word: str, candidates: Iterable[str], alike: float = 0.6) -> str | None:
    """Return the candidate most like `word` in any case; None if none is as alike as that."""
    folded = {candidate.casefold(): candidate for candidate in candidates}
    matches = difflib.get_close_matches(word.casefold(), folded, n=1, cutoff=alike)
    return folded[matches[0]] if matches else None


def did_you_mean(word: str, candidates: Iterable[str], alike: float = 0.6) -> str:
    """Return a sentence that names the nearest candidate and lists all of them."""
    options = sorted(set(candidates))
    guess = nearest(word, options, alike)
    hint = f"did you mean `{guess}`? " if guess else ""
    return f"{hint}there are: {', '.join(options)}"
