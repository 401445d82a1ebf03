import gzip
import json

import pytest

from whetstone.evaluation.errors import BadRows, DataUnavailable
from whetstone.evaluation.languages import open_judge
from whetstone.evaluation.tasks import TaskProblem, load_task
from whetstone.evaluation.tasks.base import job

GOOD = {"prompt": "Write f.", "tests": "assert f() == 1"}


def write(tmp_path, *rows):
    path = tmp_path / "own.jsonl"
    lines = [row if isinstance(row, bytes) else json.dumps(row).encode() for row in rows]
    path.write_bytes(b"\n".join(lines) + b"\n")
    return path


def faults(path):
    with pytest.raises(BadRows) as caught:
        load_task(str(path))
    return caught.value


def test_a_full_row_and_a_bare_one(tmp_path):
    full = {
        "id": "a", "prompt": "def f():", "tests": "assert f() == 1", "prefix": "def f():",
        "entry_points": ["f"], "reference": " return 1",
    }  # fmt: skip
    task = load_task(str(write(tmp_path, full, b"", GOOD)))
    assert task.name == "own"
    assert task.stop == ()
    assert task.problems == (
        TaskProblem("a", "def f():", "assert f() == 1", "def f():", ("f",), " return 1"),
        TaskProblem("own/3", "Write f.", "assert f() == 1", "", (), None),
    )


def test_a_reference_shows_the_entry_points(tmp_path):
    row = {**GOOD, "reference": "def f(): return 1\ndef g(): ..."}
    assert load_task(str(write(tmp_path, row))).problems[0].entry_points == ("f",)


def test_tests_may_import_the_packages_that_are_given(tmp_path):
    row = {**GOOD, "tests": "import pytest\nassert f() == pytest.approx(1)"}
    path = write(tmp_path, row)
    with pytest.raises(BadRows, match=r"packages=\[pytest\] of an evaluation"):
        load_task(str(path))
    task = load_task(str(path), packages=["pytest"])
    with open_judge(task, workers=1) as judge:
        [result] = judge.run_many([job(task, task.problems[0], "def f(): return 1.0")])
    assert result.verdict == "passed"


def test_numbers_will_do_as_ids(tmp_path):
    task = load_task(str(write(tmp_path, {**GOOD, "id": 7}, {**GOOD, "id": 8})))
    assert [problem.id for problem in task.problems] == ["7", "8"]


def test_every_fault_is_reported_at_once_with_file_line_and_field(tmp_path):
    path = write(
        tmp_path,
        {"prompt": "", "tests": "assert f( == 1"},
        GOOD,
        b"{not json",
        {**GOOD, "prefx": "import math"},
        {**GOOD, "entry_points": ["f", "1f"], "reference": "def"},
        {"tests": 3, "prompt": "x", "id": []},
        [1],
        b'{"prompt": "\xff"}',
        {**GOOD, "id": "twin"},
        {**GOOD, "id": "twin"},
    )
    error = faults(path)
    assert [(row.line, row.field) for row in error.rows] == [
        (1, "prompt"),
        (1, "tests"),
        (3, ""),
        (4, "prefx"),
        (5, "entry_points.1"),
        (5, "reference"),
        (6, "tests"),
        (6, "id"),
        (7, ""),
        (8, ""),
        (10, "id"),
    ]
    for row in error.rows:
        assert f"{path}:{row.line}: " in str(error)
    assert "1f" in str(error)


def test_the_faults_beyond_a_limit_are_reported_too(tmp_path):
    path = write(tmp_path, GOOD, {"prompt": "x"})
    with pytest.raises(BadRows, match="tests"):
        load_task(str(path), limit=1)


def test_a_file_without_rows_is_a_fault(tmp_path):
    assert "no rows" in str(faults(write(tmp_path, b"")))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DataUnavailable, match=r"nowhere\.jsonl is not a file"):
        load_task(str(tmp_path / "nowhere.jsonl"))


@pytest.mark.parametrize(
    ("content", "line", "remedy"),
    [
        (json.dumps(GOOD).encode() + b'\n{"prompt": "caf\xe9"}\n', 2, "UTF-8"),
        (gzip.compress(json.dumps(GOOD).encode(), mtime=0), 1, "gunzip"),
    ],
)
def test_a_file_that_is_no_text_has_one_fault(tmp_path, content, line, remedy):
    path = tmp_path / "own.jsonl"
    path.write_bytes(content)
    [fault] = faults(path).rows
    assert fault.line == line
    assert remedy in fault.message


def test_a_byte_order_mark_is_no_part_of_the_rows(tmp_path):
    path = tmp_path / "own.jsonl"
    path.write_text(json.dumps(GOOD) + "\n", encoding="utf-8-sig")
    assert load_task(str(path)).problems[0].prompt == "Write f."


def test_a_file_to_train_on_can_be_measured_on(tmp_path):
    more = {
        "language": "python3",
        "prefix": None,
        "solutions": [],
        "wrong": ["x"],
        "added_tests": 2,
    }
    [problem] = load_task(str(write(tmp_path, GOOD | more))).problems
    assert problem.prefix == ""
    told = str(faults(write(tmp_path, GOOD | {"language": "c++"})))
    assert "language: c++: a file of problems is measured in Python only" in told
