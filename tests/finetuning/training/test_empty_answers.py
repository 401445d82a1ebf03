"""Problems that an empty answer solves are refused before weights load."""

import json

import pytest
from datasets import Dataset

from whetstone.finetuning.config import load
from whetstone.finetuning.errors import ConfigError
from whetstone.finetuning.training.empty_answers import check_nothing_passes

SWALLOWS = "try:\n    assert double(2) == 4\nexcept Exception:\n    pass"
RIGHT = ["if double(2) != 4:\n    raise ValueError"] + 15 * ["assert double(2) == 4"]


def check(tmp_path, tests):
    rows = [{"prompt": "Double it.", "tests": test} for test in tests]
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    choice = ["model=nano", "data=jsonl", f"data.train={path}", "reward=execution"]
    config = load([*choice, "reward.execution.workers=1"]).main
    check_nothing_passes(config.data, config.reward.values(), Dataset.from_list(rows))


def test_the_first_of_them_is_shown(tmp_path):
    with pytest.raises(ConfigError) as caught:
        check(tmp_path, [*RIGHT, SWALLOWS, SWALLOWS])
    told = str(caught.value)
    assert "2 of 18 problems are solved by a program of nothing" in told
    assert "row 17: try: assert double(2) == 4" in told


def test_problems_that_need_a_program_pass(tmp_path):
    check(tmp_path, RIGHT)
