import pytest

from whetstone.evaluation.tasks import Task, TaskProblem, build_program
from whetstone.rewards.extract import cut_at_stop

PROBLEM = TaskProblem(id="1", prompt="def f():", tests="assert f() == 1", prefix="def f():")
TASK = Task("own", (PROBLEM,), stop=("\ndef", "\nprint"), timeout_s=1.0)


def test_the_earliest_stop_word_cuts_whatever_its_place_in_the_list():
    assert cut_at_stop("a\nprint(1)\ndef g(): ...", ("\ndef", "\nprint")) == "a"
    assert cut_at_stop("a\ndef g(): ...\nprint(1)", ("\ndef", "\nprint")) == "a"


def test_a_stop_word_at_the_start_leaves_nothing():
    assert cut_at_stop("\nclass A: ...", ("\nclass",)) == ""


def test_without_a_stop_word_nothing_is_cut():
    text = "    return 1\n  print(2)\n"
    assert cut_at_stop(text, ("\nprint",)) == text
    assert cut_at_stop(text, ()) == text


def test_the_program_is_the_prefix_and_the_cut_completion():
    # A stop word within the prefix must not cut it.
    prefix = "import math\ndef f():"
    problem = TaskProblem(id="1", prompt="another", tests="", prefix=prefix)
    program = build_program(TASK, problem, "\n    return 1\ndef g():\n    return 2")
    assert program == prefix + "\n    return 1"


def test_two_problems_with_one_id_are_refused():
    with pytest.raises(ValueError, match="share an id"):
        Task("own", (PROBLEM, PROBLEM), stop=(), timeout_s=1.0)


def test_a_task_without_problems_is_refused():
    with pytest.raises(ValueError, match="no problems"):
        Task("own", (), stop=(), timeout_s=1.0)
