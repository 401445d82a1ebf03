"""Scores of two models on the same prompts."""

from whetstone.evaluation.generate import Kind
from whetstone.evaluation.validate import (
    ModelAnswer,
    Score,
    choose_examples,
    improvements,
    unjudged,
)


def scores(values, kind=Kind.SAMPLE):
    return [
        Score(problem, kind, index, {"r": value}, value)
        for problem, of_problem in values.items()
        for index, value in enumerate(of_problem)
    ]


def answered(values):
    return [
        (ModelAnswer(s.problem, s.kind, s.index, f"{s.problem}{s.index}"), s)
        for s in scores(values)
    ]


def test_an_improvement_is_paired_by_prompt():
    base = {str(i): [i / 50] * 2 for i in range(50)}
    tuned = {
        name: [value + 0.1 + int(name) % 3 * 1e-4 for value in values]
        for name, values in base.items()
    }
    (found,) = improvements(scores(base), scores(tuned))
    assert found.name == "mean reward"
    assert 0.1 < found.change.low < found.change.mean < found.change.high < 0.1002
    assert found.change.wins == 50
    assert found.base.high - found.base.low > 0.1


def test_answers_that_could_not_be_judged_are_left_out():
    base, tuned = {"a": [0.0, None], "b": [None]}, {"a": [1.0, 1.0], "b": [1.0]}
    (found,) = improvements(scores(base), scores(tuned))
    assert (found.change.problems, found.change.left_out, found.change.mean) == (1, 1, 1.0)
    assert unjudged(scores(base)) == 2
    assert improvements(scores({"a": [None]}), scores({"a": [1.0]})) == ()


def test_greedy_answers_and_several_rewards_have_rows_of_their_own():
    def both(a, b, kind):
        return Score("p", kind, 0, {"a": a, "b": b}, a + b)

    base = [both(0.0, 1.0, Kind.SAMPLE), both(0.0, 0.0, Kind.GREEDY)]
    tuned = [both(1.0, 0.0, Kind.SAMPLE), both(1.0, 1.0, Kind.GREEDY)]
    means = {found.name: found.change.mean for found in improvements(base, tuned)}
    assert means == {"mean reward": 0.0, "greedy answer": 2.0, "a": 1.0, "b": -1.0}


def test_examples_show_losses_and_first_answers_too():
    base = {"won": [0.0, 0.0], "lost": [1.0, 1.0], "equal": [0.5, 0.5]}
    tuned = {"won": [0.0, 1.0], "lost": [0.0, 0.0], "equal": [0.5, 0.5]}
    found = {e.problem: e for e in choose_examples(answered(base), answered(tuned), 1)}
    assert {name: e.why for name, e in found.items()} == {
        "won": "improved most",
        "lost": "worsened most",
        "equal": "drawn by lot",
    }
    # The second answer is the one that improved; the first is shown all the same.
    assert found["won"].tuned.completion == "won0"
    assert (found["won"].tuned.total, found["won"].tuned.mean) == (0.0, 0.5)
