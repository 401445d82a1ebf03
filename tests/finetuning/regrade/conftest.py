"""Runs to judge again: one that was trained here, and one whose completions are known."""

import json
from pathlib import Path

import pandas as pd
import pytest
import torch
import yaml

from whetstone.finetuning.algo.advantages import advantages
from whetstone.finetuning.artifacts.input_hashes import marks_of
from whetstone.finetuning.artifacts.run_dir import as_yaml
from whetstone.finetuning.config import load

ADD = "Write add(a, b).\n"
DOUBLE = "Write double(x).\n"
ROWS = [
    {"prompt": ADD, "tests": "assert add(1, 2) == 3\nassert add(0, 0) == 0\nassert add(2, 2) == 4"},
    {"prompt": DOUBLE, "tests": "assert double(1) == 2"},
]
RIGHT, HALF = "def add(a, b):\n    return a + b\n", "def add(a, b):\n    return a * b\n"
WRONG, BROKEN = "def add(a, b):\n    return 7\n", "def add(:\n"
TWICE, SQUARE = "def double(x):\n    return 2 * x\n", "def double(x):\n    return x + 1\n"
GROUPS = {ADD: [RIGHT, HALF, WRONG, BROKEN], DOUBLE: [TWICE, TWICE, SQUARE, SQUARE]}
SCORES = {ADD: [1.0, 0.0, 0.0, -0.2], DOUBLE: [1.0, 1.0, 1.0, 1.0]}
"""`x + 1` passes the one test that there is."""


@pytest.fixture
def known(tmp_path, monkeypatch) -> Path:
    """The folder of a run of two generations; the user stands where its `rows.jsonl` is."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    Path("rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    config = load(
        [
            *("model=qwen", "data=jsonl", "data.train=rows.jsonl", "reward=execution", "algo=grpo"),
            *("algo.args.num_generations=4", "algo.args.per_device_train_batch_size=8"),
            *("algo.args.gradient_accumulation_steps=1", "run.name=known"),
        ]
    ).main
    run = tmp_path / "outputs" / "known"
    (run / "completions").mkdir(parents=True)
    (run / "config.yaml").write_text(yaml.safe_dump(as_yaml(config)))
    (run / "manifest.json").write_text(json.dumps({"files": marks_of([config])}))
    for step in (1, 2):
        order = [ADD, DOUBLE] if step == 1 else [DOUBLE, ADD]
        scores = torch.tensor([score for prompt in order for score in SCORES[prompt]])
        weighed = advantages(scores[:, None], torch.ones(1), config.algo)
        table = {
            "step": [step] * 8,
            "prompt": [prompt for prompt in order for _ in range(4)],
            "completion": [text for prompt in order for text in GROUPS[prompt]],
            "execution": scores.tolist(),
            "advantage": weighed.tolist(),
        }
        path = run / "completions" / f"completions_{step:05d}.parquet"
        pd.DataFrame(table).to_parquet(path)
    return Path("outputs/known")
