"""4-bit bases on the CPU: the same code as on a GPU, on a small random Qwen2."""

import pytest
import torch
from peft import PeftModel, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

from whetstone.finetuning.config import load
from whetstone.finetuning.model.adapter import adapter_config, merge_adapter, save_adapter
from whetstone.finetuning.model.device import AS_STORED, Device
from whetstone.finetuning.model.parity import compare, predictions
from whetstone.finetuning.model.policy import load_policy, save_policy
from whetstone.finetuning.model.quantized import (
    copy_dequantized,
    keep_adapter_precise,
    linears_4bit,
    nf4_arguments,
)

CPU = Device("cpu", torch.float32, "a test")
IDS = torch.arange(2, 42).reshape(2, 20)


@pytest.fixture
def settings(qwen_folder):
    overrides = ["model=qwen", "data=nano", f"model.path={qwen_folder}", "model.quantization=nf4"]
    return load([*overrides, "model.lora.dropout=0.0"]).main.model


def with_adapter(policy, settings):
    """An adapter with weights as if it had been trained, the same for every base."""
    torch.manual_seed(0)
    model = get_peft_model(policy.model, adapter_config(settings))
    for name, weight in model.named_parameters():
        if "lora_" in name:
            torch.nn.init.normal_(weight, std=0.05)
    return model


def four_bit(settings):
    return load_policy(settings.path, CPU, quantization="nf4")


def gradients(model):
    model.train()
    model(input_ids=IDS, labels=IDS).loss.backward()
    return {name: weight.grad for name, weight in model.named_parameters() if "lora_" in name}


def dequantized_twin(settings):
    twin = load_policy(settings.path, CPU)
    copy_dequantized(four_bit(settings).model, twin.model)
    return twin


@pytest.mark.parametrize(
    ("dtype", "products"), [(torch.bfloat16, torch.bfloat16), (torch.float32, torch.float16)]
)
def test_a_card_without_bfloat16_computes_products_in_float16(monkeypatch, dtype, products):
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 0)
    arguments = nf4_arguments(Device("cuda", dtype, "a card"))
    assert arguments["quantization_config"].bnb_4bit_compute_dtype is products
    assert arguments["device_map"] == {"": 0}


def test_all_seven_projections_are_held_in_four_bits(settings):
    model = four_bit(settings).model
    layers = dict(linears_4bit(model))
    assert len(layers) == 14
    assert all(layer.weight.dtype is torch.uint8 for layer in layers.values())
    state = next(iter(layers.values())).weight.quant_state
    assert (state.quant_type, state.nested) == ("nf4", True)
    assert model.lm_head.weight.dtype is torch.float32


@pytest.mark.parametrize("rollout_first", [False, True])
def test_gradients_are_those_of_the_dequantized_model(settings, rollout_first):
    model = with_adapter(four_bit(settings), settings)
    if rollout_first:  # on AVX512-BF16 this used to repack the weights for good
        model.eval()
        with torch.no_grad():
            model(IDS)
    found = gradients(model)
    expected = gradients(with_adapter(dequantized_twin(settings), settings))
    assert found.keys() == expected.keys()
    assert any(gradient.abs().max() > 1e-3 for gradient in expected.values())
    for name, gradient in found.items():
        torch.testing.assert_close(gradient, expected[name], atol=1e-5, rtol=1e-3)


def test_the_merge_of_the_same_rounded_base_is_the_trained_model(settings, tmp_path):
    policy = four_bit(settings)
    trained = with_adapter(policy, settings)
    save_adapter(trained, tmp_path / "adapter", settings.path)
    save_policy(merge_adapter(tmp_path / "adapter", settings, trained), tmp_path / "merged")
    merged = AutoModelForCausalLM.from_pretrained(tmp_path / "merged")
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "merged")
    assert not hasattr(merged.config, "quantization_config")
    expected = predictions(trained, policy.tokenizer)
    parity = compare(expected, predictions(merged, tokenizer))
    assert parity.kl < 1e-4
    # The usual ways are wrong by orders of magnitude, and the gate must see it.
    base = load_policy(settings.path, AS_STORED).model
    unrounded = PeftModel.from_pretrained(base, tmp_path / "adapter").merge_and_unload()
    assert compare(expected, predictions(unrounded, tokenizer)).kl > 5e-3
    again_rounded = trained.merge_and_unload()
    assert compare(expected, predictions(again_rounded, tokenizer)).kl > 5e-3


def test_a_small_update_of_the_adapter_is_not_rounded_away(settings):
    trained = with_adapter(four_bit(settings), settings)
    for weight in trained.parameters():  # what TRL does
        if weight.requires_grad:
            weight.data = weight.data.to(torch.bfloat16)
    keep_adapter_precise(trained)
    weights = [weight for weight in trained.parameters() if weight.requires_grad]
    before = [weight.detach().clone() for weight in weights]
    for weight in weights:
        weight.data += 1e-6
    moved = [not torch.equal(a, b) for a, b in zip(weights, before, strict=True)]
    assert all(moved)
