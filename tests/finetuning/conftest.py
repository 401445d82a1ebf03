import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from rich.console import Console

from whetstone.finetuning.config import load


@pytest.fixture(scope="session")
def qwen_folder(tmp_path_factory) -> Path:
    """A randomly initialised Qwen2 (grouped-query attention, untied) with the nano tokenizer."""
    from transformers import Qwen2Config, Qwen2ForCausalLM

    from whetstone.finetuning.nano import corpus
    from whetstone.finetuning.nano.tokenizer import build_tokenizer

    folder = tmp_path_factory.mktemp("models") / "qwen"
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
    return folder


@pytest.fixture(scope="session")
def cache(tmp_path_factory) -> Path:
    """Stages that tests of one session share."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def train(tmp_path, cache) -> Callable[..., tuple[Path, dict, str]]:
    """Run a plan as the command does; return the run's folder, its report and what was printed."""
    from whetstone.finetuning.pipeline import run_plan

    def run(*overrides: str) -> tuple[Path, dict, str]:
        outputs = tmp_path / "outputs"
        plan = load([f"run.outputs={outputs}", f"run.cache={cache}", *overrides])
        screen = io.StringIO()
        run_plan(plan, Console(file=screen, width=200))
        newest = max(outputs.glob("*/report.json"), key=lambda path: path.stat().st_mtime)
        return newest.parent, json.loads(newest.read_text()), screen.getvalue()

    return run
