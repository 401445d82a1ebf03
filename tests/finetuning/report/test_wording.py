import json

import pytest

from finetuning.report.read import read_run
from finetuning.report.wording import Comparison, comparisons, duration, headline, notes


def test_held_out_scores_make_the_headline(run_folder):
    assert headline(read_run(run_folder)) == "pass@1 on nano rose from 0.24 to 0.85 in 100 steps."


def test_every_task_is_told_so_that_none_is_picked(run_folder):
    amend(
        run_folder,
        before={"mbpp": {"pass@1": 0.5}, "humaneval": {"pass@1": 0.4}},
        after={"mbpp": {"pass@1": 0.6}, "humaneval": {"pass@1": 0.3}},
    )

    assert headline(read_run(run_folder)) == (
        "pass@1 on mbpp rose from 0.50 to 0.60, pass@1 on humaneval fell from 0.40 to 0.30 "
        "in 100 steps."
    )


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ({"nano": {"pass@1": 0.241}}, {"nano": {"pass@1": 0.244}}, "stayed at 0.24"),
        (None, {"nano": {"pass@1": 0.85}}, "reached 0.85"),
    ],
)
def test_a_change_is_told_as_it_is_printed(run_folder, before, after, told):
    amend(run_folder, before=before, after=after)

    assert headline(read_run(run_folder)) == f"pass@1 on nano {told} in 100 steps."


def test_without_evaluation_the_reward_is_told(run_folder):
    amend(run_folder, before=None, after=None)

    told = headline(read_run(run_folder))

    assert told == "The mean reward rose from 0.27 to 0.86 in 100 steps."


def test_without_reward_the_loss_is_told(sft_folder):
    assert headline(read_run(sft_folder)) == "The loss fell from 3.50 to 0.40 in 790 steps."


def test_a_run_that_logged_nothing_says_so(sft_folder):
    (sft_folder / "metrics.jsonl").unlink()

    assert headline(read_run(sft_folder)).startswith("No step was logged")


def test_scores_are_compared_measure_by_measure(run_folder):
    amend(
        run_folder,
        before={"nano": {"pass@1": 0.5, "pass@8": 0.9}},
        after={"nano": {"pass@1": 0.25}, "mbpp": {"pass@1": 0.1}},
    )

    assert comparisons(read_run(run_folder)) == (
        Comparison("nano", "pass@1", "0.500", "0.250", "\N{MINUS SIGN}0.250", ""),
        Comparison("nano", "pass@8", "0.900", "", "", ""),
        Comparison("mbpp", "pass@1", "", "0.100", "", ""),
    )


def test_a_change_has_an_interval_where_the_verdicts_are_there(make_run):
    folder = make_run("A", before=0.3, after=0.6)
    amend(folder, before={"mine": {"pass@1": 0.3}}, after={"mine": {"pass@1": 0.6}})

    (row,) = comparisons(read_run(folder))

    low, high = map(float, row.interval.split(" to "))
    assert 0.2 < low < 0.3 < high < 0.4


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0.04, "0.0 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (59.7, "1 min 00 s"),
        (185, "3 min 05 s"),
        (3599.8, "1 h 00 min"),
        (7800, "2 h 10 min"),
    ],
)
def test_durations_read_as_a_person_would_say_them(seconds, told):
    assert duration(seconds) == told


def amend(folder, **changes):
    path = folder / "report.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_what_a_reader_must_know_is_said(run_folder):
    stop = {"guard": "max_kl", "step": 60, "reason": "kl was above 10", "remedy": "lower the rate"}
    best = {"metric": "m", "best_step": 30, "best": 0.8, "last_step": 60, "last": 0.5}
    merge = {"kl": 0.012, "max_logit_difference": 1.5, "max_kl": 1e-4, "passed": False}
    amend(run_folder, stopped_early=stop, best={**best, "kept": "best"}, merge=merge)

    told = " ".join(notes(read_run(run_folder)))
    assert "stopped early at step 60: kl was above 10" in told
    assert "weights of step 30" in told
    assert "KL 0.012" in told


def test_an_ordinary_run_has_nothing_to_be_noted(run_folder):
    merge = {"kl": 1e-9, "max_logit_difference": 1e-5, "passed": True}
    amend(run_folder, stopped_early=None, best=None, merge=merge)

    assert notes(read_run(run_folder)) == ()
