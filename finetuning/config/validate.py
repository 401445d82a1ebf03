"""From a composed dictionary to a frozen Config, or to the list of all its problems.

When a value is wrong, it is replaced by the preset's for the rest of the check, so that the rules
between settings are still looked at and the user hears everything in one go.
"""

import copy
from collections.abc import Callable
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from finetuning.config.rules import broken_rules
from finetuning.config.schema import Config
from finetuning.config.suggest import did_you_mean, nearest
from finetuning.errors import Problem

Values = dict[str, Any]

MUST_BE_GIVEN = "must be given:"


def validate(values: Values, preset: Callable[[], Values]) -> tuple[Config | None, list[Problem]]:
    """Check one composed configuration.

    `preset` makes the same composition without the user's single values; it is asked for where a
    value is wrong. Returns the configuration, or None, and every problem found.
    """
    problems = [*_unknown_stages(values, preset), *_missing(values)]
    config, found = _parse(values)
    problems += found
    repaired = config
    if config is None:
        repaired, _ = _parse(_repair(values, preset()))
    if repaired is not None:
        wrong = {_name(problem) for problem in problems}
        problems += [found for found in broken_rules(repaired) if _name(found) not in wrong]
    return (None if problems else config), problems


def _name(problem: Problem) -> str:
    return problem.setting.split("=")[0]


def _unknown_stages(values: Values, preset: Callable[[], Values]) -> list[Problem]:
    """Take out stages that no YAML has: a misspelt one would only be called incomplete."""
    stages = values["pipeline"]["stages"]
    if all("choose" in stage for stage in stages.values()):
        return []
    known = preset()["pipeline"]["stages"]
    unknown = [name for name in stages if name not in known]
    for name in unknown:
        del stages[name]
    return [
        Problem(f"pipeline.stages.{name}", f"no such stage; {did_you_mean(name, known)}")
        for name in unknown
    ]


def _missing(values: Values, prefix: str = "") -> list[Problem]:
    problems = []
    for key, value in values.items():
        if isinstance(value, dict):
            problems += _missing(value, f"{prefix}{key}.")
        elif value == "???":
            problems.append(Problem(f"{prefix}{key}", f"{MUST_BE_GIVEN} {prefix}{key}=..."))
    return problems


def _parse(values: Values) -> tuple[Config | None, list[Problem]]:
    try:
        return Config.model_validate(values), []
    except ValidationError as error:
        details = [detail for detail in error.errors() if detail["input"] != "???"]
        return None, [_explain(detail, values) for detail in details]


def _explain(detail: ErrorDetails, values: Values) -> Problem:
    path = _path(detail["loc"], values)
    dotted = ".".join(path)
    if detail["type"] == "missing":
        return Problem(dotted, "required, but no YAML and no argument sets it")
    setting = f"{dotted}={_short(detail['input'])}"
    if dotted == "experiment":
        return Problem(dotted, "its file must begin with the line `# @package _global_`")
    if detail["type"] == "extra_forbidden":
        siblings = _fields_at(detail["loc"][:-1])
        guess = nearest(path[-1], siblings)
        hint = f"did you mean `{guess}`? " if guess else ""
        known = f"known here: {', '.join(sorted(siblings))}" if siblings else ""
        return Problem(setting, f"no such setting; {hint}{known}")
    if detail["type"] in {"literal_error", "union_tag_invalid"}:
        context = detail.get("ctx", {})
        expected = str(context.get("expected") or context.get("expected_tags"))
        options = [option.strip(" '") for option in expected.replace(" or ", ",").split(",")]
        guess = nearest(str(detail["input"]), options)
        hint = f"did you mean `{guess}`? " if guess else ""
        return Problem(setting, f"{hint}expected one of: {', '.join(options)}")
    return Problem(setting, detail["msg"][0].lower() + detail["msg"][1:])


def _short(value: object, limit: int = 60) -> str:
    text = "{...}" if isinstance(value, dict) else str(value)
    return text if len(text) <= limit else text[: limit - 3] + "..."


def _path(location: tuple[int | str, ...], values: Values) -> list[str]:
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


def _fields_at(location: tuple[int | str, ...]) -> set[str]:
    """Return the setting names that the schema has at a pydantic error location."""
    schema = Config.model_json_schema()

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
    return set(follow(node).get("properties", {}))


def _repair(values: Values, preset: Values) -> Values:
    """Return the values with everything that the schema refuses dropped or set to the preset's."""
    repaired = copy.deepcopy(values)
    try:
        Config.model_validate(values)
    except ValidationError as error:
        for detail in error.errors():
            path = _path(detail["loc"], values)
            unknown = detail["type"] == "extra_forbidden"  # in a preset file it is unknown as well
            _set(repaired, path, _ABSENT if unknown else _get(preset, path))
    return repaired


_ABSENT = object()


def _get(values: Values, path: list[str]) -> object:
    node: Any = values
    for part in path:
        if not isinstance(node, dict) or part not in node:
            return _ABSENT
        node = node[part]
    return node


def _set(values: Values, path: list[str], value: object) -> None:
    node: Any = values
    for part in path[:-1]:
        node = node.get(part) if isinstance(node, dict) else None
    if not isinstance(node, dict) or not path:
        return
    if value is _ABSENT:
        node.pop(path[-1], None)
    else:
        node[path[-1]] = value
