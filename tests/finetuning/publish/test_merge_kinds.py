"""Adapters that other tools make: of a tied base, of other ranks and scales, with whole modules.

What is merged is compared with the adapter on its base by plain peft and transformers, from disk.
"""

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

from whetstone.finetuning.config.commands import load_merge
from whetstone.finetuning.publish.merge_command import merge

IDS = torch.arange(2, 40)[None]


@pytest.fixture(scope="module")
def tied(qwen_folder, tmp_path_factory):
    """The tiny Qwen, whose head is its embedding."""
    folder = tmp_path_factory.mktemp("tied")
    model = AutoModelForCausalLM.from_pretrained(qwen_folder)
    model.config.tie_word_embeddings = True
    torch.manual_seed(3)
    tied = type(model)(model.config)
    tied.save_pretrained(folder)
    AutoTokenizer.from_pretrained(qwen_folder).save_pretrained(folder)
    return folder


def logits(model):
    with torch.no_grad():
        return model.eval()(IDS).logits


@pytest.mark.filterwarnings("ignore::UserWarning")  # peft: tied weights are no longer tied
@pytest.mark.parametrize(
    "kind",
    [
        pytest.param({"modules_to_save": ["lm_head"]}, id="a head of its own"),
        pytest.param({"modules_to_save": ["embed_tokens"]}, id="embeddings of its own"),
        pytest.param(
            {"modules_to_save": ["embed_tokens", "lm_head"]}, id="both", marks=pytest.mark.nightly
        ),
        pytest.param({"target_modules": ["q_proj", "embed_tokens"]}, id="low-rank embeddings"),
        pytest.param(
            {"target_modules": ["q_proj", "lm_head"]},
            id="a low-rank head",
            marks=pytest.mark.nightly,
        ),
        pytest.param(
            {"use_rslora": True, "rank_pattern": {"v_proj": 2}},
            id="ranks and scales",
            marks=pytest.mark.nightly,
        ),
        pytest.param({"use_dora": True}, id="DoRA", marks=pytest.mark.nightly),
        pytest.param({"bias": "all"}, id="biases", marks=pytest.mark.nightly),
    ],
)
def test_the_merged_model_is_the_adapter_on_its_base(tied, kind, tmp_path):
    config = {"r": 4, "target_modules": ["q_proj", "v_proj"], "task_type": "CAUSAL_LM", **kind}
    model = get_peft_model(AutoModelForCausalLM.from_pretrained(tied), LoraConfig(**config))
    torch.manual_seed(0)
    with torch.no_grad():
        for weight in model.parameters():
            if weight.requires_grad:
                weight.add_(0.05 * torch.randn_like(weight))
    model.save_pretrained(tmp_path / "adapter")
    base = AutoModelForCausalLM.from_pretrained(tied)
    before = logits(base)
    expected = logits(PeftModel.from_pretrained(base, tmp_path / "adapter"))
    assert (expected - before).abs().max() > 1e-2

    out = merge(load_merge([f"adapter={tmp_path / 'adapter'}", f"base={tied}"]))

    found = logits(AutoModelForCausalLM.from_pretrained(out))
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=0)
