"""QLoRA on the CPU, from the command's door: trains, merges, reloads, is measured, is shown."""

import json

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

ALGORITHMS = {
    "grpo": ["algo.args.max_completion_length=8", "reward=random"],
    "ppo": ["algo.args.max_completion_length=8", "reward=random"],
    "sft": ["data.corpus_size=32", "data.held_out=4"],
}


@pytest.mark.nightly  # hooks/test_hooks.py trains and merges one
@pytest.mark.parametrize("algo", ALGORITHMS)
def test_a_four_bit_base_trains_merges_and_is_measured(train, qwen_folder, algo):
    folder, report, screen = train(
        f"algo={algo}",
        "model=qwen",
        f"model.path={qwen_folder}",
        "data=nano",
        "model.quantization=nf4",
        "backend=cpu",
        "debug=true",
        "tracker=none",
        "hooks.evaluate.tasks=[nano]",
        "hooks.evaluate.limit=2",
        "hooks.evaluate.max_new_tokens=8",
        "data.watch_task=null",
        "algo.args.learning_rate=0.001",
        "algo.args.max_steps=2",
        "hooks.publish.repo=me/tuned",
        *ALGORITHMS[algo],
    )
    assert report["status"] == "done"
    assert report["merge"]["passed"]
    assert "model me/tuned, private" in screen  # shown when the run had ended
    assert "| base held in | nf4 |" in screen
    assert 0 < report["merge"]["kl"] < 1e-4
    assert 0 <= report["after"]["nano"]["pass@1"] <= 1
    adapter = load_file(folder / "adapter" / "adapter_model.safetensors")
    moved = [name for name, weight in adapter.items() if "lora_B" in name and weight.any()]
    assert len(moved) == 14  # seven projections in two layers: they begin at zero
    origin = json.loads((folder / "adapter" / "whetstone.json").read_text())
    assert origin == {"base_quantization": "nf4"}
    merged = AutoModelForCausalLM.from_pretrained(folder / "merged")
    assert not hasattr(merged.config, "quantization_config")
    assert merged.model.layers[0].mlp.up_proj.weight.dtype is torch.float32
