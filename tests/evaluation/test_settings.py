from dataclasses import replace

import pytest

from whetstone.evaluation.settings import Settings, header
from whetstone.evaluation.tasks import Task, TaskProblem

SETTINGS = Settings(
    samples=10,
    temperature=0.2,
    top_p=0.95,
    top_k=0,
    max_new_tokens=64,
    batch_size=4,
    seed=0,
    k=(1, 10),
    greedy=True,
)
TASK = Task("own", (TaskProblem("1", "Write f.", "assert f()"),), stop=("\n#",), timeout_s=1.0)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"samples": 0}, "samples=0"),
        ({"batch_size": 0}, "batch_size=0"),
        ({"max_new_tokens": 0}, "max_new_tokens=0"),
        ({"k": (1, 0)}, "k=0"),
        ({"temperature": -0.1}, "temperature=-0.1"),
        ({"top_p": 0.0}, "top_p=0.0"),
        ({"top_p": 1.1}, "top_p=1.1"),
        ({"top_k": -1}, "top_k=-1"),
        ({"temperature": 0.0}, "samples=10 with temperature=0.0.*set samples=1"),
    ],
)
def test_a_setting_out_of_range_is_refused_by_name(changes, message):
    with pytest.raises(ValueError, match=message):
        replace(SETTINGS, **changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"samples": 11},
        {"temperature": 0.8},
        {"top_p": 0.9},
        {"top_k": 5},
        {"max_new_tokens": 65},
        {"batch_size": 5},
        {"seed": 1},
        {"greedy": False},
    ],
)
def test_the_fingerprint_changes_with_every_setting_that_changes_the_samples(changes):
    changed = header(TASK, replace(SETTINGS, **changes))
    assert changed["fingerprint"] != header(TASK, SETTINGS)["fingerprint"]


def test_the_fingerprint_does_not_change_with_k():
    assert header(TASK, replace(SETTINGS, k=(1,))) == header(TASK, SETTINGS)


@pytest.mark.parametrize(
    "changes",
    [
        {"stop": ()},
        {"timeout_s": 2.0},
        {"problems": (TaskProblem("1", "Write f!", "assert f()"),)},
        {"problems": (TaskProblem("1", "Write f.", "assert not f()"),)},
    ],
)
def test_the_fingerprint_changes_with_the_task(changes):
    changed = header(replace(TASK, **changes), SETTINGS)
    assert changed["fingerprint"] != header(TASK, SETTINGS)["fingerprint"]


def test_the_fingerprint_is_the_same_in_every_process():
    # Fails when the files' format or the fingerprint changes: then old folders are refused.
    assert header(TASK, SETTINGS)["fingerprint"] == "326c1983121dcdd6"
