import ast
import random
from collections import Counter

import pytest

from whetstone.finetuning.nano.adequate import FEWEST_TESTS, MOST_TESTS
from whetstone.finetuning.nano.compositions import Split, compositions
from whetstone.finetuning.nano.problems import pose, problems, training_problems
from whetstone.finetuning.nano.statements import draw_statement


def composition_of(problem):
    return problem.id.rsplit("-", maxsplit=1)[0]


def test_each_composition_comes_once():
    found = [composition_of(problem) for problem in problems("dev")]
    assert sorted(found) == sorted(composition.name for composition in compositions(Split.DEV))


def test_a_smaller_limit_gives_the_first_problems():
    assert problems("test", limit=7) == problems("test", limit=30)[:7]
    assert problems("test", limit=0) == []


def test_a_larger_limit_goes_on_with_new_prompts():
    every = problems("dev", limit=400)
    assert len({problem.prompt for problem in every}) == 400
    assert len({problem.id for problem in every}) == 400
    assert every[:150] == problems("dev")
    assert {composition_of(problem) for problem in every[150:]} <= {
        composition_of(problem) for problem in every[:150]
    }


def test_a_limit_beyond_all_prompts_is_refused():
    with pytest.raises(ValueError, match=r"limit=1000000: split 'dev' ran out"):
        problems("dev", limit=1_000_000)


def test_an_unknown_split_is_refused():
    with pytest.raises(ValueError, match="'held_out' is not a valid Split"):
        problems("held_out")


def test_tests_are_plain_asserts_on_literals():
    for problem in problems("rl", limit=100):
        lines = problem.tests.splitlines()
        assert FEWEST_TESTS <= len(lines) <= MOST_TESTS
        for line in lines:
            call, expected = line.removeprefix("assert f(").split(") == ")
            ast.literal_eval(call)
            ast.literal_eval(expected)


def test_a_prompt_is_one_line_and_an_answer_is_the_whole_function():
    for problem in problems("rl", limit=200):
        assert problem.prompt.startswith("Write a function f(")
        assert problem.prompt.endswith(".\n")
        assert problem.prompt.count("\n") == 1
        assert problem.reference.startswith("def f(")
        assert problem.reference.endswith("\n")
        slots = ("LIMIT", "AMOUNT", "LETTER", "NOUN", "ITEM")
        assert not any(slot in problem.prompt + problem.reference for slot in slots)


def composition(name):
    [found] = [c for split in Split for c in compositions(split) if c.name == name]
    return found


def test_a_composition_as_a_person_would_check_it():
    problem = pose(draw_statement(composition("integers/even/square/sum"), random.Random(0)))
    assert problem.reference == (
        "def f(nums):\n    return sum(x * x for x in nums if x % 2 == 0)\n"
    )
    assert [mutant.misconception for mutant in problem.mutants] == [
        "x % 2 == 1",
        "x % 2",
        "x * 2",
        "x + x",
        "return len([ITEMS])",
        "r = 1; r += ITEM; return r",
    ]
    assert problem.misconceptions[-1] == (
        "def f(nums):\n"
        "    r = 1\n"
        "    for x in nums:\n"
        "        if x % 2 == 0:\n"
        "            r += x * x\n"
        "    return r\n"
    )


def test_what_makes_no_difference_is_no_misconception():
    problem = pose(draw_statement(composition("integers/negative/absolute/sum"), random.Random(0)))
    wrong = {m.misconception for m in problem.mutants if m.primitive == "integers/map/absolute"}
    assert wrong == {"x"}, "-x is the absolute value of a negative number"


def test_no_domain_is_rare_in_training():
    made = training_problems(200, seed=1)
    assert len({problem.prompt for problem in made}) == 200
    count = Counter(problem.id.split("/")[0] for problem in made)
    # In proportion to the compositions, characters would have 18.
    assert count["integers"] > count["words"] > count["characters"] >= 35
    assert {composition_of(problem) for problem in made} <= {
        composition.name for composition in compositions(Split.RL)
    }


def test_fewer_training_problems_are_the_first_ones():
    assert training_problems(30, seed=2) == training_problems(60, seed=2)[:30]


def test_training_problems_run_out():
    with pytest.raises(ValueError, match=r"limit=1000000: characters ran out"):
        training_problems(1_000_000)
