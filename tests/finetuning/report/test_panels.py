import json

import pytest

from whetstone.finetuning.report.panels import learning_panels, smooth
from whetstone.finetuning.report.read import Point, read_run


def labels(run):
    return [[curve.label for curve in panel.curves] for panel in learning_panels(run)]


def test_a_reward_that_is_the_pass_rate_is_drawn_once(run_folder):
    assert labels(read_run(run_folder)) == [["held-out\npass@1", "reward =\npass rate"]]


def test_a_reward_that_is_nearly_the_pass_rate_is_drawn_once_and_says_so(sft_folder):
    rows = [{"step": i, "reward": 0.5 - 0.01 * (i % 3), "execution/pass_rate": 0.5} for i in (1, 2)]
    write_rows(sft_folder, rows)

    assert labels(read_run(sft_folder)) == [["reward \N{ALMOST EQUAL TO}\npass rate"]]


def test_a_reward_between_0_and_1_shares_the_axis_of_the_pass_rate(sft_folder):
    write_rows(sft_folder, [{"step": 1, "reward": 0.7, "execution/pass_rate": 0.4, "loss": 0.1}])

    assert labels(read_run(sft_folder)) == [["pass rate", "reward"]]


def test_a_reward_beyond_0_and_1_gets_an_axis_of_its_own(sft_folder):
    write_rows(sft_folder, [{"step": 1, "reward": -2.5, "execution/pass_rate": 0.4}])

    panels = learning_panels(read_run(sft_folder))

    assert labels(read_run(sft_folder)) == [["pass rate"], ["reward"]]
    assert [panel.is_fraction for panel in panels] == [True, False]


def test_the_loss_is_drawn_where_there_is_no_reward(sft_folder):
    write_rows(sft_folder, [{"step": 1, "loss": 2.0}, {"step": 1, "eval_loss": 2.1}])

    assert labels(read_run(sft_folder)) == [["loss", "held-out\nloss"]]


def test_several_tasks_are_told_apart_by_name_tone_and_marker(sft_folder):
    write_rows(sft_folder, [{"step": 1, "eval/mbpp/pass@1": 0.4, "eval/humaneval/pass@1": 0.3}])

    mbpp, humaneval = learning_panels(read_run(sft_folder))[0].curves

    assert (mbpp.label, humaneval.label) == ("mbpp\npass@1", "humaneval\npass@1")
    assert mbpp.tone != humaneval.tone
    assert mbpp.marker != humaneval.marker


def test_smoothing_quiets_noise():
    points = tuple(Point(step, float(step % 2)) for step in range(400))

    smoothed = smooth(points)

    assert [point.step for point in smoothed] == list(range(400))
    assert all(point.value == pytest.approx(0.5, abs=0.1) for point in smoothed)


def test_smoothing_follows_a_steep_curve_up_to_its_ends():
    points = tuple(Point(step, 3.0 - 0.02 * step) for step in range(100))

    assert [p.value for p in smooth(points)] == pytest.approx([p.value for p in points])


def test_a_short_curve_is_not_smoothed():
    points = tuple(Point(step, float(step**2)) for step in range(30))

    assert smooth(points) == points


def write_rows(folder, rows):
    (folder / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
