import json
import shutil

import pytest

from whetstone.finetuning.report.outcome import (
    DEBUG,
    NOTHING_HELD_OUT,
    BeforeAfter,
    banner,
    comparisons,
    headline,
    notes,
)
from whetstone.finetuning.report.read import read_run


def test_held_out_scores_make_the_headline(run_folder):
    assert headline(read_run(run_folder)) == "pass@1 on nano rose from 0.24 to 0.85 in 100 steps."


def test_every_task_is_told_so_that_none_is_picked(run_folder, evaluated):
    for when, rates in (("before", (0.5, 0.4)), ("after", (0.7, 0.1))):
        for task, rate in zip(("mbpp", "humaneval"), rates, strict=True):
            evaluated(run_folder / "eval" / when, rate, 0, 4, task)
    amend(
        run_folder,
        before={"mbpp": {"pass@1": 0.5}, "humaneval": {"pass@1": 0.4}},
        after={"mbpp": {"pass@1": 0.7}, "humaneval": {"pass@1": 0.1}},
    )

    assert headline(read_run(run_folder)) == (
        "pass@1 on mbpp rose from 0.50 to 0.70 in 100 steps; "
        "pass@1 on humaneval fell from 0.40 to 0.10 in 100 steps."
    )


@pytest.mark.parametrize(("before", "after"), [(0.4, 0.41), (0.41, 0.4)])
def test_a_change_that_could_be_luck_is_given_no_direction(run_folder, evaluated, before, after):
    for when, rate in (("before", before), ("after", after)):
        evaluated(run_folder / "eval" / when, rate, 0, 4, "nano")
    amend(run_folder, before={"nano": {"pass@1": before}}, after={"nano": {"pass@1": after}})
    run = read_run(run_folder)

    told = headline(run)

    assert told.startswith("pass@1 on nano shows no clear change in 100 steps: ")
    assert f"{before:.2f} before, {after:.2f} after" in told
    assert f"(95 % interval of the difference {comparisons(run)[0].interval})." in told


def test_all_of_four_problems_is_no_rise(run_folder, evaluated):
    """Four failures before and four passes after, as `debug=true` measures them."""
    for when, rate in (("before", 0.0), ("after", 1.0)):
        evaluated(run_folder / "eval" / when, rate, 0, 1, "nano", problems=4)
    amend(run_folder, before={"nano": {"pass@1": 0.0}}, after={"nano": {"pass@1": 1.0}})

    assert "shows no clear change" in headline(read_run(run_folder))


@pytest.mark.parametrize(
    ("before", "told"),
    [
        ({"nano": {"pass@1": 0.85}}, "was 0.85 before and 0.24 after 100 steps"),
        (None, "is 0.24 after 100 steps"),
    ],
)
def test_without_single_verdicts_figures_are_told_and_no_direction(run_folder, before, told):
    shutil.rmtree(run_folder / "eval")
    amend(run_folder, before=before, after={"nano": {"pass@1": 0.24}})

    assert headline(read_run(run_folder)) == f"pass@1 on nano {told}."


def test_without_evaluation_the_reward_is_told(run_folder):
    amend(run_folder, before=None, after=None)

    told = headline(read_run(run_folder))

    assert told == (
        "The mean training reward was 0.27 in the first batch and 0.86 in the last, in 100 steps."
    )


def test_without_reward_the_loss_is_told(sft_folder):
    assert headline(read_run(sft_folder)) == (
        "The training loss was 3.50 at first and 0.40 at last, in 790 steps."
    )


def test_a_run_that_logged_nothing_says_so(sft_folder):
    (sft_folder / "metrics.jsonl").unlink()

    assert headline(read_run(sft_folder)).startswith("No step was logged")


def test_scores_are_compared_measure_by_measure(run_folder):
    shutil.rmtree(run_folder / "eval")
    amend(
        run_folder,
        before={"nano": {"pass@1": 0.5, "pass@8": 0.9}},
        after={"nano": {"pass@1": 0.25}, "mbpp": {"pass@1": 0.1}},
    )

    assert comparisons(read_run(run_folder)) == (
        BeforeAfter("nano", "pass@1", "0.500", "0.250", "\N{MINUS SIGN}0.250", ""),
        BeforeAfter("nano", "pass@8", "0.900", "", "", ""),
        BeforeAfter("mbpp", "pass@1", "", "0.100", "", ""),
    )


def test_a_change_has_an_interval_where_the_verdicts_are_there(make_run):
    folder = make_run("A", before=0.3, after=0.6)
    amend(folder, before={"mine": {"pass@1": 0.3}}, after={"mine": {"pass@1": 0.6}})

    (row,) = comparisons(read_run(folder))

    low, high = map(float, row.interval.split(" to "))
    assert 0.2 < low < 0.3 < high < 0.4


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


def test_a_run_that_measured_nothing_held_out_says_so(run_folder, sft_folder):
    assert NOTHING_HELD_OUT in notes(read_run(sft_folder))
    assert NOTHING_HELD_OUT not in notes(read_run(run_folder))
    row = {"step": 790, "eval_loss": 0.5}
    with (sft_folder / "metrics.jsonl").open("a") as file:
        file.write(json.dumps(row) + "\n")
    assert NOTHING_HELD_OUT not in notes(read_run(sft_folder))


def test_a_check_of_the_path_is_called_one(run_folder):
    assert banner(read_run(run_folder)) is None
    with (run_folder / "config.yaml").open("a") as file:
        file.write("debug: true\n")
    assert banner(read_run(run_folder)) == DEBUG


def test_a_mean_over_fewer_problems_says_so(run_folder):
    scores = {
        "task": "nano",
        "metrics": {"pass@1": 0.5, "pass@8": 0.5},
        "n_per_metric": {"pass@1": 265, "pass@8": 260},
        "counts": {},
        "n_problems": 265,
        "n_samples": 2000,
        "infra_errors": 120,
    }
    (run_folder / "eval" / "after" / "nano.json").write_text(
        json.dumps({"k": [1], "scores": scores})
    )

    told = " ".join(notes(read_run(run_folder)))

    assert "pass@8 of nano: the mean over 260 of 265 problems" in told
    assert "pass@1 of nano" not in told


def test_an_accuracy_that_was_measured_only_afterwards_is_told(run_folder):
    shutil.rmtree(run_folder / "eval")
    amend(run_folder, before={}, after={"held_out": {"accuracy": 0.75}}, reward=None)
    told = headline(read_run(run_folder))
    assert told == "The accuracy on held-out pairs is 0.75 after 100 steps."
