"""What a reward needs of the rows is known before weights load."""

import pytest

from whetstone.finetuning.errors import ConfigError
from whetstone.finetuning.training.prepare import check_columns
from whetstone.rewards.base import RewardConfig


class Reads(RewardConfig):
    """Wants words that it knows."""

    @property
    def columns(self):
        return frozenset({"word"})

    def check_rows(self, values):
        if strange := sorted(set(values("word")) - {"known"}):
            raise ValueError(f"knows no {strange}")

    def build(self):
        raise NotImplementedError


def problems(rows):
    with pytest.raises(ConfigError) as refused:
        check_columns(
            [Reads(name="reads", weight=1.0)], rows[0], lambda name: (row[name] for row in rows)
        )
    return [(one.setting, one.message) for one in refused.value.problems]


def test_a_column_that_is_missing_is_named():
    told = "needs the field `word` in every row of the data"
    assert problems([{"prompt": "a"}]) == [("reward.reads", told)]


def test_a_value_that_cannot_be_judged_is_told():
    rows = [{"word": "known"}, {"word": "other"}]
    assert problems(rows) == [("reward.reads", "knows no ['other']")]


def test_rows_that_can_be_judged_pass():
    check_columns([Reads(name="reads", weight=1.0)], ["word"], lambda _: ["known"])
