import contextlib
import io
from dataclasses import replace

import pytest

from whetstone.finetuning import nano
from whetstone.finetuning.cli import main
from whetstone.finetuning.nano import Split, problems
from whetstone.finetuning.nano.compositions import compositions
from whetstone.finetuning.nano.gold import faults


@pytest.fixture(scope="module")
def checked():
    """Have the whole world checked once, by the command; returns the report and what it says."""
    reports = []
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(io.StringIO()) as said:
        check = nano.gold_check
        patch.setattr(nano, "gold_check", lambda: reports.append(check()) or reports[0])
        main(["nano", "--count", "2"])
    [report] = reports
    return report, said.getvalue()


def test_the_command_shows_problems_and_checks_them(checked):
    _, said = checked
    assert said.count("Write a function f(") == 2
    assert "every reference passes" in said


def test_every_answer_of_the_world_scores_what_it_should(checked):
    report, _ = checked
    assert report.failures == ()
    assert report.passed
    assert report.problems == {split.value: len(compositions(split)) for split in Split}
    assert report.tests >= 4 * sum(report.problems.values())
    assert report.mutants > 4 * sum(report.problems.values())
    assert report.misconceptions > 100


def test_a_wrong_reference_and_a_right_misconception_are_faults():
    [problem] = problems("dev", limit=1)
    assert list(faults(problem)) == []
    wrong = replace(problem, reference=problem.misconceptions[0])
    assert list(faults(wrong)) == [f"{problem.id}: the reference fails"]
    right = replace(problem.mutants[0], program=problem.reference)
    [fault] = faults(replace(problem, mutants=(right, *problem.mutants[1:])))
    assert fault == f"{problem.id}: {right.primitive} as {right.misconception!r} passes"
