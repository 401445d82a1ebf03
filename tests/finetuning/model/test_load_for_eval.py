"""An adapter beside the model that is measured: folded into what it was trained on, or refused."""

import json
import shutil
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from peft import get_peft_model

from whetstone.finetuning.config import load
from whetstone.finetuning.errors import ConfigError
from whetstone.finetuning.model.adapter import adapter_config, save_adapter
from whetstone.finetuning.model.device import Device
from whetstone.finetuning.model.load_for_eval import WeightsToMeasure, load_measured
from whetstone.finetuning.model.parity import compare, predictions
from whetstone.finetuning.model.policy import load_policy

CPU = Device("cpu", torch.float32, "a test")


@pytest.fixture
def rounded(qwen_folder, tmp_path):
    """An adapter of a base held in nf4, and what the two said in training."""
    settings = load(["model=qwen", "data=nano", "model.lora.dropout=0.0"]).main.model
    policy = load_policy(str(qwen_folder), CPU, quantization="nf4")
    torch.manual_seed(0)
    model = get_peft_model(policy.model, adapter_config(settings))
    for name, weight in model.named_parameters():
        if "lora_" in name:
            torch.nn.init.normal_(weight, std=0.05)
    save_adapter(model, tmp_path / "adapter", str(qwen_folder))
    wanted = WeightsToMeasure(str(qwen_folder), None, False, None, str(tmp_path / "adapter"), {})
    return SimpleNamespace(wanted=wanted, expected=predictions(model, policy.tokenizer))


@pytest.mark.parametrize("bits", [None, "4bit"])
def test_an_adapter_of_a_rounded_base_is_measured_on_it(rounded, bits):
    policy = load_measured(replace(rounded.wanted, bits=bits), CPU)
    assert compare(rounded.expected, predictions(policy.model, policy.tokenizer)).kl < 1e-8


@pytest.mark.parametrize("other", [{"bits": "8bit"}, {"placement": {"device_map": "auto"}}])
def test_on_another_rounding_it_is_refused(rounded, other):
    with pytest.raises(ConfigError, match=r"held in nf4.*whetstone merge adapter="):
        load_measured(replace(rounded.wanted, **other), CPU)


def test_an_adapter_of_another_base_is_refused_before_weights_load(rounded, qwen_folder, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    shutil.copy(qwen_folder / "tokenizer.json", other)
    config = json.loads((qwen_folder / "config.json").read_text())
    config |= {"hidden_size": 48, "num_hidden_layers": 1, "layer_types": ["full_attention"]}
    (other / "config.json").write_text(json.dumps(config))  # there are no weights to load
    with pytest.raises(ConfigError, match="not the base of the adapter"):
        load_measured(replace(rounded.wanted, path=str(other)), CPU)


def test_the_base_is_found_from_elsewhere(qwen_folder, tmp_path, monkeypatch):
    settings = load(["model=qwen", "data=nano"]).main.model
    model = get_peft_model(load_policy(str(qwen_folder), CPU).model, adapter_config(settings))
    monkeypatch.chdir(qwen_folder.parent)
    for given, named in ((qwen_folder.name, str(qwen_folder)), ("owner/name", "owner/name")):
        save_adapter(model, tmp_path / "adapter", given)
        values = json.loads((tmp_path / "adapter" / "adapter_config.json").read_text())
        assert values["base_model_name_or_path"] == named
