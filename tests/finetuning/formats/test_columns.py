"""The columns of a file: one type each, and no name that TRL has given to something else."""

import json

import pytest
from datasets import Dataset

from whetstone.finetuning.errors import ConfigError
from whetstone.finetuning.formats.columns import wrong_names
from whetstone.finetuning.formats.dataset_type import Need
from whetstone.finetuning.formats.read import read_rows


def written(folder, *values, field="extra", **rest):
    path = folder / "rows.jsonl"
    rows = [{"prompt": "p", **rest, field: value} for value in values]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ((1, "one"), "field extra: text here, whole number elsewhere"),
        ((True, 1), "field extra: whole number here, true or false elsewhere"),
        (([1], {"a": 1}), "field extra: an object here, a list elsewhere"),
        (([1], ["a"]), "field extra[]: text here, whole number elsewhere"),
        (({"a": [1]}, {"a": ["x"]}), "field extra.a[]: text here, whole number elsewhere"),
        ((0.5, 2**53 + 1), "field extra: whole number beyond 2^53 here, number elsewhere"),
        (([1, "x"],), "field extra[]: text here, whole number elsewhere"),
    ],
)
def test_a_column_of_two_types_is_told_with_its_line(tmp_path, values, told):
    with pytest.raises(ConfigError) as caught:
        read_rows(written(tmp_path, *values), Need.PROMPTS)
    [problem] = caught.value.problems
    assert problem.setting.endswith(f":{len(values)}")
    assert told in problem.message


@pytest.mark.parametrize(
    "values",
    [(1, 2.5), (None, "x", None), ([], [1]), ({"a": 1}, {"b": "x"}), (1, 2**60), ([None, [1.0]],)],
)
def test_what_one_table_can_hold_is_let_through(tmp_path, values):
    rows = read_rows(written(tmp_path, *values), Need.PROMPTS)
    assert len(Dataset.from_list(rows)) == len(values)


@pytest.mark.parametrize(
    ("need", "name"),
    [
        (Need.PROMPTS, "completions"),
        (Need.PROMPTS, "trainer_state"),
        (Need.PROMPTS, "log_metric"),
        (Need.COMPLETIONS, "input_ids"),
        (Need.PREFERENCES, "images"),
    ],
)
def test_a_name_that_trl_uses_is_told(need, name):
    [told] = wrong_names({"prompt": "p", name: 1}, need)
    assert told.startswith(f"field {name}: TRL")
    assert list(wrong_names({"prompt": "p", "source": 1}, need)) == []


def test_entry_points_may_be_a_path(tmp_path):
    path = written(tmp_path, ["Solution().f"], field="entry_points", tests="assert f()")
    assert read_rows(path, Need.PROMPTS)[0]["entry_points"] == ["Solution().f"]
    path = written(tmp_path, ["not a name"], field="entry_points", tests="assert f()")
    with pytest.raises(ConfigError, match="nor a path such as"):
        read_rows(path, Need.PROMPTS)
