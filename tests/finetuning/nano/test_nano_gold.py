from dataclasses import replace

from whetstone.finetuning.nano import Split, gold_check, problems
from whetstone.finetuning.nano.compositions import compositions
from whetstone.finetuning.nano.gold import faults


def test_every_answer_of_the_world_scores_what_it_should():
    report = gold_check()
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
