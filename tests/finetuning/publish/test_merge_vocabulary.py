"""`whetstone merge` keeps what training gave the adapter: tokens, their rows, a chat template."""

import json
import shutil

import pytest
import torch
from peft import get_peft_model
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from whetstone.finetuning.config import load
from whetstone.finetuning.config.commands import load_merge
from whetstone.finetuning.errors import ConfigError
from whetstone.finetuning.model.adapter import adapter_config, save_adapter
from whetstone.finetuning.model.device import Device
from whetstone.finetuning.model.load_for_eval import WeightsToMeasure, load_measured
from whetstone.finetuning.model.parity import compare, predictions
from whetstone.finetuning.model.policy import load_policy
from whetstone.finetuning.publish.merge_command import merge

CPU = Device("cpu", torch.float32, "a test")
TEMPLATE = "{% for message in messages %}<turn>{{ message.content }}{% endfor %}"


@pytest.fixture
def trained(qwen_folder, tmp_path):
    """An adapter whose training added a token and a chat template, and what its model says."""
    settings = load(["model=qwen", "data=nano", "model.lora.dropout=0.0"]).main.model
    policy = load_policy(str(qwen_folder), CPU)
    policy.tokenizer.add_tokens(["<turn>"])
    policy.tokenizer.chat_template = TEMPLATE
    torch.manual_seed(0)
    policy.model.resize_token_embeddings(len(policy.tokenizer), mean_resizing=False)
    model = get_peft_model(policy.model, adapter_config(settings))
    for name, weight in model.named_parameters():
        if "lora_" in name:
            torch.nn.init.normal_(weight, std=0.05)
    folder = tmp_path / "adapter"
    save_adapter(model, folder, str(qwen_folder), policy.tokenizer)
    return folder, predictions(model, policy.tokenizer)


def refused(folder, *settings):
    with pytest.raises(ConfigError) as caught:
        merge(load_merge([f"adapter={folder}", *settings]))
    return str(caught.value)


def test_an_enlarged_vocabulary_is_merged_with_its_tokenizer(trained):
    folder, expected = trained
    out = merge(load_merge([f"adapter={folder}"]))
    tokenizer = AutoTokenizer.from_pretrained(out)
    model = AutoModelForCausalLM.from_pretrained(out)
    assert tokenizer.chat_template == TEMPLATE
    assert len(tokenizer.encode("<turn>")) == 1
    assert model.config.vocab_size == len(tokenizer)
    assert compare(expected, predictions(model, tokenizer)).kl < 1e-8


def test_it_is_measured_with_its_tokenizer_as_well(trained, qwen_folder):
    wanted = WeightsToMeasure(str(qwen_folder), None, False, None, str(trained[0]), {})
    policy = load_measured(wanted, CPU)
    assert policy.tokenizer.chat_template == TEMPLATE
    assert compare(trained[1], predictions(policy.model, policy.tokenizer)).kl < 1e-8


def test_a_template_alone_goes_to_the_tokenizer_of_the_base(trained):
    folder, _ = trained
    for path in folder.glob("*token*"):
        path.unlink()
    out = merge(load_merge([f"adapter={folder}"]))
    assert AutoTokenizer.from_pretrained(out).chat_template == TEMPLATE


def without(folder, *words):
    """Take the matrices away whose names hold one of the words."""
    weights = folder / "adapter_model.safetensors"
    kept = {k: v for k, v in load_file(weights).items() if not any(word in k for word in words)}
    save_file(kept, weights)


def test_tokens_without_rows_are_refused_in_one_sentence(trained):
    folder, _ = trained
    without(folder, "embed_tokens", "lm_head.weight", "lm_head.base_layer")
    told = refused(folder)
    assert "save_embedding_layers=True" in told
    assert len(told.splitlines()) == 3  # a heading, a blank line, and the sentence


def test_rows_of_one_side_alone_are_refused(trained):
    folder, _ = trained
    without(folder, "lm_head.weight", "lm_head.base_layer")
    assert "the adapter brings no lm_head" in refused(folder)


def test_another_model_of_the_same_shapes_is_refused(trained, qwen_folder, tmp_path):
    folder, _ = trained
    other = tmp_path / "other"
    shutil.copytree(qwen_folder, other)
    weights = other / "model.safetensors"
    save_file(
        {name: -value for name, value in load_file(weights).items()}, weights, {"format": "pt"}
    )
    assert "which has other weights" in refused(folder, f"base={other}")


def test_a_copy_of_the_base_elsewhere_is_taken(trained, qwen_folder, tmp_path):
    shutil.copytree(qwen_folder, tmp_path / "copy")
    assert merge(load_merge([f"adapter={trained[0]}", f"base={tmp_path / 'copy'}"]))


def test_another_model_of_the_hub_is_refused_by_its_name(trained, qwen_folder, tmp_path):
    folder, _ = trained
    settings = folder / "adapter_config.json"
    values = json.loads(settings.read_text()) | {"base_model_name_or_path": "maker/one"}
    settings.write_text(json.dumps(values))
    other = tmp_path / "models--maker--two" / "snapshots" / "1"
    shutil.copytree(qwen_folder, other)
    assert "trained on maker/one, and this is maker/two" in refused(folder, f"base={other}")
