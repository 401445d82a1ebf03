"""From a composed dictionary to a frozen Config, or to the list of all its problems.

When a value is wrong, it is replaced by the preset's for the rest of the check, so that the rules
between settings are still looked at and the user hears everything in one go.
"""

import copy
from collections.abc import Callable, Iterator
from typing import Any

from pydantic import ValidationError

from whetstone.finetuning.config.explain import did_you_mean, explain, path_of
from whetstone.finetuning.config.rules import broken_rules
from whetstone.finetuning.config.schema import Config
from whetstone.finetuning.credentials import why_refused
from whetstone.finetuning.errors import Problem

Values = dict[str, Any]

MUST_BE_GIVEN = "must be given:"


def validate(values: Values, preset: Callable[[], Values]) -> tuple[Config | None, list[Problem]]:
    """Check one composed configuration.

    `preset` makes the same composition without the user's single values; it is asked for where a
    value is wrong. Returns the configuration, or None, and every problem found.
    """
    credentials = _credentials(values)
    problems = [*credentials, *_unknown_stages(values, preset), *_missing(values)]
    refused = {problem.setting for problem in problems}
    config, found = _parse(values)
    problems += [problem for problem in _without_followers(found) if _name(problem) not in refused]
    repaired = config
    if config is None:
        repaired, _ = _parse(_repair(values, preset()))
    if repaired is not None:
        wrong = {_name(problem) for problem in problems}
        problems += [found for found in broken_rules(repaired) if _name(found) not in wrong]
    return (None if problems else config), problems


def _name(problem: Problem) -> str:
    return problem.setting.split("=")[0]


def _without_followers(problems: list[Problem]) -> list[Problem]:
    """Leave out what is wrong because another setting is: `run.cache` lies in `run.outputs`."""
    told: list[Problem] = []
    for problem in problems:
        _, _, value = problem.setting.partition("=")
        if not any(
            problem.message == other.message
            and (inside := other.setting.partition("=")[2])
            and value.startswith(f"{inside}/")
            for other in told
        ):
            told.append(problem)
    return told


def _credentials(values: Values) -> list[Problem]:
    """Return the settings that hold a credential, by name or by what their values look like."""
    found: list[tuple[str, str, str]] = []
    for path, value in _leaves(values):
        refusal = why_refused(path, value)
        if refusal is not None and not any(value.startswith(f"{other}/") for _, other, _ in found):
            found.append((path, value, refusal))  # what only follows another is told with it
    return [Problem(path, refusal) for path, _, refusal in found]


def _leaves(node: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield the settings that hold a text or a whole number, each with its path."""
    if isinstance(node, dict | list):
        inside = node.items() if isinstance(node, dict) else enumerate(node)
        for key, value in inside:
            yield from _leaves(value, f"{path}.{key}" if path else str(key))
    elif not isinstance(node, bool | float):
        yield path, str(node)


def _unknown_stages(values: Values, preset: Callable[[], Values]) -> list[Problem]:
    """Take out stages that no YAML has: a misspelt one would only be called incomplete."""
    stages = values["pipeline"].get("stages")
    if not isinstance(stages, dict) or not all(isinstance(s, dict) for s in stages.values()):
        return []  # the schema says what they are
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
        return None, [explain(detail, values) for detail in details]


def _repair(values: Values, preset: Values) -> Values:
    """Return the values with everything that the schema refuses dropped or set to the preset's."""
    repaired = copy.deepcopy(values)
    try:
        Config.model_validate(values)
    except ValidationError as error:
        for detail in error.errors():
            path = path_of(detail["loc"], values)
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
