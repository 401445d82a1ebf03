"""`key=value` over a flat YAML of conf/, for commands that are no run: every error at once.

Not composed by Hydra, because `model=` is no choice there: it may be a folder or a Hub id.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import yaml
from hydra.errors import HydraException
from pydantic import ValidationError

from finetuning.config.groups import CONF_DIR
from finetuning.config.overrides import parse_override, plain
from finetuning.config.schema.section import Section
from finetuning.config.suggest import did_you_mean
from finetuning.credentials import why_refused
from finetuning.errors import Problem

MISSING = "???"
"""The value, in the file, of what the user has to give."""

S = TypeVar("S", bound=Section)


def read_settings(
    overrides: Sequence[str], file: str, schema: type[S], needed: Mapping[str, str]
) -> tuple[S, list[Problem]]:
    """Return the settings, with the file's value where one is wrong, and what is wrong.

    Args:
        overrides: `key=value`, as typed.
        file: the name of a YAML in conf/.
        schema: what the settings are.
        needed: setting to what the user could give there, for those that are `???` in the file.

    """
    defaults: dict[str, Any] = yaml.safe_load((CONF_DIR / file).read_text(encoding="utf-8"))
    given, problems = _read(overrides)
    for key in given.keys() - defaults.keys():
        known = did_you_mean(key, defaults)
        problems.append(Problem(f"{key}={given[key]}", f"no such setting; {known}"))
    told = {problem.setting for problem in problems}
    values = defaults | {key: value for key, value in given.items() if key in defaults}
    problems += [
        Problem(key, f"must be given: {hint}")
        for key, hint in needed.items()
        if values[key] == MISSING and key not in told
    ]
    settings, found = _parsed(schema, values, defaults)
    return settings, [*problems, *found]


def _read(overrides: Sequence[str]) -> tuple[dict[str, Any], list[Problem]]:
    given: dict[str, Any] = {}
    problems = []
    for text in overrides:
        typed, _, text_of_value = text.partition("=")
        if reason := why_refused(typed.lstrip("+"), text_of_value):
            problems.append(Problem(typed.lstrip("+"), reason))
            continue
        try:
            override, _ = parse_override(text)
        except HydraException as error:
            reason = str(error).splitlines()[0]
            problems.append(Problem(text, f"cannot be read as `setting=value` ({reason})"))
            continue
        key = override.key_or_group
        if key in given:
            problems.append(Problem(text, f"`{key}` was given twice; keep one of them"))
        elif override.is_sweep_override():
            value = text.partition("=")[2]
            remedy = (
                f"""a comma parts values; a list: '{key}=[{value}]', a text: '{key}="{value}"'"""
            )
            problems.append(Problem(text, remedy))
        else:
            given[key] = plain(override.value())
    return given, problems


def _parsed(
    schema: type[S], values: dict[str, Any], defaults: dict[str, Any]
) -> tuple[S, list[Problem]]:
    try:
        return schema.model_validate(values), []
    except ValidationError as error:
        details = error.errors()
    wrong = {str(detail["loc"][0]) for detail in details}
    repaired = schema.model_validate(values | {key: defaults[key] for key in wrong})
    return repaired, [
        Problem(
            f"{'.'.join(map(str, detail['loc']))}={detail['input']}",
            detail["msg"][0].lower() + detail["msg"][1:],
        )
        for detail in details
    ]
