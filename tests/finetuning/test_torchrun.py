"""Two CPU processes train one model. Slow: each starts torch twice."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet
import pytest

from whetstone.finetuning.artifacts.metrics import read_metrics

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.slow


def torchrun(*command: str, modules: Path = ROOT) -> subprocess.CompletedProcess:
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    return subprocess.run(
        [*launcher, "--nproc_per_node", "2", *command],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{modules}", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=1200,
    )


def settings(folder, model, *more: str) -> list[str]:
    return [
        "train.py",
        "model=qwen",
        f"model.path={model}",
        "model.lora.r=4",
        "data=nano",
        "reward=random",
        "tracker=none",
        "backend=cpu",
        "debug=true",
        "hooks.evaluate.limit=2",
        "run.name=it",
        f"run.outputs={folder}",
        *more,
    ]


@pytest.mark.parametrize("adapter", ["full", "lora"])
@pytest.mark.parametrize("algo", ["grpo", "ppo"])
def test_two_processes_end_with_equal_parameters(tmp_path, qwen_folder, algo, adapter):
    """The run itself compares the ranks' weights at its end, and fails where they differ."""
    more = [f"algo={algo}", f"model.adapter={adapter}", "algo.args.learning_rate=1.0e-3"]
    done = torchrun(*settings(tmp_path, qwen_folder, *more))
    assert done.returncode == 0, done.stderr[-4000:]
    assert done.stdout.count("evaluation before training") == 1  # one rank speaks
    assert [path.name for path in tmp_path.iterdir()] == ["it"]
    report = json.loads((tmp_path / "it" / "report.json").read_text())
    assert report["status"] == "done"
    assert set(report["after"]) == {"nano"}
    rows = [row for row in read_metrics(tmp_path / "it" / "metrics.jsonl") if "loss" in row]
    assert [row["step"] for row in rows] == [1, 2, 3]
    table = min((tmp_path / "it" / "completions").glob("*.parquet"))
    assert pyarrow.parquet.read_table(table).num_rows == 16  # 8 of each rank


def test_ranks_with_other_numbers_of_groups_without_signal(tmp_path, qwen_folder):
    """TRL gathers figures of each row: a rank with fewer rows than another ended the run."""
    (tmp_path / "uneven.py").write_text(
        "def reward(prompts, completions, **_):\n"
        "    return [len(c) * float(len(p) % 3 == 0) for p, c in zip(prompts, completions)]\n"
    )
    reward = ["reward=custom", "reward.custom.fn=uneven:reward"]
    command = [line for line in settings(tmp_path, qwen_folder) if line != "reward=random"]
    more = ["algo=rloo", "algo.dynamic_sampling.mode=skip", "hooks.evaluate.tasks=[]"]
    done = torchrun(*command, *reward, *more, modules=tmp_path)
    assert done.returncode == 0, done.stderr[-4000:]


def test_a_data_set_is_collected_once(tmp_path, qwen_folder):
    more = ["collect=base", "pipeline=single", "collect.max_new_tokens=8"]
    command = [line for line in settings(tmp_path, qwen_folder) if line != "reward=random"]
    done = torchrun(*command, "algo=grpo", *more)
    assert done.returncode == 0, done.stderr[-4000:]
    assert (tmp_path / "it" / "dataset" / "train.jsonl").is_file()
    assert not (tmp_path / "it" / "dataset.partial").exists()


def test_a_killed_run_of_two_processes_continues(tmp_path, qwen_folder):
    more = ["algo=ppo", "model.adapter=lora", "algo.args.max_steps=4"]
    whole = torchrun(*settings(tmp_path / "whole", qwen_folder, *more))
    assert whole.returncode == 0, whole.stderr[-4000:]
    halted = torchrun(*settings(tmp_path / "halted", qwen_folder, *more))
    assert halted.returncode == 0, halted.stderr[-4000:]
    folder = tmp_path / "halted" / "it"
    # As after a kill between the checkpoint of step 2 and that of step 4.
    for name in ("report.json", "report.html"):
        (folder / name).unlink()
    for path in (folder / "checkpoints" / "checkpoint-4", folder / "merged"):
        subprocess.run(["rm", "-r", str(path)], check=True)
    again = torchrun(*settings(tmp_path / "halted", qwen_folder, *more))
    assert again.returncode == 0, again.stderr[-4000:]

    def losses(outputs):
        rows = read_metrics(outputs / "it" / "metrics.jsonl")
        return [row["loss"] for row in rows if "loss" in row]

    assert losses(tmp_path / "halted") == pytest.approx(losses(tmp_path / "whole"), rel=1e-5)


def test_ranks_that_drift_apart_are_found(tmp_path):
    script = tmp_path / "drift.py"
    script.write_text(
        "import torch\n"
        "from whetstone.finetuning.runtime.distributed import check_equal, join, share\n"
        "from whetstone.finetuning.runtime.environment import rank\n"
        "join('cpu')\n"
        "assert share('first' if rank() == 0 else 'second') == 'first'\n"
        "model = torch.nn.Linear(2, 2)\n"
        "torch.nn.init.constant_(model.weight, 1.0)\n"
        "torch.nn.init.constant_(model.bias, 1.0)\n"
        "check_equal(model)\n"
        "torch.nn.init.constant_(model.bias, float(rank()))\n"
        "check_equal(model)\n"
    )
    done = torchrun(str(script))
    assert done.returncode != 0
    assert "the ranks ended with different weights" in done.stderr


def test_a_mistake_is_told_once(tmp_path, qwen_folder):
    done = torchrun(*settings(tmp_path, qwen_folder, "algo=grpp"))
    assert done.returncode != 0
    assert done.stderr.count("did you mean `grpo`?") == 1
