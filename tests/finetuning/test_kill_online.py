"""Killed with -9 while it trains, each algorithm ends with the figures of an uninterrupted run.

Slow: three processes for each case, `pytest -m slow tests/finetuning/test_kill_online.py`. What a
checkpoint must hold is tested quickly, in one process, by algo/test_resume.py.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from whetstone.finetuning.artifacts.metrics import read_metrics

ROOT = Path(__file__).resolve().parents[2]
SMALL = (
    "model=qwen",
    "model.lora.r=4",
    "data=nano",
    "data.limit=32",
    "reward=random",
    "tracker=none",
    "hooks.evaluate.tasks=[]",
    "hooks.watch.every_steps=0",
    "algo.args.max_steps=6",
    "algo.args.save_steps=2",
    "algo.args.per_device_train_batch_size=16",
    "algo.args.gradient_accumulation_steps=1",
    "algo.args.max_completion_length=12",
    "algo.args.learning_rate=1.0e-3",
    "algo.args.warmup_steps=1",
    "run.name=it",
)
CASES = {
    "rloo": ("algo=rloo",),
    "rfai": ("algo=rfai", "algo.kl.target=0.001"),
    "ppo": ("algo=ppo", "algo.args.num_iterations=2", "algo.target_kl=0.0001"),
}
TIMED = ("seconds/", "step_time", "train_")


def start(settings, folder) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "train.py", *SMALL, *settings, f"run.outputs={folder}"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def kill_when(settings, folder, path: str) -> None:
    process = start(settings, folder)
    deadline = time.monotonic() + 600
    while not (folder / path).exists():
        assert process.poll() is None, process.stdout.read()
        assert time.monotonic() < deadline, f"{path} did not come"
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def finish(settings, folder) -> tuple[list[dict], dict]:
    process = start(settings, folder)
    output, _ = process.communicate(timeout=900)
    assert process.returncode == 0, output
    rows = [
        {key: value for key, value in row.items() if not key.startswith(TIMED)}
        for row in read_metrics(folder / "it" / "metrics.jsonl")
        if {key for key in row if not key.startswith(TIMED)} - {"step", "epoch"}
    ]
    return rows, json.loads((folder / "it" / "report.json").read_text())


@pytest.mark.slow
@pytest.mark.parametrize("adapter", ["full", "lora"])
@pytest.mark.parametrize("case", CASES)
def test_a_killed_run_ends_with_the_same_figures(tmp_path, qwen_folder, case, adapter):
    settings = (*CASES[case], f"model.adapter={adapter}", f"model.path={qwen_folder}")
    expected, _ = finish(settings, tmp_path / "whole")
    assert [row["step"] for row in expected] == [1, 2, 3, 4, 5, 6]
    kill_when(settings, tmp_path / "killed", "it/checkpoints/checkpoint-4/trainer_state.json")
    found, report = finish(settings, tmp_path / "killed")
    assert report["status"] == "done"
    for ours, theirs in zip(found, expected, strict=True):
        assert ours == pytest.approx(theirs, rel=1e-5, abs=1e-6, nan_ok=True)
    # The finished model is a plain one: nothing of a critic is left in it.
    from safetensors import safe_open

    with safe_open(tmp_path / "killed" / "it" / "merged" / "model.safetensors", "pt") as weights:
        assert not [name for name in weights.keys() if "value" in name]  # noqa: SIM118
