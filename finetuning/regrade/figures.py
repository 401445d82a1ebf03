"""What became of scores, of their order within groups and of advantages, over all groups."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain

import torch

from whetstone.finetuning.algo.dynamic import EQUAL
from whetstone.finetuning.formats.fields import prompt_key
from whetstone.finetuning.regrade.groups import JudgedGroup
from whetstone.finetuning.report.completions import as_text
from whetstone.finetuning.report.regrade import (
    AdvantageChanges,
    Lesson,
    PairChanges,
    PromptChange,
    RegradedCompletion,
    RegradedPrompt,
)


def pair_changes(groups: Iterable[JudgedGroup]) -> PairChanges:
    """Count what became of the order of every two completions of a group that are judged twice."""
    counts: Counter[str] = Counter()
    for group in groups:
        before, after = _order(group.before), _order(group.after)
        known = ~(before.isnan() | after.isnan())
        pairs = torch.ones_like(known).triu(1) & known
        before, after = before[pairs], after[pairs]
        counts["turned"] += int((before * after == -1).sum())
        counts["parted"] += int(((before == 0) & (after != 0)).sum())
        counts["joined"] += int(((before != 0) & (after == 0)).sum())
        counts["kept"] += int((before == after).sum())
    names = ("kept", "turned", "parted", "joined")
    return PairChanges(**{name: counts[name] for name in names})


def advantage_changes(groups: Sequence[JudgedGroup]) -> AdvantageChanges | None:
    """Compare the advantages of all completions; None where those of now are not known."""
    if not groups or any(group.advantages_after is None for group in groups):
        return None
    before = torch.tensor([*chain(*(group.advantages_before for group in groups))]).double()
    after = torch.tensor([*chain(*(group.advantages_after or () for group in groups))]).double()
    norms = before.norm() * after.norm()
    return AdvantageChanges(
        mean_change=(after - before).abs().mean().item(),
        turned=int((_sign(before) * _sign(after) == -1).sum()),
        alignment=(before @ after / norms).item() if norms else None,
    )


def with_signal(scores: Iterable[torch.Tensor]) -> int:
    """Count groups in which completions are worth different amounts."""
    return sum(_spread(scores_N) > EQUAL for scores_N in scores)


def prompt_changes(
    groups: Sequence[JudgedGroup], passes: tuple[float, float]
) -> tuple[PromptChange, ...]:
    """Return what each prompt would have taught, those that moved most first.

    Args:
        groups: all of them.
        passes: the sum of rewards from which on a completion passed, and passes now.

    """
    by_prompt: dict[str, list[JudgedGroup]] = {}
    for group in groups:
        by_prompt.setdefault(prompt_key({"prompt": group.prompt}), []).append(group)
    changes = [
        PromptChange(
            prompt=as_text(of_one[0].prompt),
            completions=sum(len(group.completions) for group in of_one),
            lesson=_lesson([lesson(group) for group in of_one]),
            passed_before=pass_rate([group.before for group in of_one], passes[0]),
            passed_after=pass_rate([group.after for group in of_one], passes[1]),
            weight=sum(_moves(group).sum().item() for group in of_one),
        )
        for of_one in by_prompt.values()
    ]
    return tuple(sorted(changes, key=lambda change: -change.weight))


def examples(groups: Sequence[JudgedGroup], count: int) -> tuple[RegradedPrompt, ...]:
    """Show, of each prompt that moved most, the group that did, and its gain and its loss."""
    ordered = sorted(groups, key=lambda group: -_moves(group).sum().item())
    chosen: dict[str, JudgedGroup] = {}
    for group in ordered:
        if len(chosen) == count or not _moves(group).sum():
            break
        chosen.setdefault(prompt_key({"prompt": group.prompt}), group)
    return tuple(_example(group) for group in chosen.values())


def lesson(group: JudgedGroup) -> Lesson:
    """Say what one group would have taught."""
    before, after = _spread(group.before) > EQUAL, _spread(group.after) > EQUAL
    if len(group.completions) == 1:  # compared with a critic, and with no other completion
        return Lesson.OTHER if _moves(group).sum() > EQUAL else Lesson.SAME
    if before != after:
        return Lesson.NEW if after else Lesson.SILENT
    orders = _order(group.before), _order(group.after)
    same = torch.equal(orders[0].nan_to_num(), orders[1].nan_to_num())
    if same and group.advantages_after is not None:
        signs = [
            _sign(torch.tensor(advantages))
            for advantages in (group.advantages_before, group.advantages_after)
        ]
        same = torch.equal(*signs)
    return Lesson.SAME if same else Lesson.OTHER


def pass_rate(scores: Sequence[torch.Tensor], passes: float) -> float | None:
    """Return the share of judged completions that pass; None where none was judged."""
    judged = torch.cat([*scores]) if scores else torch.empty(0)
    judged = judged[~judged.isnan()]
    threshold = torch.tensor(passes, dtype=judged.dtype)
    return (judged >= threshold).double().mean().item() if len(judged) else None


def _lesson(of_groups: Sequence[Lesson]) -> Lesson:
    other = {found for found in of_groups if found is not Lesson.SAME}
    if len(other) == 1:
        return other.pop()
    return Lesson.OTHER if other else Lesson.SAME


def _example(group: JudgedGroup) -> RegradedPrompt:
    order = _moves(group, signed=True).argsort(stable=True).tolist()
    places = dict.fromkeys([order[-1], order[0]])  # the gain, then the loss
    after = group.advantages_after
    return RegradedPrompt(
        prompt=as_text(group.prompt),
        lesson=lesson(group),
        step=group.step,
        samples=tuple(
            RegradedCompletion(
                completion=as_text(group.completions[at]),
                before=_number(group.before[at]),
                after=_number(group.after[at]),
                advantage_before=group.advantages_before[at],
                advantage_after=None if after is None else after[at],
            )
            for at in places
        ),
    )


def _moves(group: JudgedGroup, *, signed: bool = False) -> torch.Tensor:
    """Return how far each completion moved beside the others; 0 where it was not judged twice."""
    moves_N = (group.after - group.before).double()
    if len(moves_N) > 1:
        moves_N = moves_N - torch.nanmean(moves_N)
    moves_N = moves_N.nan_to_num()
    return moves_N if signed else moves_N.abs()


def _order(scores_N: torch.Tensor) -> torch.Tensor:
    """Return for each two completions 1, 0 or -1, or NaN where one was not judged: (N, N)."""
    apart_N_N = scores_N[:, None] - scores_N[None, :]
    return torch.where(apart_N_N.isnan(), torch.nan, _sign(apart_N_N))


def _sign(values: torch.Tensor) -> torch.Tensor:
    return torch.where(values.abs() > EQUAL, values.sign(), torch.zeros_like(values))


def _spread(scores_N: torch.Tensor) -> float:
    judged = scores_N[~scores_N.isnan()]
    return (judged.max() - judged.min()).item() if len(judged) else 0.0


def _number(score: torch.Tensor) -> float | None:
    return None if score.isnan() else score.item()
