"""Refuses problems that an empty answer solves: their tests would pay a policy for silence."""

from collections.abc import Iterable
from typing import TypeGuard

from datasets import Dataset

from whetstone.finetuning.config.schema import HubData, JsonlData
from whetstone.finetuning.config.schema.data import DataConfig
from whetstone.finetuning.errors import ConfigError, Problem
from whetstone.rewards.base import RewardConfig
from whetstone.rewards.criteria import CriteriaConfig
from whetstone.rewards.empty_program import doubtful_problems, solved_by_nothing
from whetstone.rewards.execution import ExecutionConfig
from whetstone.rewards.sandbox import Sandbox
from whetstone.rewards.tests_source import LIBRARY

_SHOWN = 200
"""Characters of tests that are shown."""


def check_nothing_passes(data: DataConfig, specs: Iterable[RewardConfig], dataset: Dataset) -> None:
    """Run a program of nothing against those tests of which the source does not tell.

    What comes with us was looked at once and for all, so only the user's own problems are run.

    Raises:
        ConfigError: Some problem is solved by a program of nothing.

    """
    judge = next(filter(_runs_tests, specs), None)
    if judge is None or not isinstance(data, JsonlData | HubData):
        return
    columns = {name: dataset[name][:] for name in dataset.column_names if name in _COLUMNS}
    doubtful = doubtful_problems(**columns, modules=judge.imports or LIBRARY)
    if not doubtful:
        return
    limits = judge.workers, judge.timeout_s, judge.memory_mb
    with Sandbox(*limits, packages=judge.packages) as sandbox:
        solved = solved_by_nothing(sandbox, doubtful)
    if solved:
        tests = " ".join(columns["tests"][solved[0]].split())
        remedy = (
            f"{len(solved)} of {len(dataset)} problems are solved by a program of nothing, so an "
            f"empty answer would be paid; the first is row {solved[0] + 1}: {tests:.{_SHOWN}}"
        )
        raise ConfigError([Problem("data: tests", remedy)])


_COLUMNS = frozenset({"tests", "prefix", "entry_points"})


def _runs_tests(spec: RewardConfig) -> TypeGuard[ExecutionConfig | CriteriaConfig]:
    return isinstance(spec, ExecutionConfig | CriteriaConfig) and spec.imports is not None
