import pytest

from whetstone.finetuning.config import load
from whetstone.finetuning.config.goal import Goal, best_goal
from whetstone.finetuning.errors import ConfigError
from whetstone.finetuning.hooks.best import choose

METRIC = "eval/nano_dev/pass@1"


def rows(*scores):
    looks = [{"step": 30 * n, METRIC: score} for n, score in enumerate(scores)]
    # A reward that rises all the way: it must not decide.
    return [*looks, *({"step": n, "reward": n / 100} for n in range(100))]


def test_the_last_weights_stay_while_the_difference_may_be_luck():
    choice = choose(Goal(METRIC, 0.1), rows(0.2, 0.8, 0.75))
    assert (choice.kept, choice.best_step, choice.last_step) == ("last", 30, 60)


def test_a_loss_that_is_no_luck_takes_the_best_look():
    choice = choose(Goal(METRIC, 0.1), rows(0.2, 0.8, 0.6))
    assert (choice.kept, choice.best_step, choice.best, choice.last) == ("best", 30, 0.8, 0.6)


def test_a_margin_of_zero_always_takes_the_best_and_the_first_of_equals():
    assert choose(Goal(METRIC, 0.0), rows(0.2, 0.8, 0.79)).kept == "best"
    choice = choose(Goal(METRIC, 0.0), rows(0.2, 0.8, 0.8))
    assert (choice.kept, choice.best_step) == ("last", 30)


def test_training_that_only_did_harm_gives_the_model_back():
    assert choose(Goal(METRIC, 0.1), rows(0.5, 0.2)).best_step == 0


def test_without_looks_there_is_no_choice():
    assert choose(Goal(METRIC, 0.1), [{"step": 1, "reward": 1.0}]) is None


def test_of_a_loss_less_is_better():
    losses = [{"step": step, "eval_loss": loss} for step, loss in ((0, 3.0), (5, 1.0), (10, 1.5))]
    choice = choose(Goal("eval_loss", 0.0), losses)
    assert (choice.kept, choice.best_step, choice.best, choice.last) == ("best", 5, 1.0, 1.5)
    assert choose(Goal("eval_loss", 0.5), losses).kept == "last"


LOOKS = ["data=nano", "debug=true", "hooks.watch.every_steps=5"]


@pytest.mark.parametrize(
    ("overrides", "metric", "margin"),
    [
        ([*LOOKS, "algo=grpo"], METRIC, 0.1),
        ([*LOOKS, "algo=sft"], METRIC, 0.1),
        ([*LOOKS, "algo=reward", "hooks.best.metric=eval_loss"], "eval_loss", 0.0),
        ([*LOOKS, "algo=reward", "hooks.best.metric=eval_accuracy"], "eval_accuracy", 0.0),
        ([*LOOKS, "algo=dpo", "hooks.best.metric=eval_loss"], "eval_loss", 0.0),
        ([*LOOKS, "algo=sft", "hooks.best.margin=0.2"], METRIC, 0.2),
    ],
)
def test_what_is_held_out_decides(overrides, metric, margin):
    assert best_goal(load(overrides).main) == Goal(metric, margin)


@pytest.mark.parametrize(
    "off", ["hooks.best.keep=false", "hooks.watch.every_steps=0", "data.watch_task=null"]
)
def test_without_a_look_or_a_wish_nothing_decides(off):
    looks = [look for look in LOOKS if look.partition("=")[0] not in off]
    assert best_goal(load([*looks, "algo=grpo", off]).main) is None


@pytest.mark.parametrize(
    ("overrides", "told"),
    [
        (["algo=sft", "hooks.best.metric=reward"], f"measured {METRIC}, eval_loss, eval_mean"),
        (["algo=grpo", "hooks.best.metric=eval_loss"], f"measured {METRIC}; choose"),
        (
            ["algo=grpo", "data.watch_task=null", "hooks.best.metric=eval_loss"],
            "algo=grpo measures no held-out rows; set data.watch_task",
        ),
        (
            ["algo=sft", "hooks.best.metric=eval_loss", "hooks.watch.every_steps=0"],
            "set hooks.watch.every_steps",
        ),
    ],
)
def test_what_nothing_feeds_is_refused(overrides, told):
    with pytest.raises(ConfigError, match=r"hooks\.best\.metric=") as caught:
        load([*(LOOKS[:2] if "hooks.watch.every_steps=0" in overrides else LOOKS), *overrides])
    assert told in str(caught.value)
