"""Killed with -9 anywhere, a run started again with the same command ends with the same figures."""

import json
import time
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path

import psutil
import pytest

from whetstone.finetuning.artifacts.metrics import read_metrics
from whetstone.finetuning.cli import train

SMALL = [
    "tracker=none",
    "data.limit=5",  # two prompts a step: three epochs
    "algo.args.max_steps=6",
    "algo.args.save_steps=2",
    "algo.args.per_device_train_batch_size=16",
    *(
        f"pipeline.stages.base.set.{setting}"
        for setting in (
            "data.corpus_size=96",  # six steps an epoch: two epochs
            "algo.args.max_steps=12",
            "algo.args.per_device_train_batch_size=16",
            "algo.args.save_steps=4",
            "algo.args.logging_steps=2",
        )
    ),
    "hooks.evaluate.limit=24",
    "hooks.evaluate.samples=4",
    "hooks.evaluate.k=[1]",
    "hooks.evaluate.batch_size=8",
    "hooks.watch.every_steps=3",
    "hooks.watch.limit=4",
]
TIMED = ("seconds/", "step_time", "execution/programs_per_second", "train_")


# What a run imports is imported once; each run below is a process of its own, forked from there.
FORK = get_context("forkserver")
FORK.set_forkserver_preload(
    [
        "whetstone.finetuning.pipeline",
        "trl.trainer.grpo_trainer",
        "trl.trainer.sft_trainer",
        "transformers.models.llama.modeling_llama",
    ]
)


def start(outputs: Path) -> BaseProcess:
    command = [*SMALL, f"run.outputs={outputs}", f"run.cache={outputs}/.cache"]
    process = FORK.Process(target=train, args=(command,))
    process.start()
    return process


def kill_when(outputs: Path, pattern: str) -> None:
    """Start the run and kill it as soon as a file that matches is there."""
    process = start(outputs)
    deadline = time.monotonic() + 240
    while not list(outputs.glob(pattern)):
        assert process.is_alive(), f"ended with {process.exitcode} before there was {pattern}"
        assert time.monotonic() < deadline, f"nothing matched {pattern}"
        time.sleep(0.01)
    below = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    for child in below:
        with suppress(psutil.NoSuchProcess):
            child.kill()
    process.join()


def finish(outputs: Path) -> None:
    process = start(outputs)
    process.join(timeout=400)
    assert process.exitcode == 0


def figures(outputs: Path) -> dict:
    (report_path,) = outputs.glob("nano*/report.json")
    (base,) = outputs.glob(".cache/nano-base-*")
    report = json.loads(report_path.read_text())
    return {
        "before": report["before"],
        "after": report["after"],
        "reward": report["reward"],
        "base": untimed(base / "metrics.jsonl"),
        "rl": untimed(report_path.parent / "metrics.jsonl"),
    }


def untimed(path: Path) -> list[dict]:
    return [
        {key: value for key, value in row.items() if not key.startswith(TIMED)}
        for row in read_metrics(path)
        if {key for key in row if not key.startswith(TIMED)} - {"step", "epoch"}
    ]


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    outputs = tmp_path_factory.mktemp("uninterrupted")
    finish(outputs)
    return figures(outputs)


@pytest.mark.nightly
def test_killed_everywhere_it_ends_with_the_same_figures(uninterrupted, tmp_path):
    kill_when(tmp_path, ".cache/nano-base-*/checkpoints/checkpoint-4/trainer_state.json")
    kill_when(tmp_path, "nano*/eval/before/*.samples.jsonl")
    kill_when(tmp_path, "nano*/checkpoints/checkpoint-4/trainer_state.json")
    kill_when(tmp_path, "nano*/checkpoints/checkpoint-6/trainer_state.json")
    kill_when(tmp_path, "nano*/eval/after/*.samples.jsonl")
    finish(tmp_path)
    assert figures(tmp_path) == uninterrupted


@pytest.mark.nightly
def test_the_uninterrupted_run_has_every_row_once(uninterrupted):
    assert [row["step"] for row in uninterrupted["rl"] if "reward" in row] == [1, 2, 3, 4, 5, 6]
    assert [row["step"] for row in uninterrupted["base"] if "loss" in row] == [2, 4, 6, 8, 10, 12]
