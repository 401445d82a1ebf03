import random

from whetstone.finetuning.nano.compositions import Split, compositions
from whetstone.finetuning.nano.corpus import (
    LEAST_RIGHT,
    MOST_RIGHT,
    chance_right,
    corpus,
    imperfect_solution,
)
from whetstone.finetuning.nano.problems import pose, problems
from whetstone.finetuning.nano.statements import draw_statement
from whetstone.finetuning.nano.trusted import passes


def test_about_a_quarter_of_the_solutions_pass():
    rng = random.Random(0)
    members = compositions(Split.SFT)
    verdicts = []
    for _ in range(1500):
        statement = draw_statement(rng.choice(members), rng)
        verdicts.append(passes(imperfect_solution(statement, rng), pose(statement).tests))
    assert 0.22 < sum(verdicts) / len(verdicts) < 0.32


def test_some_misconceptions_are_the_habit_of_the_majority():
    labels = {label for composition in compositions(Split.SFT) for label in composition.labels}
    chances = [chance_right(label) for label in labels]
    assert LEAST_RIGHT <= min(chances) < 0.4
    assert 0.85 < max(chances) < MOST_RIGHT


def test_a_primitive_is_right_with_its_own_chance():
    [composed] = [c for c in compositions(Split.SFT) if c.name == "integers/even/square/sum"]
    rng = random.Random(0)
    statement = draw_statement(composed, rng)
    solutions = [imperfect_solution(statement, rng) for _ in range(4000)]
    squares = sum("x * x" in solution or "x ** 2" in solution for solution in solutions)
    assert abs(squares / 4000 - chance_right("integers/map/square")) < 0.03


def test_prompts_are_of_sft_compositions_only():
    prompts = {prompt for prompt, _ in corpus(20_000, seed=1)}
    held_out = {problem.prompt for split in ("rl", "dev", "test") for problem in problems(split)}
    assert not prompts & held_out
    assert prompts & {problem.prompt for problem in problems("sft")}


def test_a_longer_corpus_begins_with_the_shorter_one():
    assert corpus(50, seed=2) == corpus(100, seed=2)[:50]
    assert all(solution.startswith("def f(") for _, solution in corpus(50, seed=2))
