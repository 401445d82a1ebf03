"""benchmarks/gpu_check.py as far as a machine without a GPU can try it."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / "benchmarks" / "gpu_check.py"
GOOD = {
    "step_s": 2.0,
    "tokens_per_s": 1000.0,
    "peak_gib": 7.25,
    "merge": {"kl": 9e-6, "max_kl": 5e-3, "passed": True},
}


@pytest.fixture(scope="module")
def check():
    spec = importlib.util.spec_from_file_location("gpu_check", FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(*arguments):
    command = [sys.executable, str(FILE), *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_without_a_gpu_it_says_so():
    before = (ROOT / "benchmarks" / "README.md").read_text()
    done = run()
    assert done.returncode == 2
    assert "no CUDA device" in done.stderr
    assert (ROOT / "benchmarks" / "README.md").read_text() == before


def test_the_table_has_the_ratio_and_says_what_failed(check):
    found = {
        "qlora_grpo": GOOD,
        "qlora_ppo": {"failed": "exit code 2: The GPU's memory is used up"},
        "lora_grpo": {**GOOD, "merge": {**GOOD["merge"], "passed": False}},
        "stock_grpo": {**GOOD, "step_s": 3.0, "merge": None},
    }
    text = check.table(found, "a card")
    assert "| GRPO, QLoRA | 2.00 | 1000 | 7.25 | 9.0e-06 (5e-03) |" in text
    assert "| PPO, QLoRA | failed: exit code 2: The GPU's memory is used up | | | |" in text
    assert "9.0e-06 (5e-03), refused |" in text
    assert "ratio stock TRL / ours, seconds a step: 1.50" in text
    assert "ratio" not in check.table({**found, "stock_grpo": {"failed": "x"}}, "a card")


def test_the_readme_keeps_what_is_around_the_marks(check):
    text = f"before\n{check.BEGIN}\nold\n{check.END}\nafter\n"
    assert check.replaced(text, "new") == f"before\n{check.BEGIN}\nnew\n{check.END}\nafter\n"
    check.replaced(check.README.read_text(), "new")
    with pytest.raises(SystemExit):
        check.replaced("no marks", "new")


def test_the_speed_is_that_of_the_steps_after_the_first_ones(check):
    rows = [{"step_time": s, "completions/mean_length": 50.0} for s in (99, 99, 2.0, 4.0, 2.0)]
    args = {"per_device_train_batch_size": 8, "gradient_accumulation_steps": 4}
    assert check.speed(rows, args) == {"step_s": 2.0, "tokens_per_s": 800.0}


def test_what_is_run_on_a_gpu_is_accepted_by_the_gate(check, tmp_path):
    from whetstone.finetuning.config import load

    check.make_base(tmp_path / "base", tiny=True)
    for part in check.PARTS:
        config = load(check.settings(part, tmp_path, tiny=False)).main
        assert config.backend.device == "cuda"
        assert config.model.quantization == ("nf4" if part.startswith("qlora") else None)


@pytest.mark.slow  # four processes that import torch and TRL and train
def test_a_toy_goes_through_all_of_it(check, tmp_path):
    readme = tmp_path / "README.md"
    readme.write_text(f"{check.BEGIN}\n{check.END}\n")
    done = run("--tiny", "--readme", str(readme))
    assert done.returncode == 0, done.stderr
    text = readme.read_text()
    assert "failed" not in text, text + done.stderr
    assert "NOT figures of a GPU" in text
    assert "ratio stock TRL / ours" in text
    for title in check.TITLES.values():
        assert f"| {title} | " in text
