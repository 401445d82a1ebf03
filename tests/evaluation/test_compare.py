"""What evaluations left on the disk, compared problem by problem."""

import json

import pytest

from whetstone.evaluation.compare import difference, estimate, measure, read_evaluations
from whetstone.evaluation.errors import ResumeRefused
from whetstone.evaluation.generate import Kind
from whetstone.evaluation.interval import Direction
from whetstone.evaluation.journal import Sample
from whetstone.rewards.sandbox import Verdict

PASS, FAIL, UNJUDGED = Verdict.PASSED, Verdict.FAILED, Verdict.INFRA_ERROR


def sample(problem, verdict, index=0, kind=Kind.SAMPLE):
    return Sample(problem, kind, index, "pass", verdict, 0, 1)


def test_measures_are_those_of_the_scores():
    samples = [sample("a", v, i) for i, v in enumerate([PASS, FAIL, FAIL, FAIL])]
    samples += [sample("b", v, i) for i, v in enumerate([PASS, PASS, PASS, UNJUDGED])]
    samples += [sample("a", FAIL, kind=Kind.GREEDY), sample("b", PASS, kind=Kind.GREEDY)]
    values = measure(samples, [1, 4, 9])
    assert values["pass@1"] == {"a": 0.25, "b": 1.0}
    assert values["pass@4"] == {"a": 1.0}  # of b three were judged
    assert values["greedy"] == {"a": 0.0, "b": 1.0}
    assert "pass@9" not in values


def test_a_clear_difference_is_told_from_luck():
    worse = {str(i): float(i % 4 == 0) for i in range(100)}
    better = {str(i): float(i % 2 == 0) for i in range(100)}
    found = difference([worse], [better], seed=0)
    assert found.mean == 0.25
    assert 0.15 < found.low < 0.25 < found.high < 0.35
    assert found.direction is Direction.BETTER
    assert (found.wins, found.ties, found.losses) == (25, 75, 0)

    lucky = {**worse, "1": 1.0, "4": 0.0, "5": 1.0}
    found = difference([worse], [lucky], seed=0)
    assert found.mean == pytest.approx(0.01)
    assert found.direction is Direction.UNCLEAR
    assert (found.wins, found.losses) == (2, 1)


def test_problems_of_one_side_are_left_out_and_counted():
    found = difference([{"a": 0.0, "b": 1.0}], [{"b": 1.0, "c": 1.0, "d": 1.0}], seed=0)
    assert (found.problems, found.left_out, found.mean) == (1, 3, 0.0)
    assert difference([{"a": 0.0}], [{"b": 1.0}], seed=0) is None
    assert estimate([{"a": 0.0}, {"b": 1.0}], seed=0) is None


def test_seeds_are_averaged_problem_by_problem():
    first = [{"a": 0.0, "b": 0.5}, {"a": 1.0, "b": 0.5}]
    second = [{"a": 0.5, "b": 1.0}]
    found = difference(first, second, seed=0)
    assert found.mean == 0.25
    assert (found.wins, found.ties, found.losses) == (1, 1, 0)
    assert estimate(first, seed=0).mean == 0.5


def test_a_folder_of_evaluations_is_read(tmp_path):
    header = {"task": "mine", "fingerprint": "x", "settings": {"samples": 1, "seed": 3}}
    row = {
        "problem": "a",
        "kind": "sample",
        "index": 0,
        "completion": "pass",
        "verdict": "passed",
        "passed_tests": 1,
        "total_tests": 1,
    }
    lines = [header, row, {**row, "problem": "b", "verdict": "infra_error"}]
    path = tmp_path / "mine.samples.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    (tmp_path / "mine.json").write_text('{"k": [1, 5]}')

    (found,) = read_evaluations(tmp_path).values()

    assert found.values == {"pass@1": {"a": 1.0}}
    assert found.settings == {"samples": 1}
    assert found.unjudged == 1

    path.write_text(path.read_text() + "{}\n")
    with pytest.raises(ResumeRefused, match="line 4"):
        read_evaluations(tmp_path)
