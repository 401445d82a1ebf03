import json
import math
import random
from pathlib import Path

import pytest
import yaml

from whetstone.finetuning.config.schema import EarlyStopConfig
from whetstone.finetuning.hooks.guards import Guards

WATCH = "eval/nano_dev/pass@1"
# A reward that is learned, as the nano run logs it: 0.24 to 0.85 in 120 noisy steps.
HEALTHY = [0.24 + 0.61 * (1 - math.exp(-step / 25)) + 0.05 * (-1) ** step for step in range(120)]


ROOT = Path(__file__).resolve().parents[3]
DEFAULTS = yaml.safe_load((ROOT / "conf" / "hooks" / "default.yaml").read_text())["early_stop"]


def guards(watch=WATCH, **settings):
    return Guards(EarlyStopConfig(**{**DEFAULTS, **settings}), watch)


def rewards(values, **figures):
    return [{"step": step, "reward": value, **figures} for step, value in enumerate(values, 1)]


def looks(values, metric=WATCH):
    return [{"step": 30 * n, metric: value} for n, value in enumerate(values)]


def test_a_healthy_run_goes_on():
    rows = rewards(HEALTHY, kl=0.3, frac_reward_zero_std=0.4)
    assert guards().replay([*looks([0.23, 0.7, 0.8, 0.79, 0.84]), *rows]) is None


def test_a_run_that_has_learned_everything_goes_on():
    assert guards().replay(rewards([1.0] * 200, frac_reward_zero_std=1.0)) is None


def test_patience_counts_looks_without_a_new_best():
    stop = guards(patience=2).replay(looks([0.2, 0.5, 0.5, 0.4, 0.9]))
    assert (stop.guard, stop.step) == ("patience", 90)
    assert "0.500" in stop.reason
    assert guards(patience=2, min_delta=0.1).replay(looks([0.2, 0.25, 0.29])).step == 60
    assert guards(patience=None).replay(looks([0.5] * 100)) is None


def test_patience_on_a_metric_of_ones_own():
    rows = [{"step": n, "eval_loss": loss} for n, loss in enumerate([3.0, 2.0, 2.5, 2.4])]
    assert guards(metric="eval_loss", mode="min", patience=2).replay(rows).step == 3
    assert guards(patience=2, watch=None).replay(rows) is None


def test_a_policy_that_runs_away_is_stopped():
    def stop(kls):
        return guards(max_kl=1.0, max_kl_logs=3).replay(
            [{"step": n, "kl": kl} for n, kl in enumerate(kls, 1)]
        )

    assert stop([0.1, 2.0, 3.0, 4.0]).step == 4
    assert stop([2.0, 2.0, 0.5, 2.0, 2.0]) is None
    assert stop([math.inf, math.nan, 5.0]).guard == "max_kl"


def test_a_reward_that_is_lost_again_is_a_collapse():
    stop = guards().replay(rewards([*HEALTHY, *[0.1] * 60]))
    assert stop.guard == "collapse_below"
    assert 120 + 20 <= stop.step <= 120 + 40
    assert guards(collapse_below=None).replay(rewards([*HEALTHY, *[0.1] * 60])) is None


def test_a_dip_is_no_collapse():
    dip = [*HEALTHY, *[0.1] * 15, *HEALTHY[-30:]]
    assert guards().replay(rewards(dip)) is None


def test_a_reward_below_zero_cannot_collapse():
    assert guards().replay(rewards([-0.1, -0.2, -0.3] * 40, frac_reward_zero_std=0.0)) is None


@pytest.mark.parametrize("share", [0.005, 0.02, 0.1, 0.5])
def test_rare_successes_are_no_collapse(share):
    rng = random.Random(0)
    for _ in range(20):
        hard = [sum(rng.random() < share for _ in range(32)) / 32 for _ in range(500)]
        assert guards().replay(rewards(hard, frac_reward_zero_std=0.5)) is None


def test_a_collapse_in_the_first_steps_is_seen():
    """The rewards of a nano run at a learning rate of 4e-3, four times too high."""
    lost = [0.26, 0.25, 0.21, 0.18, 0.15, 0.08, *[0.0] * 60]
    stop = guards().replay(rewards(lost, frac_reward_zero_std=0.9))
    assert stop.guard == "collapse_below"
    assert stop.step < 45


def test_nothing_earned_by_anyone_is_no_signal():
    rows = rewards([-0.2] * 60, frac_reward_zero_std=1.0)
    assert guards().replay(rows).guard == "no_signal_logs"
    assert guards().replay(rows[:49]) is None
    rows[30]["frac_reward_zero_std"] = 0.75
    assert guards().replay(rows) is None


def test_steps_that_nobody_judged_are_no_news():
    rows = rewards([math.nan] * 200, frac_reward_zero_std=0.0)
    assert guards().replay(rows) is None


def test_all_of_them_are_off_with_one_setting():
    rows = rewards([*HEALTHY, *[0.0] * 200], kl=1e9, frac_reward_zero_std=1.0)
    assert guards(enabled=False).replay([*rows, *looks([0.1] * 99)]) is None


def test_the_first_reason_stays():
    found = guards(patience=1, max_kl=1.0, max_kl_logs=1)
    assert found.replay([*looks([0.5, 0.5]), {"step": 31, "kl": 5.0}]).guard == "patience"


@pytest.mark.parametrize("cut", [1, 40, 130, 150])
def test_a_resumed_run_stops_where_the_uninterrupted_one_does(cut):
    rows = rewards([*HEALTHY, *[0.1] * 60], loss="0.1234")
    expected = guards().replay(rows)
    resumed = guards()
    resumed.replay(json.loads(json.dumps(rows[:cut])))  # as a checkpoint holds them
    assert resumed.replay(rows[cut:]) == expected
