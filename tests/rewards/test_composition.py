"""Rewards as one: their order, their sum, and that all of them are closed."""

from typing import Literal

import pytest

from whetstone.rewards.base import RewardConfig
from whetstone.rewards.composition import RewardSet, UnusableRewardsError


class Judge:
    """Says what it was told to say, posts or reads verdicts, and keeps where it may."""

    def __init__(self, config):
        self.__name__ = config.name
        self.none_masks_sample = config.strict
        self._config = config
        self.closed = 0
        self.folder = None

    def __call__(self, prompts, completions, **_):
        if self._config.waits_for:
            self.board.read(self._config.waits_for, prompts, completions)
        self.board.post(self.__name__, prompts, completions, ["passed"] * len(completions))
        return list(self._config.values)

    def share(self, board):
        self.board = board

    def keep_in(self, folder):
        self.folder = folder

    def close(self):
        self.closed += 1


class JudgeConfig(RewardConfig):
    name: Literal["tests", "style", "teacher"]
    values: tuple[float | None, ...] = (1.0,)
    strict: bool = False
    waits_for: str | None = None
    broken: str = ""

    @property
    def after(self):
        return self.waits_for

    def build(self):
        if self.broken:
            raise ValueError(self.broken)
        return MADE.setdefault(self.name, Judge(self))


MADE: dict[str, Judge] = {}


@pytest.fixture(autouse=True)
def _nothing_made():
    MADE.clear()


def config(name, weight=1.0, **settings):
    return JudgeConfig(name=name, weight=weight, **settings)


def test_one_that_waits_for_verdicts_is_asked_after_them():
    teacher = config("teacher", waits_for="tests", values=(0.5,))
    with RewardSet([teacher, config("tests", 2.0)]) as rewards:
        assert [reward.__name__ for reward in rewards.rewards] == ["tests", "teacher"]
        assert rewards.weights == (2.0, 1.0)
        assert rewards.ask(prompts=["p"], completions=["c"]) == [[1.0], [0.5]]
        assert rewards(prompts=["p"], completions=["c"]) == [2.5]
    assert [judge.closed for judge in MADE.values()] == [1, 1]


def test_the_sum_is_the_one_of_training():
    """A None is no opinion, except where it means that the judge itself failed."""
    configs = [
        config("tests", values=(1.0, None, 1.0, None), strict=True),
        config("style", 0.5, values=(0.4, 0.4, None, None)),
    ]
    with RewardSet(configs) as rewards:
        assert rewards(prompts=["p"] * 4, completions=["c"] * 4) == [1.2, None, 1.0, None]
    with RewardSet([config("style", values=(None, 1.0))]) as rewards:
        MADE["style"].none_masks_sample = False
        assert rewards.totals([[None, 1.0]]) == [None, 1.0]


def test_the_sum_equals_that_of_the_trainer():
    import torch

    from whetstone.finetuning.algo.online import mask_unjudged, weighted_sum

    values = [(None, 1.0), (None, None), (2.0, None), (0.5, 0.25)]
    configs = [
        config("tests", 3.0, values=[pair[0] for pair in values], strict=True),
        config("style", 0.5, values=[pair[1] for pair in values]),
    ]
    with RewardSet(configs) as rewards:
        ours = rewards(prompts=["p"] * 4, completions=["c"] * 4)
        table = torch.tensor([[torch.nan if v is None else v for v in pair] for pair in values])
        masked = mask_unjudged(table, list(rewards.rewards))
        theirs = weighted_sum(masked, torch.tensor(rewards.weights))
    all_masked = masked.isnan().all(dim=1)
    assert [value is None for value in ours] == all_masked.tolist()
    judged = zip(ours, theirs.tolist(), strict=True)
    assert all(one is None or one == pytest.approx(other) for one, other in judged)


def test_all_that_cannot_be_built_is_named_and_the_rest_is_closed():
    configs = [config("tests"), config("style", broken="no ruff"), config("teacher", broken="key")]
    with pytest.raises(UnusableRewardsError) as caught:
        RewardSet(configs)
    assert caught.value.reasons == {"style": "no ruff", "teacher": "key"}
    assert MADE["tests"].closed == 1


def test_one_that_waits_in_vain_is_refused_by_name():
    with pytest.raises(UnusableRewardsError, match=r"reward=\[tests,teacher\]") as caught:
        RewardSet([config("teacher", waits_for="tests")])
    assert list(caught.value.reasons) == ["teacher"]


def test_files_are_kept_in_the_runs_folder(tmp_path):
    with RewardSet([config("tests")], tmp_path):
        assert MADE["tests"].folder == tmp_path
    MADE.clear()
    with RewardSet([config("tests")]):
        assert MADE["tests"].folder is None
