"""The story of a regrade: stored completions, their rows, the judgement, what it changes, the page.

Nothing is sampled and no policy is loaded. What the rewards say is on the disk before it counts, so
that the same command goes on after a kill.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import Console

from whetstone.evaluation.errors import Unjudged
from whetstone.finetuning.algo.advantages import group_size
from whetstone.finetuning.artifacts.completions import read_batches
from whetstone.finetuning.artifacts.run_dir import locked
from whetstone.finetuning.config.regrade import Regrade
from whetstone.finetuning.regrade.identity import identity_of
from whetstone.finetuning.regrade.judging import judge_again
from whetstone.finetuning.regrade.outcome import outcome_of
from whetstone.finetuning.regrade.rows import FoundRows, find_rows
from whetstone.finetuning.report.console import working
from whetstone.finetuning.report.regrade import RegradeOutcome, write_regrade
from whetstone.finetuning.runtime.quiet import quiet_libraries
from whetstone.finetuning.training.rewards import check_columns, open_rewards
from whetstone.rewards.base import RewardConfig
from whetstone.rewards.composition import in_order
from whetstone.rewards.custom.reward import CustomConfig

FOLDER = "regrade"


def run_regrade(regrade: Regrade, console: Console) -> tuple[RegradeOutcome, Path]:
    """Do it, or what an interrupted command left of it. Returns the outcome and its page.

    Raises:
        ConfigError: the data lack what is to be judged, or what judges.
        BrokenRunError: the run's completions cannot be read.
        Unjudged: the rewards judged nothing.

    """
    quiet_libraries()
    asked = in_order(regrade.stored.reward.values())
    batches = read_batches(regrade.run, [_column(spec) for spec in asked])
    with working(console, "finding the rows of the prompts"):
        found = find_rows(regrade, batches, group_size(regrade.algorithm))
    identity = identity_of(regrade, found)
    names = "-".join(regrade.judge.reward)
    folder = regrade.run / FOLDER / f"{names}-{identity['fingerprint'][:6]}"
    specs = [_without_stop(spec) for spec in regrade.judge.reward.values()]
    columns = found.batches[0].columns
    check_columns(specs, columns, lambda name: _values(found, name))
    with locked(folder, setting="run"), open_rewards(specs, folder) as rewards:
        scores = judge_again(found.batches, rewards, folder, identity, console)
        if all(score.total is None for of_batch in scores for score in of_batch):
            raise Unjudged("No completion could be judged. The same command tries again.")
        outcome = outcome_of(regrade, found, scores, rewards)
        return outcome, write_regrade(outcome, folder)


def _column(spec: RewardConfig) -> str:
    """Return what a reward's column is called: a function of the user's has a name of its own."""
    return "" if isinstance(spec, CustomConfig) else spec.name


def _without_stop(spec: RewardConfig) -> RewardConfig:
    """Take out what would end a training: here all is judged, whatever it shows."""
    return (
        spec.model_copy(update={"hack_gap_stop": None}) if hasattr(spec, "hack_gap_stop") else spec
    )


def _values(found: FoundRows, name: str) -> Iterator[Any]:
    for batch in found.batches:
        yield from batch.columns[name]
