"""QLoRA in the algorithms: the loss of a real batch on nf4 weights, and on what they stand for."""

import pytest
import torch
from transformers import BitsAndBytesConfig

from whetstone.finetuning.model.quantized import copy_dequantized

SETTINGS = ("model.lora.dropout=0.0", "algo.args.beta=0.05")


def trained(model):
    return {name: p for name, p in model.named_parameters() if p.requires_grad}


def gradients(trainer, batch):
    trainer.model.zero_grad()
    trainer.model.train()
    trainer.compute_loss(trainer.model, dict(batch)).backward()
    return {name: parameter.grad for name, parameter in trained(trainer.model).items()}


@pytest.mark.parametrize("algo", ["grpo", "ppo"])
def test_gradients_after_a_rollout_are_those_of_the_dequantized_model(
    build_trainer, first_batch, shake, algo
):
    config = BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type="nf4")
    rounded = build_trainer(algo, *SETTINGS, quantization_config=config)
    plain = build_trainer(algo, *SETTINGS)
    copy_dequantized(rounded.model, plain.model.get_base_model())
    shake(rounded.model, 0.05)
    weights = trained(rounded.model)
    for name, parameter in trained(plain.model).items():
        parameter.data.copy_(weights[name].data)
    batch = first_batch(rounded)
    plain.current_gradient_accumulation_steps = plain.args.gradient_accumulation_steps
    for trainer in (rounded, plain):
        trainer._step_sums = torch.zeros(3)  # what PPO sums up over a step
    found, expected = gradients(rounded, batch), gradients(plain, batch)
    assert found.keys() == expected.keys()
    adapters = [gradient for name, gradient in expected.items() if "lora_" in name]
    assert max(gradient.abs().max() for gradient in adapters) > 1e-3
    for name, gradient in found.items():
        torch.testing.assert_close(gradient, expected[name], atol=1e-4, rtol=1e-3)
