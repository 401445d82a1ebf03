"""What a setting takes, read off the schema and TRL's own config classes: `a whole number`."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from whetstone.finetuning.config.schema import Config
from whetstone.finetuning.config.schema.algo import ALGORITHM_CONFIGS
from whetstone.finetuning.config.schema.base import PATH_OR_NAME, Section
from whetstone.finetuning.config.trl_args import FILES, argument_types

Node = dict[str, Any]
_ARGS = "algo.args."
_OF_STAGE = re.compile(r"^pipeline\.stages\.[^.]+\.set\.")
_OF_PYTHON = {
    "int": "integer",
    "float": "number",
    "bool": "boolean",
    "str": "string",
    "None": "null",
}
_WORDS = {
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list, such as [a,b]",
    "object": "a table, such as {a: 1}",
    "string": "a text",
    "null": "null for none",
}


def kinds_of(path: str, schema: type[Section] = Config, algo: str | None = None) -> frozenset[str]:
    """Return the JSON types that a setting may have; none where there is no such setting.

    Args:
        path: the dotted path of a setting.
        schema: what it is a setting of.
        algo: the algorithm, whose arguments `algo.args` holds.

    """
    if algo in ALGORITHM_CONFIGS and path.startswith(_ARGS):
        annotation = argument_types(algo).get(path.removeprefix(_ARGS), "")
        parts = (part.strip() for part in annotation.split("|"))
        return frozenset(_OF_PYTHON[part] for part in parts if part in _OF_PYTHON)
    return frozenset(str(node["type"]) for node in _nodes(path, schema) if "type" in node)


def wanted(path: str, schema: type[Section] = Config, algo: str | None = None) -> str | None:
    """Say what a setting takes; None where there is no such setting. Arguments as in `kinds_of`."""
    words = [str(word) for node in _nodes(path, schema) for word in node.get("enum", ())]
    kinds = kinds_of(path, schema, algo)
    if any(node.get("format") == "path" for node in _nodes(path, schema)):
        words, kinds = ["a path"], kinds - {"string"}
    told = [_WORDS[kind] for kind in _WORDS if kind in kinds and not (words and kind == "string")]
    return " or ".join([*words, *told]) or None


def is_setting(path: str, algo: str) -> bool:
    """Tell whether a run with this algorithm has a setting; what is in `algo.args` it cannot."""
    return bool(_nodes(path, Config, algo))


def takes_path(path: str, schema: type[Section] = Config) -> bool:
    """Tell whether a setting, or each entry of its list, is a path or may be one."""
    path = _OF_STAGE.sub("", path)
    if path.startswith(_ARGS):
        argument = path.removeprefix(_ARGS)
        return argument in FILES or argument.endswith(("_path", "_dir"))
    root = _json_schema(schema)
    nodes = _nodes(path, schema)
    entries = [option for node in nodes for option in _options(root, node.get("items", {}))]
    return any(node.get("format") in {"path", PATH_OR_NAME} for node in [*nodes, *entries])


def _nodes(path: str, schema: type[Section], algo: str | None = None) -> list[Node]:
    """Return the JSON schemas of a setting: each kind of data or reward may have its own.

    An `algo` leaves out what is of the other algorithms.
    """
    root = _json_schema(schema)
    nodes = [root]
    for part in path.split("."):
        inside = [option for node in nodes for option in _options(root, node)]
        if algo is not None:
            inside = [node for node in inside if _may_be_of(algo, node)]
        below = [
            node.get("properties", {}).get(part) or node.get("additionalProperties")
            for node in inside
        ]
        nodes = [node for node in below if isinstance(node, dict)]
    return [option for node in nodes for option in _options(root, node)]


def _may_be_of(algo: str, node: Node) -> bool:
    name = node.get("properties", {}).get("name", {}).get("const", algo)
    return name == algo or name not in ALGORITHM_CONFIGS


def _options(root: Node, node: Node) -> Iterator[Node]:
    if "$ref" in node:
        yield from _options(root, root["$defs"][node["$ref"].rsplit("/", 1)[-1]])
    elif several := node.get("anyOf") or node.get("oneOf"):
        for option in several:
            yield from _options(root, option)
    else:
        yield node


@cache
def _json_schema(schema: type[Section]) -> Node:
    return schema.model_json_schema()
