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
    assert read_rows(write(tmp_path, *rows, ""), "prompts", needs_tests=True) == rows


def test_every_bad_row_is_told_with_line_and_field(tmp_path):
    path = write(
        tmp_path,
        {"prompt": "fine", "tests": "t"},
        {"prompt": 3, "tests": "t"},
        "{broken",
        {"tests": "t"},
        {"prompt": "p", "tests": "t", "entry_points": "no list"},
        {"prompt": "p", "tests": ""},
        {"prompt": "p", "tests": "assert ("},
        "[]",
    )
    with pytest.raises(ConfigError) as caught:
        read_rows(path, "prompts", needs_tests=True)
    found = {
        problem.setting.rpartition(":")[2]: problem.message for problem in caught.value.problems
    }
    assert set(found) == {"2", "3", "4", "5", "6", "7", "8"}
    assert "field prompt: expected str, found int" in found["2"]
    assert "not JSON" in found["3"]
    assert "field prompt: missing (found: tests)" in found["4"]
    assert "field entry_points: expected list" in found["5"]
    assert "reward=execution runs them" in found["6"]
    assert "not Python" in found["7"]
    assert "expected an object" in found["8"]


def test_tests_are_not_needed_where_no_reward_runs_them(tmp_path):
    assert read_rows(write(tmp_path, {"prompt": "a"}), "prompts", needs_tests=False)


def test_a_separator_inside_a_string_ends_no_line(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"prompt": "a\u2028b", "completion": "c"}\n')
    assert read_rows(path, "completions", needs_tests=False)[0]["prompt"] == "a\u2028b"


def test_rows_of_different_fields_are_refused(tmp_path):
    path = write(tmp_path, {"prompt": "a", "tests": "t"}, {"prompt": "b"})
    with pytest.raises(ConfigError, match="every row needs the same fields"):
        read_rows(path, "prompts", needs_tests=False)


def test_an_empty_file_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="no rows"):
        read_rows(write(tmp_path), "completions", needs_tests=False)


def test_supervised_rows_need_a_completion(tmp_path):
    with pytest.raises(ConfigError, match="completion"):
        read_rows(write(tmp_path, {"prompt": "a"}), "completions", needs_tests=False)
