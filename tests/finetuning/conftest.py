import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from filelock import FileLock
from rich.console import Console

from whetstone.finetuning.config import load


@pytest.fixture(scope="session")
def qwen_folder(shared) -> Path:
    """A randomly initialised Qwen2 (grouped-query attention, untied) with the nano tokenizer.

    One folder for all workers: a stage that was trained from it is theirs as well.
    """
    folder = shared / "models" / "qwen"
    folder.parent.mkdir(exist_ok=True)
    with FileLock(folder.with_suffix(".lock")):
        if not (folder / "tokenizer.json").exists():  # what is written last
            _make_qwen(folder)
    return folder


def _make_qwen(folder: Path) -> None:
    from transformers import Qwen2Config, Qwen2ForCausalLM

    from whetstone.finetuning.nano import corpus
    from whetstone.finetuning.nano.tokenizer import build_tokenizer

    tokenizer = build_tokenizer([a + b for a, b in corpus(200, 0)], 512)
    torch.manual_seed(0)
    model = Qwen2ForCausalLM(
        Qwen2Config(
            vocab_size=len(tokenizer),
            hidden_size=32,
            intermediate_size=64,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=2,
            max_position_embeddings=1024,
            initializer_range=0.2,
            pad_token_id=tokenizer.pad_token_id,
            eos_token_id=tokenizer.eos_token_id,
            bos_token_id=None,
        )
    )
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


Train = Callable[..., tuple[Path, dict, str]]


@pytest.fixture(scope="session")
def train_in(cache) -> Callable[[Path], Train]:
    """Return what runs plans below a folder, for runs that several tests only read."""
    return lambda folder: _train(folder / "outputs", cache)


@pytest.fixture
def train(train_in, tmp_path) -> Train:
    """Run a plan as the command does; return the run's folder, its report and what was printed."""
    return train_in(tmp_path)


@pytest.fixture(scope="session")
def unmeasured() -> list[str]:
    """Overrides of a run without any evaluation, which costs more than the training of a test."""
    return ["hooks.evaluate.tasks=[]", "data.watch_task=null"]


def _train(outputs: Path, cache: Path) -> Train:
    from whetstone.finetuning.pipeline import run_plan

    def run(*overrides: str) -> tuple[Path, dict, str]:
        plan = load([f"run.outputs={outputs}", f"run.cache={cache}", *overrides])
        screen = io.StringIO()
        run_plan(plan, Console(file=screen, width=200))
        newest = max(outputs.glob("*/report.json"), key=lambda path: path.stat().st_mtime)
        return newest.parent, json.loads(newest.read_text()), screen.getvalue()

    return run
