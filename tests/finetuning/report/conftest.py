"""A run's folder as a finished nano run leaves it: 100 GRPO steps, evaluated every 25."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

STEPS = 100
GROUP = 8
HELD_OUT = {0: 0.238, 25: 0.692, 50: 0.801, 75: 0.846, 100: 0.852}
PROBLEMS = {
    "Write a function f(nums) to return the sum of the squares of the even numbers in nums.\n": (
        "def f(nums):\n    return sum(x * x for x in nums if x % 2 == 0)\n",
        "def f(nums):\n    return sum(x * 2 for x in nums if x % 2 == 0)\n",
    ),
    "Write a function f(nums) to compute the smallest of the numbers that are at least 4, "
    "each decreased by 7, or 0 if there are none, in nums.\n": (
        "def f(nums):\n    r = [x - 7 for x in nums if x >= 4]\n    return min(r, default=0)\n",
        "def f(nums):\n    r = [x + 7 for x in nums if x >= 4]\n    return min(r)\n",
    ),
    "Write a function f(words) to find a string, separated by spaces, of the reversed words "
    "containing 'e' in words.\n": (
        "def f(words):\n    return ' '.join(x[::-1] for x in words if 'e' in x)\n",
        "def f(words):\n    return [x[::-1] for x in words if x == 'e']\n",
    ),
    "Write a function f(nums) to find the set of the opposites of the odd integers in nums.\n": (
        "def f(nums):\n    return {-x for x in nums if x % 2 != 0}\n",
        "def f(nums):\n    return set(abs(x) for x in nums if x % 2 == 1)\n",
    ),
    "Write a function f(s) to count the vowels in s.\n": (
        "def f(s):\n    return len([x for x in s if x in 'aeiouAEIOU'])\n",
        "def f(s):\n    return len([x for x in s if x in 'aeiou'])\n",
    ),
}
SUMMARY: dict[str, Any] = {
    "name": "nano-nano-grpo",
    "status": "done",
    "algo": "grpo",
    "model": "nano",
    "before": {"nano": {"pass@1": 0.238, "pass@8": 0.775}},
    "after": {"nano": {"pass@1": 0.852, "pass@8": 0.983}},
    "reward": {"first": 0.266, "last": 0.861},
    "seconds": {"total": 55.2, "generate": 17.9, "reward": 6.1, "logps": 9.8, "optimize": 18.3},
    "stages": [
        {"name": "pretrain", "folder": "outputs/.cache/nano-base-3f9a", "seconds": 0, "cached": 1},
        {"name": "grpo", "folder": "outputs/nano-nano-grpo", "seconds": 55.2, "cached": False},
    ],
    "model_folder": "outputs/nano-nano-grpo/merged",
}
CONFIG = "seed: 0\nalgo:\n  name: grpo\n  args:\n    learning_rate: 0.001\n    beta: 0.0\n"


@pytest.fixture
def run_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "nano-nano-grpo"
    (folder / "completions").mkdir(parents=True)
    rng = random.Random(0)
    rows = []
    for step in range(1, STEPS + 1):
        reward = 0.86 - 0.61 * 0.955**step + rng.gauss(0, 0.03)
        rows.append({"step": step, "reward": reward, "execution/pass_rate": reward, "loss": 0.01})
        if step in HELD_OUT:
            rows.append({"step": step, "eval/nano/pass@1": HELD_OUT[step]})
        prompt = list(PROBLEMS)[step % len(PROBLEMS)]
        write_completions(folder, step, prompt, [rng.random() < reward for _ in range(GROUP)])
    rows.insert(0, {"step": 0, "eval/nano/pass@1": HELD_OUT[0]})
    write_metrics(folder, rows)
    write_summary(folder, SUMMARY)
    for when, rate in (("before", 0.238), ("after", 0.852)):
        write_evaluation(folder / "eval" / when, rate, 0, 4, "nano")
    (folder / "config.yaml").write_text(CONFIG)
    return folder


@pytest.fixture
def sft_folder(tmp_path: Path) -> Path:
    """A run without reward, evaluation, completions, timed parts or configuration."""
    folder = tmp_path / "nano-corpus-sft"
    folder.mkdir()
    losses = [3.1 * 0.99**step + 0.4 for step in range(0, 800, 10)]
    write_metrics(folder, [{"step": 10 * i, "loss": loss} for i, loss in enumerate(losses)])
    write_summary(
        folder,
        {
            "name": "nano-corpus-sft",
            "status": "done",
            "algo": "sft",
            "model": "nano",
            "before": None,
            "after": {},
            "reward": None,
            "seconds": {"total": 81.0},
        },
    )
    return folder


def write_summary(folder: Path, summary: dict[str, Any]) -> None:
    (folder / "report.json").write_text(json.dumps(summary))


def write_metrics(folder: Path, rows: list[dict[str, Any]]) -> None:
    (folder / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def write_completions(folder: Path, step: int, prompt: str, passes: list[bool]) -> None:
    right, wrong = PROBLEMS[prompt]
    mean = sum(passes) / len(passes)
    table = {
        "step": [step] * len(passes),
        "prompt": [prompt] * len(passes),
        "completion": [right if passed else wrong for passed in passes],
        "execution": [float(passed) for passed in passes],
        "advantage": [passed - mean for passed in passes],
    }
    pq.write_table(pa.table(table), folder / "completions" / f"completions_{step:05d}.parquet")


MEASURED = 200


@pytest.fixture
def outputs(tmp_path) -> Path:
    return tmp_path / "outputs"


@pytest.fixture
def make_run(outputs) -> Callable[..., Path]:
    def make(
        name,
        *,
        seed=0,
        after=0.8,
        before=0.2,
        beta=0.0,
        named=True,
        samples=4,
        status=True,
        debug=False,
    ):
        folder = outputs / name
        folder.mkdir(parents=True)
        config = {
            "seed": seed,
            "debug": debug,
            "run": {"name": name if named else None},
            "algo": {"name": "grpo", "args": {"beta": beta}},
            "reward": {"random": {"seed": seed}},
            "tracker": {"wandb": {"name": "wandb"}} if seed else {},
        }
        (folder / "config.yaml").write_text(yaml.safe_dump(config))
        (folder / "manifest.json").write_text(json.dumps({"id": f"id{seed}", "device": "cpu"}))
        if not status:
            return folder
        seconds = {"total": 100.0, "generate": 40.0, "reward": 10.0, "optimize": 30.0}
        report = {"name": name, "status": "done", "algo": "grpo", "model": "nano"}
        (folder / "report.json").write_text(json.dumps({**report, "seconds": seconds}))
        rows = [
            {"step": step, "reward": before + (after - before) * step / 40} for step in range(1, 41)
        ]
        rows += [{"step": step, "eval/mine/pass@1": before} for step in (0, 20, 40)]
        (folder / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        for when, rate in (("before", before), ("after", after)):
            write_evaluation(folder / "eval" / when, rate, seed, samples)
        return folder

    return make


@pytest.fixture
def evaluated() -> Callable[..., None]:
    return write_evaluation


def write_evaluation(
    folder: Path, rate: float, seed: int, samples: int, task: str = "mine", problems: int = MEASURED
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    rng = random.Random(f"{seed} {rate}")
    settings = {"samples": samples, "seed": seed, "temperature": 1.0}
    rows: list[dict] = [{"task": task, "fingerprint": str(seed), "settings": settings}]
    rows += [
        {
            "problem": f"{task}/{problem}",
            "kind": "sample",
            "index": index,
            "completion": "pass",
            "verdict": "passed" if rng.random() < rate else "failed",
            "passed_tests": 0,
            "total_tests": 1,
        }
        for problem in range(problems)
        for index in range(samples)
    ]
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / f"{task}.samples.jsonl").write_text(text)
    (folder / f"{task}.json").write_text(
        json.dumps({"k": [size for size in (1, 4) if size <= samples]})
    )
