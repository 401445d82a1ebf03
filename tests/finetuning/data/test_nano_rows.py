"""Rows of the nano world are made as far as they are wanted."""

import pytest

from whetstone.finetuning.config import load
from whetstone.finetuning.data.build import build_data, what_is_made
from whetstone.finetuning.formats.dataset_type import Need


@pytest.mark.parametrize("need", [Need.COMPLETIONS, Need.TEXT])
def test_a_limit_takes_the_first_rows_and_makes_no_others(need):
    whole = load(["data=nano", "data.corpus_size=40", "data.held_out=0"]).main.data
    limited = whole.model_copy(update={"limit": 7})
    rows = build_data(whole, need, seed=0).train.to_list()
    assert build_data(limited, need, seed=0).train.to_list() == rows[:7]
    assert limited.programs == 7
    assert what_is_made(limited, Need.COMPLETIONS) == "making 7 programs"
