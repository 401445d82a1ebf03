import gzip
import json
import math
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from whetstone.finetuning.errors import ConfigError
from whetstone.finetuning.formats.dataset_type import Need
from whetstone.finetuning.formats.read import hold_out, looks_like, read_rows
from whetstone.rewards.sandbox.scripts.tests import Case
from whetstone.rewards.stdio.columns import read_row
from whetstone.rewards.tests_source import LIBRARY

PAIR = {"prompt": "p", "chosen": "c", "rejected": "r"}


def write(tmp_path, *rows):
    path = tmp_path / "rows.jsonl"
    path.write_text(
        "".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows)
    )
    return path


def test_rows_come_back_with_their_own_columns(tmp_path):
    rows = [{"prompt": "a", "tests": "assert f()", "source": "me"}]
    assert read_rows(write(tmp_path, *rows, ""), Need.PROMPTS, imports=LIBRARY) == rows


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
        {"prompt": "p", "tests": "y = 1"},
        "[]",
    )
    with pytest.raises(ConfigError) as caught:
        read_rows(path, Need.PROMPTS, imports=LIBRARY)
    found = {
        problem.setting.rpartition(":")[2]: problem.message for problem in caught.value.problems
    }
    assert set(found) == {"2", "3", "4", "5", "6", "7", "8", "9"}
    assert str(caught.value).startswith("The rows have 8 faults; nothing was started.")
    assert "field prompt: expected str or a list of messages, found int" in found["2"]
    assert "not JSON" in found["3"]
    assert "field prompt: missing (found: tests)" in found["4"]
    assert "field entry_points: expected list" in found["5"]
    assert "reward=execution runs them" in found["6"]
    assert "not Python" in found["7"]
    assert "every program would pass" in found["8"]
    assert "expected an object" in found["9"]


def test_tests_are_not_needed_where_no_reward_runs_them(tmp_path):
    assert read_rows(write(tmp_path, {"prompt": "a"}), Need.PROMPTS)


def test_a_separator_inside_a_string_ends_no_line(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"prompt": "a\u2028b", "completion": "c"}\n')
    assert read_rows(path, Need.COMPLETIONS)[0]["prompt"] == "a\u2028b"


def test_rows_of_different_fields_are_refused(tmp_path):
    path = write(tmp_path, {"prompt": "a", "tests": "t"}, {"prompt": "b"})
    with pytest.raises(ConfigError, match="every row needs the same fields"):
        read_rows(path, Need.PROMPTS)


def test_an_empty_file_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="no rows"):
        read_rows(write(tmp_path), Need.COMPLETIONS)


def test_supervised_rows_need_a_completion(tmp_path):
    with pytest.raises(ConfigError, match="completion"):
        read_rows(write(tmp_path, {"prompt": "a"}), Need.COMPLETIONS)


@pytest.mark.parametrize(
    ("need", "row", "words"),
    [
        (Need.PREFERENCES, {"prompt": "p", "chosen": "c"}, "field rejected: missing"),
        (Need.PREFERENCES, {"prompt": "p", "chosen": "c", "rejected": "c"}, "prefers nothing"),
        (
            Need.PREFERENCES,
            {"prompt": "p", "chosen": "c", "rejected": "r", "margin": "1"},
            "field margin: expected number, found str",
        ),
        (Need.LABELS, {"prompt": "p", "completion": "c", "label": 1}, "expected true or false"),
        (Need.TEXT, {"prompt": "p"}, "field text: missing"),
        (Need.COMPLETIONS, {"messages": "hello"}, "expected a list of messages"),
        (Need.COMPLETIONS, {"messages": [{"role": "user", "content": "x"}]}, "role assistant"),
        (Need.COMPLETIONS, {"messages": [{"content": "x"}]}, "field messages[0]"),
        (Need.PROMPTS, {"prompt": []}, "field prompt: no messages"),
        (Need.PROMPTS, {"prompt": [{"role": "user"}]}, "field prompt[0]: expected an object"),
        (Need.PROMPTS, {"prompt": " "}, "field prompt: empty"),
        (Need.COMPLETIONS, {"prompt": "p", "completion": "\n"}, "field completion: empty"),
        (Need.PREFERENCES, {**PAIR, "chosen": ""}, "field chosen: empty"),
        (Need.PREFERENCES, {**PAIR, "margin": math.nan}, "a number of at least 0, found nan"),
        (Need.PREFERENCES, {**PAIR, "margin": -1}, "a number of at least 0, found -1"),
    ],
)
def test_each_need_names_its_fields(tmp_path, need, row, words):
    with pytest.raises(ConfigError) as caught:
        read_rows(write(tmp_path, row), need)
    assert words in "\n".join(problem.message for problem in caught.value.problems)


def test_a_collected_folder_is_read_by_its_training_file(tmp_path):
    (tmp_path / "train.jsonl").write_text('{"text": "a"}\n')
    assert read_rows(tmp_path, Need.TEXT) == [{"text": "a"}]


def test_held_out_rows_are_whole_prompts_and_a_tenth_at_most():
    rows = [{"prompt": f"p{number // 2}", "completion": str(number)} for number in range(100)]
    kept, held_out = hold_out(rows, 200)
    assert len(held_out) == 10
    assert len(kept) == 90
    assert not {row["prompt"] for row in kept} & {row["prompt"] for row in held_out}
    assert hold_out(rows, 4)[1] == [row for row in rows if row in hold_out(rows, 4)[1]]
    assert hold_out(rows[:9], 5) == (rows[:9], [])


def test_a_file_for_another_algorithm_is_told_by_its_rows(tmp_path):
    def likened(need, *rows, imports=None):
        return looks_like(write(tmp_path, *rows), need, imports=imports)

    task = {"prompt": "p", "tests": "assert f()"}
    pair = {"prompt": "p", "chosen": "c", "rejected": "r"}
    half = {"prompt": "p", "chosen": "c"}
    assert likened(Need.PREFERENCES, task) is Need.PROMPTS
    assert likened(Need.PROMPTS, task, imports=LIBRARY) is None
    assert likened(Need.LABELS, half) is Need.PROMPTS
    assert likened(Need.LABELS, {"odd": 1}) is None
    # Whichever row comes first: one with every field tells what the others lack.
    assert likened(Need.PREFERENCES, half, pair) is None
    assert likened(Need.PREFERENCES, pair, half) is None
    assert likened(Need.LABELS, half, pair, pair) is Need.PREFERENCES
    # Rows of another kind may have all fields but the tests.
    assert likened(Need.PROMPTS, pair, imports=LIBRARY) is Need.PREFERENCES
    assert likened(Need.PROMPTS, pair) is None
    assert likened(Need.PROMPTS, {"prompt": "p"}, imports=LIBRARY) is None


@pytest.mark.parametrize(
    ("content", "line", "remedy"),
    [
        (b'{"prompt": "p"}\n{"prompt": "caf\xe9"}\n', 2, "byte 0xe9"),
        ('{"prompt": "p"}\n'.encode("utf-16"), 1, "UTF-16"),
        (gzip.compress(b'{"prompt": "p"}\n', mtime=0), 1, "gunzip"),
    ],
)
def test_a_file_that_is_no_text_is_named_with_its_line(tmp_path, content, line, remedy):
    path = tmp_path / "rows.jsonl"
    path.write_bytes(content)
    assert looks_like(path, Need.PROMPTS) is None
    with pytest.raises(ConfigError) as caught:
        read_rows(path, Need.PROMPTS)
    [problem] = caught.value.problems
    assert problem.setting == f"{path}:{line}"
    assert remedy in problem.message


def test_a_byte_order_mark_is_no_part_of_the_rows(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"prompt": "é"}\n', encoding="utf-8-sig")
    assert looks_like(path, Need.PROMPTS) is None
    assert read_rows(path, Need.PROMPTS) == [{"prompt": "é"}]


def test_a_list_of_statements_is_their_source(tmp_path):
    path = write(tmp_path, {"prompt": "p", "tests": ["assert f() == 1", "assert f() != 2"]})
    [row] = read_rows(path, Need.PROMPTS, imports=LIBRARY)
    assert row["tests"] == "assert f() == 1\nassert f() != 2"


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"tests": []}, "the list has no tests"),
        ({"tests": [3]}, "found int"),
        ({"tests": [{"input": "1"}]}, "found input"),
        ({"tests": [{"input": "1", "output": 1}]}, "input and output are text"),
        ({"tests": [{"args": [1], "expected": 1}]}, "entry_points"),
        (
            {"tests": [{"input": "", "output": "1"}, {"args": [], "expected": 1}]},
            "a call among inputs and outputs",
        ),
        ({"tests": [{"input": "1", "output": " \n"}]}, "a program of nothing passes"),
        ({"tests": [{"input": "1", "output": "1"}], "checker": "line"}, "choose one of lines"),
        ({"tests": [{"input": "1", "output": "1"}], "checker": "def check(:"}, "not Python"),
        ({"tests": "assert f(1)", "tolerence": 0.1}, "field tolerence: did you mean tolerance?"),
        ({"tests": "assert f(1)", "time_out_s": 3}, "field time_out_s: did you mean timeout_s?"),
        ({"tests": [{"input": "1", "output": "1"}], "timeout_s": "2"}, "expected number"),
        ({"tests": [{"input": "1", "output": "1"}], "tolerance": "small"}, "expected number"),
        ({"tests": {"inputs": ["1"], "outputs": ["1", "2"]}}, "two lists of one length"),
        ({"tests": {"inputs": ["1"], "outputs": [1]}}, "input and output are text"),
        ({"tests": {"inputs": []}}, "found inputs"),
        ({"tests": {"inputs": [[1]], "outputs": [1], "fn_name": "f"}}, "with args and expected"),
    ],
)
def test_what_is_wrong_with_a_list_of_tests_is_told(tmp_path, row, words):
    path = write(tmp_path, {"prompt": "p", **row})
    with pytest.raises(ConfigError) as caught:
        read_rows(path, Need.PROMPTS, imports=LIBRARY)
    [problem] = caught.value.problems
    assert words in problem.message


def test_how_tests_are_run_may_stand_in_some_rows_only(tmp_path):
    cases = [{"input": "1\n", "output": "1\n"}]
    rows = [
        {"prompt": "a", "tests": "assert f(1) == 1", "entry_points": ["f"], "prefix": "x = 1"},
        {"prompt": "b", "tests": cases, "checker": "floats", "tolerance": 0.1, "prefix": None},
        {"prompt": "c", "tests": cases, "language": "cpp", "entry_points": None},
    ]
    read = read_rows(write(tmp_path, *rows), Need.PROMPTS, imports=LIBRARY)
    assert len({frozenset(row) for row in read}) == 1
    assert [row["checker"] for row in read] == [None, "floats", None]
    assert [row["prefix"] for row in read] == ["x = 1", None, None]
    assert [row["language"] for row in read] == [None, None, "cpp"]


@pytest.mark.parametrize("form", [dict, json.dumps])
def test_inputs_and_outputs_may_be_two_lists(tmp_path, form):
    tests = form({"inputs": ["1 2\n", "2 2\n"], "outputs": ["3\n", "4\n"]})
    [row] = read_rows(
        write(tmp_path, {"prompt": "p", "tests": tests}), Need.PROMPTS, imports=LIBRARY
    )
    assert read_row(row).cases == (Case("1 2\n", "3\n"), Case("2 2\n", "4\n"))


def test_inputs_and_outputs_become_one_column_of_text(tmp_path):
    cases = [{"input": "1 2\n", "output": "3\n"}]
    path = write(tmp_path, {"prompt": "p", "tests": cases}, {"prompt": "q", "tests": "assert f()"})
    first, second = read_rows(path, Need.PROMPTS, imports=LIBRARY)
    assert json.loads(first["tests"]) == cases
    assert second["tests"] == "assert f()"


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([{"messages": [{"role": "assistant", "content": "hi"}]}], "after others"),
        (
            [
                {"prompt": "a", "completion": "b"},
                {
                    "prompt": [{"role": "user", "content": "a"}],
                    "completion": [{"role": "assistant", "content": "b"}],
                },
            ],
            "messages here, text in other rows",
        ),
        (
            [{"prompt": "a", "completion": [{"role": "assistant", "content": "b"}]}],
            "prompt is text, completion is messages",
        ),
    ],
)
def test_text_and_messages_are_not_mixed(tmp_path, rows, words):
    with pytest.raises(ConfigError) as caught:
        read_rows(write(tmp_path, *rows), Need.COMPLETIONS)
    assert words in caught.value.problems[0].message


def test_what_need_not_be_said_may_be_blank(tmp_path):
    calls = {"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": {}}}]}
    talk = {"messages": [{"role": "user", "content": "x"}, calls]}
    assert read_rows(write(tmp_path, talk), Need.COMPLETIONS)
    silent = {**PAIR, "rejected": "", "margin": 0}
    assert read_rows(write(tmp_path, silent), Need.PREFERENCES)
    bad = {"prompt": "p", "completion": "", "label": False}
    assert read_rows(write(tmp_path, bad), Need.LABELS)


def test_faults_that_are_not_shown_are_counted(tmp_path):
    with pytest.raises(ConfigError) as caught:
        read_rows(write(tmp_path, *[{"prompt": 1}] * 30), Need.PROMPTS)
    assert "The rows have 30 faults" in str(caught.value)
    assert caught.value.problems[-1].message == "and 10 more"


@pytest.mark.parametrize(
    ("name", "text", "form"),
    [
        ("rows.csv", "prompt,tests\np,assert f()\n", "CSV"),
        ("rows.csv", '"a prompt, with a comma",x\n', "CSV"),
        ("rows.tsv", "prompt\ttests\np\tassert f()\n", "CSV"),
        ("rows.jsonl", '"prompt";tests\np;assert f()\n', "CSV"),
        ("rows.json", '[{"prompt": "p"}, {"prompt": "q"}]', "one JSON array"),
        ("rows.json", '[\n {"prompt": "p"}\n]\n', "one JSON array"),
        ("rows.jsonl", "prompt, tests\np, assert f()\n", "CSV"),
        ("rows.jsonl", '{\n  "prompt": "p"\n}\n', "a JSON object over several lines"),
    ],
)
def test_rows_in_another_form_are_named_with_what_converts_them(tmp_path, name, text, form):
    (tmp_path / name).write_text(text)
    with pytest.raises(ConfigError) as caught:
        read_rows(tmp_path / name, Need.PROMPTS)
    [problem] = caught.value.problems
    assert f"the file is {form}; expected JSON Lines" in problem.message
    assert f'("{tmp_path / name}"' in problem.message


FURTHER_FORMS = ("tsv", "json", "spread.json")


@pytest.mark.parametrize(
    "form",
    ["csv", "parquet", *(pytest.param(n, marks=pytest.mark.nightly) for n in FURTHER_FORMS)],
)
def test_what_is_told_converts_them(tmp_path, monkeypatch, form):
    from datasets import Dataset

    monkeypatch.chdir(tmp_path)
    path = Path("my data") / f"rows.{form}"  # below where the command is typed
    path.parent.mkdir()
    rows = [{"prompt": "a, b"}, {"prompt": "c"}]
    match form:
        case "parquet":
            Dataset.from_list(rows).to_parquet(path)
        case "json":
            path.write_text(json.dumps(rows))
        case "spread.json":
            rows = rows[:1]
            path.write_text(json.dumps(rows[0], indent=2))
        case _:
            Dataset.from_list(rows).to_csv(path, sep="\t" if form == "tsv" else ",")
    with pytest.raises(ConfigError) as caught:
        read_rows(path, Need.PROMPTS)
    python, *words = shlex.split(caught.value.problems[0].message.partition("each line: ")[2])
    assert python == "python"
    subprocess.run([sys.executable, *words], check=True, capture_output=True)
    assert read_rows(path.with_suffix(".jsonl"), Need.PROMPTS) == rows
