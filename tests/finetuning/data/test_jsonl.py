import json

import pytest

from finetuning.data.jsonl import read_rows
from finetuning.errors import ConfigError


def write(tmp_path, *rows):
    path = tmp_path / "rows.jsonl"
    path.write_text(
        "".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows)
    )
    return path


def test_rows_come_back_with_their_own_columns(tmp_path):
    rows = [{"prompt": "a", "tests": "assert True", "source": "me"}]
    assert read_rows(write(tmp_path, *rows, ""), "prompts") == rows


def test_every_bad_row_is_told_with_line_and_field(tmp_path):
    path = write(
        tmp_path,
        {"prompt": "fine", "tests": "t"},
        {"prompt": 3, "tests": "t"},
        "{broken",
        {"tests": "t"},
        {"prompt": "p", "tests": "t", "stop": "no list"},
        "[]",
    )
    with pytest.raises(ConfigError) as caught:
        read_rows(path, "prompts")
    found = {
        problem.setting.rpartition(":")[2]: problem.message for problem in caught.value.problems
    }
    assert set(found) == {"2", "3", "4", "5", "6"}
    assert "field prompt: expected str, found int" in found["2"]
    assert "not JSON" in found["3"]
    assert "field prompt: missing (found: tests)" in found["4"]
    assert "field stop: expected list" in found["5"]
    assert "expected an object" in found["6"]


def test_rows_of_different_fields_are_refused(tmp_path):
    path = write(tmp_path, {"prompt": "a", "tests": "t"}, {"prompt": "b"})
    with pytest.raises(ConfigError, match="tests"):
        read_rows(path, "prompts")


def test_an_empty_file_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="no rows"):
        read_rows(write(tmp_path), "completions")


def test_supervised_rows_need_a_completion(tmp_path):
    with pytest.raises(ConfigError, match="completion"):
        read_rows(write(tmp_path, {"prompt": "a"}), "completions")
