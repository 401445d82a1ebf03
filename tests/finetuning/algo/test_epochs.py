"""Means over epochs, in real trainings: also where one is continued in the middle of an epoch."""

import io
from statistics import fmean

import pytest
from rich.console import Console

from whetstone.finetuning.hooks.epochs import EpochMeansCallback

PROMPTS = ("return the sum of", "return a", "write the longest of the words", "b")


def train(build_trainer, *, resumed_from=None):
    """Two and a half epochs of four steps each."""
    screen = io.StringIO()
    hook = EpochMeansCallback(["reward", "loss"], Console(file=screen, width=200))
    trainer = build_trainer(
        "rfai",
        "algo.args.max_steps=10",
        "algo.args.save_steps=6",
        "algo.args.per_device_train_batch_size=16",
        "algo.args.num_generations=2",
        prompts=PROMPTS,
    )
    trainer.add_callback(hook)
    hook.attach(trainer)
    trainer.train(resume_from_checkpoint=resumed_from)
    return trainer, screen.getvalue()


def epochs(trainer):
    return [row for row in trainer.state.log_history if "epoch/reward" in row]


def test_each_epoch_has_its_means_and_the_last_may_be_short(build_trainer):
    trainer, screen = train(build_trainer)
    steps = [row for row in trainer.state.log_history if "reward" in row]
    found = epochs(trainer)
    assert [row["step"] for row in found] == [4, 8, 10]
    for row, first, last in zip(found, (0, 4, 8), (4, 8, 10), strict=True):
        for column in ("reward", "loss"):
            mean = fmean(float(step[column]) for step in steps[first:last])
            assert row[f"epoch/{column}"] == pytest.approx(mean)
    first = found[0]["epoch/reward"], found[0]["epoch/loss"]
    told = screen.splitlines()
    assert told[0] == "epoch 1: mean reward {:.3f}, loss {:.3f}".format(*first)
    assert [line.split(":")[0] for line in told] == ["epoch 1", "epoch 2", "epoch 3"]


def test_a_training_that_is_continued_within_an_epoch_has_the_same_means(build_trainer):
    whole, _ = train(build_trainer)
    checkpoint = f"{whole.args.output_dir}/checkpoints/checkpoint-6"
    resumed, _ = train(build_trainer, resumed_from=checkpoint)
    for ours, theirs in zip(epochs(resumed), epochs(whole), strict=True):
        assert ours == pytest.approx(theirs, rel=1e-5)
