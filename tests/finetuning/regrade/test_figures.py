"""What is counted within groups: order, signs and moves, also where something was not judged."""

import pytest
import torch

from whetstone.finetuning.algo.advantages import advantages
from whetstone.finetuning.artifacts.completions import StoredBatch
from whetstone.finetuning.config import load
from whetstone.finetuning.regrade.figures import (
    advantage_changes,
    examples,
    lesson,
    pair_changes,
    pass_rate,
    prompt_changes,
    with_signal,
)
from whetstone.finetuning.regrade.groups import (
    Judged,
    JudgedGroup,
    UnknownAdvantagesError,
    moved_advantages,
)
from whetstone.finetuning.regrade.rows import JudgedBatch
from whetstone.finetuning.report.regrade import Lesson, PairChanges

NAN = torch.nan


def group(before, after, advantages=None, prompt="p"):
    then, now = advantages or ((0.0,) * len(before), None)
    texts = tuple(f"text {number}" for number in range(len(before)))
    return JudgedGroup(prompt, 1, texts, torch.tensor(before), torch.tensor(after), then, now)


def batch(scores, stored):
    size = len(scores)
    return JudgedBatch(
        StoredBatch(1, ("p",) * size, ("c",) * size, (tuple(scores),), tuple(stored)), {}
    )


def judged(scores):
    return Judged(torch.tensor(scores)[:, None], torch.ones(1))


def test_pairs_are_counted_once_and_without_what_was_not_judged():
    found = pair_changes([group([0.0, 1.0, 1.0, NAN], [1.0, 0.0, 1.0, 1.0])])
    # 0-1 turned, 0-2 joined, 1-2 parted; the fourth was not judged before.
    assert found == PairChanges(kept=0, turned=1, parted=1, joined=1)


@pytest.mark.parametrize(
    ("before", "after", "taught"),
    [
        ([0.0, 1.0], [0.0, 1.0], Lesson.SAME),
        ([0.0, 1.0], [0.0, 0.4], Lesson.SAME),
        ([0.0, 1.0], [1.0, 0.0], Lesson.OTHER),
        ([0.0, 0.0], [1.0, 0.0], Lesson.NEW),
        ([0.0, 1.0], [1.0, 1.0], Lesson.SILENT),
        ([0.0, 0.0], [1.0, 1.0], Lesson.SAME),
        ([0.0, NAN], [1.0, NAN], Lesson.SAME),
        ([0.5], [0.5], Lesson.SAME),
        ([0.5], [0.7], Lesson.OTHER),
    ],
)
def test_what_a_group_would_have_taught(before, after, taught):
    assert lesson(group(before, after)) is taught


def test_another_sign_of_an_advantage_is_another_lesson():
    """The order is the same, and the one in the middle is pushed the other way."""
    then, now = (-1.0, 0.1, 0.9), (-0.9, -0.1, 1.0)
    assert lesson(group([0.0, 0.6, 1.0], [0.0, 0.4, 1.0], (then, now))) is Lesson.OTHER
    found = advantage_changes([group([0.0, 0.6, 1.0], [0.0, 0.4, 1.0], (then, now))])
    assert found.turned == 1
    assert found.mean_change == pytest.approx((0.1 + 0.2 + 0.1) / 3)
    assert found.alignment == pytest.approx(1.79 / 1.82)


def test_prompts_are_put_together_and_sorted_by_how_far_they_moved():
    groups = [
        group([0.0, 1.0], [0.0, 1.0], prompt="still"),
        group([0.0, 1.0], [0.0, 1.0], prompt="moved"),
        group([0.0, 1.0], [1.0, 1.0], prompt="moved"),
        group([0.0, 0.0], [5.0, 5.0], prompt="raised"),  # beside each other nobody moved
    ]
    first, *others = prompt_changes(groups, (1.0, 1.0))
    assert (first.prompt, first.completions, first.lesson) == ("moved", 4, Lesson.SILENT)
    assert (first.passed_before, first.passed_after) == (0.5, 0.75)
    assert first.weight == 1.0
    assert {one.prompt: one.weight for one in others} == {"still": 0.0, "raised": 0.0}
    [shown] = examples(groups, 3)
    assert [sample.completion for sample in shown.samples] == ["text 0", "text 1"]
    assert with_signal(one.before for one in groups) == 3


def test_a_pass_is_compared_as_scores_are_rounded():
    assert pass_rate([torch.tensor([0.9, 0.8, NAN])], 0.9) == 0.5
    assert pass_rate([torch.tensor([NAN])], 0.9) is None


def test_a_kl_stays_in_the_advantages_of_rloo():
    """TRL subtracts it from the score before it compares; nobody stored it."""
    config = load(["algo=rloo", "model=qwen", "data=nano", "algo.args.num_generations=2"]).main.algo
    before, after = judged([0.0, 1.0]), judged([1.0, 1.0])
    kl = torch.tensor([0.25, -0.5])
    stored = advantages(before.rewards - kl[:, None], before.weights, config).tolist()
    would_be = advantages(after.rewards - kl[:, None], after.weights, config).tolist()
    found = moved_advantages(batch([0.0, 1.0], stored), before, after, config)
    assert found == pytest.approx(would_be)
    assert moved_advantages(batch([0.0, 1.0], stored), before, before, config) == tuple(stored)


@pytest.mark.parametrize(
    ("algo", "why"), [("grpo", "are not those of its scores"), ("ppo", "do not follow from scores")]
)
def test_advantages_that_scores_do_not_make_are_not_told(algo, why):
    config = load([f"algo={algo}", "model=qwen", "data=nano"]).main.algo
    size = 8
    scores = [0.0] * 4 + [1.0] * 4
    other = batch(scores, [0.5] * size)
    with pytest.raises(UnknownAdvantagesError, match=why):
        moved_advantages(other, judged(scores), judged(scores), config)
