"""Puts together what a regrade found: measures, groups, prompts, and the settings that differ."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import torch

from whetstone.evaluation.validate import Score
from whetstone.finetuning.config.regrade import Regrade
from whetstone.finetuning.regrade.figures import (
    advantage_changes,
    examples,
    pair_changes,
    pass_rate,
    prompt_changes,
    with_signal,
)
from whetstone.finetuning.regrade.groups import (
    Judged,
    JudgedGroup,
    UnknownAdvantagesError,
    groups_of,
    moved_advantages,
    new_scores,
    stored_scores,
)
from whetstone.finetuning.regrade.rows import FoundRows
from whetstone.finetuning.report.regrade import PASS_RATE, MeanChange, RegradeOutcome
from whetstone.rewards.composition import RewardSet, in_order

_EXAMPLES = 3
_NOT_READ = frozenset({"eval_tasks", "watch_task", "held_out"})
"""Settings of data that judging has no use for."""


def outcome_of(
    regrade: Regrade, found: FoundRows, scores: Sequence[Sequence[Score]], rewards: RewardSet
) -> RegradeOutcome:
    """Compare what was stored with what the rewards say now.

    Args:
        regrade: what was judged by what.
        found: the stored batches.
        scores: for each of them what each reward says now.
        rewards: those that were asked.

    """
    asked = in_order(regrade.stored.reward.values())
    weights = [spec.weight for spec in asked]
    names = [config.name for config in rewards.configs]
    before = [stored_scores(batch, weights) for batch in found.batches]
    after = [new_scores(of_batch, names, rewards.weights) for of_batch in scores]
    groups, why = _groups(regrade, found, before, after)
    passes = regrade.passes
    prompts = prompt_changes(groups, passes)
    old, new = _totals(before), _totals(after)
    passed, pass_now = old >= _like(old, passes[0]), new >= _like(new, passes[1])
    return RegradeOutcome(
        run=str(regrade.run),
        rewards=tuple(names),
        settings=dict(_differences(regrade)),
        completions=len(old),
        groups=len(groups),
        generations=len(found.batches),
        changed=int((~((old == new) | (old.isnan() & new.isnan()))).sum()),
        gained=int((pass_now & ~passed).sum()),
        lost=int((passed & ~pass_now).sum()),
        unjudged=(int(old.isnan().sum()), int(new.isnan().sum())),
        left_out=dict(_left_out(found)),
        measures=(
            MeanChange(PASS_RATE, pass_rate([old], passes[0]), pass_rate([new], passes[1])),
            MeanChange("mean reward", _mean(old), _mean(new)),
            *_each_reward([spec.name for spec in asked], before, names, after),
        ),
        with_signal=(
            with_signal(group.before for group in groups),
            with_signal(group.after for group in groups),
        ),
        pairs=pair_changes(groups),
        advantages=advantage_changes(groups),
        why_no_advantages=why,
        lessons=dict(Counter(prompt.lesson for prompt in prompts)),
        prompts=prompts,
        examples=examples(groups, _EXAMPLES),
    )


def _groups(
    regrade: Regrade, found: FoundRows, before: Sequence[Judged], after: Sequence[Judged]
) -> tuple[list[JudgedGroup], str]:
    """Return all groups, with advantages where all are known, else why they are not."""
    settings, why = regrade.algorithm, ""
    parts = [*zip(found.batches, before, after, strict=True)]
    moved: list[tuple[float, ...] | None] = []
    try:
        moved += [moved_advantages(*part, settings) for part in parts]
    except UnknownAdvantagesError as error:
        moved, why = [None] * len(parts), str(error)
    of_parts = [groups_of(*part, by, settings) for part, by in zip(parts, moved, strict=True)]
    return [group for groups in of_parts for group in groups], why


def _each_reward(
    asked: Sequence[str], before: Sequence[Judged], names: Sequence[str], after: Sequence[Judged]
) -> Iterator[MeanChange]:
    """Yield the mean of each reward, unless one alone is all there is."""
    every = list(dict.fromkeys([*asked, *names]))
    if len(every) == 1:
        return
    means_before = {name: _mean(_column(before, at)) for at, name in enumerate(asked)}
    means_after = {name: _mean(_column(after, at)) for at, name in enumerate(names)}
    for name in every:
        yield MeanChange(f"reward {name}", means_before.get(name), means_after.get(name))


def _column(judged: Sequence[Judged], at: int) -> torch.Tensor:
    return torch.cat([one.rewards[:, at] for one in judged])


def _totals(judged: Sequence[Judged]) -> torch.Tensor:
    return torch.cat([one.scores for one in judged])


def _like(values: torch.Tensor, number: float) -> torch.Tensor:
    """Round a setting as scores are, so that 0.9 reaches 0.9."""
    return torch.tensor(number, dtype=values.dtype)


def _mean(values: torch.Tensor) -> float | None:
    judged = values[~values.isnan()].double()
    return judged.mean().item() if len(judged) else None


def _left_out(found: FoundRows) -> Iterator[tuple[str, int]]:
    if found.without_row:
        yield "these data do not have their prompts", found.without_row
    if found.ambiguous:
        yield "several rows of the data have their prompts, with other tests each", found.ambiguous


def _differences(regrade: Regrade) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield what the judges of now were told otherwise."""
    before, after = (config.model_dump(mode="json") for config in (regrade.stored, regrade.judge))
    for name in dict.fromkeys([*before["reward"], *after["reward"]]):
        was, now = before["reward"].get(name), after["reward"].get(name)
        if was is None or now is None:
            asked = (
                "not asked" if was is None else "asked",
                "not asked" if now is None else "asked",
            )
            yield f"reward.{name}", asked
        else:
            yield from _changed(f"reward.{name}", was, now)
    data = [*_changed("data", before["data"], after["data"])]
    yield from data
    if not data and not regrade.has_own_rows:
        yield "data", ("as the run read them", "as they are now")
    passes = regrade.passes
    if passes[0] != passes[1]:
        yield "algo.curriculum.pass_reward", (str(passes[0]), str(passes[1]))


def _changed(prefix: str, was: Any, now: Any) -> Iterator[tuple[str, tuple[str, str]]]:
    if isinstance(was, dict) and isinstance(now, dict):
        for key in dict.fromkeys([*was, *now]):
            if key not in _NOT_READ:
                yield from _changed(f"{prefix}.{key}", was.get(key), now.get(key))
    elif was != now:
        yield prefix, (str(was), str(now))
