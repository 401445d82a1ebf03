"""Checks every point of a sweep before the first one runs."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException

from whetstone.finetuning.artifacts.run_dir import check_place, earlier_run, finished
from whetstone.finetuning.artifacts.run_name import run_name
from whetstone.finetuning.config import load
from whetstone.finetuning.config.command_line import CommandLine
from whetstone.finetuning.config.compose import Composer
from whetstone.finetuning.errors import ConfigError, Problem
from whetstone.finetuning.sweep.progress import sweep_settings

Points = Sequence[Sequence[str]]
"""The overrides of each point."""


def checked_sweep(command: CommandLine, user_dirs: Sequence[Path]) -> list[str]:
    """Check every point, so that a wrong last one is known before the first runs.

    The points of another sweeper (`hydra/sweeper=...`) are known to it alone, and are checked
    one by one when they start. Returns what the jobs have to know of the sweep, as settings of
    Hydra.

    Raises:
        ConfigError: with the problems of all points.

    """
    if command.problems:
        raise ConfigError(command.problems)
    own = [*command.choices.values(), *command.values.values()]
    try:
        parsed = OverridesParser.create().parse_overrides(own)
        swept = [override for override in parsed if override.is_sweep_override()]
        varied = [override.key_or_group for override in swept]
        if twice := [problem for override in swept for problem in _given_twice(override)]:
            raise ConfigError(twice)
        if any(text.startswith("hydra/sweeper") for text in command.hydra):
            return sweep_settings(varied, None)
        batches = BasicSweeper.split_arguments(parsed, max_batch_size=None)
    except HydraException as error:
        raise ConfigError([Problem("sweep", " ".join(str(error).split()))]) from error
    points = [point for batch in batches for point in batch]
    names = _names(points, varied, user_dirs)
    shared = [name for name, count in Counter(names).items() if count > 1]
    if shared:
        is_named = "run.name" in command.values
        remedy = "leave run.name out" if is_named else "keep one of them"
        told = f"several points of the sweep would share this folder; {remedy}"
        raise ConfigError([Problem(f"run.name={name}", told) for name in shared])
    return sweep_settings(varied, len(names))


def _given_twice(override: Override) -> list[Problem]:
    """Name the values that a sweep has twice: their points would be one run."""
    key = override.key_or_group
    values = Counter(override.sweep_string_iterator())
    return [
        Problem(f"{key}={value}", "appears twice in the sweep; keep one of them")
        for value, count in values.items()
        if count > 1
    ]


def _names(points: Points, varied: Sequence[str], user_dirs: Sequence[Path]) -> list[str]:
    """Return the name of each point's run. Raises ConfigError with the problems of all."""
    composer = Composer(user_dirs)
    names: list[str] = []
    wrong: list[tuple[Problem, ...]] = []
    for point in points:
        try:
            plan = replace(load(point, user_dirs, composer), varied=tuple(varied))
            earlier = earlier_run(plan)
            if earlier is None or not finished(earlier):  # a finished one is taken as it is
                check_place(plan)
            names.append(run_name(plan))
            wrong.append(())
        except ConfigError as error:
            wrong.append(error.problems)
    if any(wrong):
        raise ConfigError(_by_point(points, wrong, varied))
    return names


def _by_point(
    points: Points, wrong: Sequence[Sequence[Problem]], varied: Sequence[str]
) -> list[Problem]:
    """Name the point of a problem that not all points have, unless it names itself."""
    told: list[Problem] = []
    for point, problems in zip(points, wrong, strict=True):
        own = [text.lstrip("+") for text in point if text.lstrip("+").partition("=")[0] in varied]
        for problem in problems:
            everywhere = all(problem in others for others in wrong)
            itself = any(problem.setting.startswith(f"{key}=") for key in varied)
            at = "" if everywhere or itself else f"[{' '.join(own)}] "
            told.append(replace(problem, setting=f"{at}{problem.setting}"))
    return list(dict.fromkeys(told))
