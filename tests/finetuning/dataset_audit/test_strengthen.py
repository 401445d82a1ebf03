"""`whetstone strengthen`: a new data set that is trained on, and in which fewer mutants survive."""

import json
from io import StringIO

import pytest
from rich.console import Console

from whetstone.finetuning.config import load
from whetstone.finetuning.config.commands import load_audit_data, load_strengthen
from whetstone.finetuning.data.build import build_dataset
from whetstone.finetuning.dataset_audit.run import FINDINGS, audit_data
from whetstone.finetuning.dataset_audit.strengthen import STRENGTHENED, strengthen_data
from whetstone.finetuning.errors import ConfigError
from whetstone.finetuning.formats.dataset_type import Need

BETWEEN = "def between(n, low, high):\n    return low <= n and n <= high\n"
INPUTS = [
    {"input": "3\n1 20 5\n", "output": "20\n"},
    {"input": "4\n12 7 8 40\n", "output": "52\n"},
    {"input": "2\n30 9\n", "output": "30\n"},
]
SUMS = """\
count = int(input())
numbers = [int(word) for word in input().split()]
print(sum(number for number in numbers if number >= 10))
"""
ASSERTS = "assert between(5, 1, 9)\nassert not between(12, 3, 7)\nassert not between(0, 2, 8)"
NOTHING = {"prompt": "Return one.", "tests": "assert one() == 1", "reference": "one = lambda: 1"}
ROWS = [
    {"prompt": "Is it between?", "tests": ASSERTS, "reference": BETWEEN},
    {"prompt": "Add up what has two digits.", "tests": json.dumps(INPUTS), "reference": SUMS},
    NOTHING,
    {**NOTHING, "prompt": "Return one again."},
]


def write(folder):
    path = folder / "mine.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return path


@pytest.fixture
def data(tmp_path):
    return write(tmp_path)


def settings(data, inputs=100):
    return load_strengthen([f"data={data}", f"outputs={data.parent}", f"inputs={inputs}"])


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def survivors(data):
    audited = load_audit_data([f"data={data}", f"outputs={data.parent}"])
    folder = audit_data(audited, Console(quiet=True))
    return sum(one["survived"] for one in lines(folder / FINDINGS))


def recording():
    return Console(width=200, record=True, file=StringIO())


@pytest.fixture
def console():
    return recording()


@pytest.fixture(scope="module")
def once(tmp_path_factory):
    """Strengthen once for those that only look: the data, the new data, and what was said."""
    data, console = write(tmp_path_factory.mktemp("once")), recording()
    before = data.read_bytes()
    path = strengthen_data(settings(data), console)
    assert data.read_bytes() == before
    return data, path, console.export_text()


def test_survivors_fall_by_the_number_that_is_told(once):
    data, path, said = once
    found = lines(path.parent / STRENGTHENED)
    added, killed = (sum(counted) for counted in zip(*map(count, found), strict=True))
    assert added
    assert killed
    rows = lines(path)
    assert [sorted(row) for row in rows] == [sorted({*ROWS[0], "added_tests"})] * len(ROWS)
    assert sum(row["added_tests"] for row in rows) == added
    stronger = sum(bool(one["added"]) for one in found)
    parts = (
        f"{added} tests added to {stronger} problems",
        f"{killed} survivors of {survivors(data)}",
    )
    assert said.splitlines()[-1] == f"{'; '.join(parts)} killed"
    assert survivors(path) == survivors(data) - killed


def count(one):
    return len(one["added"]), one["killed"]


def test_it_is_trained_on(once):
    _, path, _ = once
    config = load(["algo=grpo", "model=qwen", "data=jsonl", f"data.train={path}"]).main
    rows = build_dataset(config.data, Need.PROMPTS, config.seed).to_list()
    assert [row["tests"] for row in rows] == [row["tests"] for row in lines(path)]


def test_it_goes_on_where_it_was(data, console):
    path = strengthen_data(settings(data, 20), console)
    first, found = path.read_text(), path.parent / STRENGTHENED
    whole = found.read_text()
    kept, cut, *_ = whole.splitlines(keepends=True)
    found.write_text(kept + cut[:30])
    strengthen_data(settings(data, 20), console)
    assert path.read_text() == first
    assert sorted(found.read_text().splitlines()) == sorted(whole.splitlines())
    again = found.read_text()
    strengthen_data(settings(data, 20), console)
    assert found.read_text() == again
    strengthen_data(settings(data, 5), console)
    assert len(found.read_text().splitlines()) == 2 * len(ROWS)


def test_an_audit_says_where_nothing_survives(data, console):
    survivors(data)
    path = strengthen_data(settings(data, 20), console)
    known = [one["id"] for one in lines(path.parent / STRENGTHENED)]
    assert sorted(known) == ["mine/1", "mine/2"]  # of the others the audit has said it
    assert len(lines(path)) == len(ROWS)


def test_tests_are_added_to_those_that_were_added(data, console):
    once = strengthen_data(settings(data, 2), console)
    twice = strengthen_data(settings(once), console)
    before, after = ([row["added_tests"] for row in lines(path)] for path in (once, twice))
    assert all(now >= then for now, then in zip(after, before, strict=True))
    assert sum(after) > sum(before)


def test_wrong_settings_are_told_at_once(tmp_path):
    with pytest.raises(ConfigError) as caught:
        load_strengthen([f"data={tmp_path}/no.jsonl", "mutants=0", "input=3"])
    told = {problem.setting: problem.message for problem in caught.value.problems}
    assert told[f"data={tmp_path}/no.jsonl"] == "no such file"
    assert "above 0" in told["mutants=0"]
    assert "did you mean `inputs`?" in told["input=3"]
