"""The loss is -log_prob * reward + beta * KL, computed here once more from plain forward passes."""

import pytest
import torch
from transformers import AutoModelForCausalLM

from whetstone.finetuning.algo.rfai import reward_weights

NAN = float("nan")
SCORES = torch.tensor([10.0, 4.0, 1.0, 1.0, 1.0, 1.0])


def weights(scores, **changes):
    options = {"reward_range": (0.0, 1.0), "baseline": False, "whiten": False, **changes}
    return reward_weights(scores, 3, **options)


def test_a_teachers_scale_becomes_zero_to_one():
    found = weights(SCORES, reward_range=(1.0, 10.0))
    torch.testing.assert_close(found, torch.tensor([1.0, 1 / 3, 0.0, 0.0, 0.0, 0.0]))


def test_the_baseline_is_the_mean_of_the_others():
    found = weights(SCORES, baseline=True)
    torch.testing.assert_close(found, torch.tensor([7.5, -1.5, -6.0, 0.0, 0.0, 0.0]))


def test_what_was_not_judged_weighs_nothing():
    scores = torch.tensor([NAN, 4.0, 1.0, NAN, NAN, 1.0])
    assert weights(scores, baseline=True).tolist() == [0.0, 3.0, -3.0, 0.0, 0.0, 0.0]
    assert weights(scores).tolist() == [0.0, 4.0, 1.0, 0.0, 0.0, 1.0]


def test_whitened_weights():
    found = weights(SCORES, whiten=True)
    assert found.mean().item() == pytest.approx(0.0, abs=1e-6)
    assert found.std().item() == pytest.approx(1.0, abs=1e-3)


def plain_logps(model, prompt, completion):
    """Log-probabilities of one completion, unpadded: shape (T,)."""
    ids = torch.cat([prompt, completion])[None]
    logits = model(input_ids=ids).logits[0, len(prompt) - 1 : -1]
    return logits.float().log_softmax(-1).gather(1, completion[:, None])[:, 0]


@pytest.mark.parametrize("adapter", ["full", "lora"])
def test_the_loss_is_the_definition(build_trainer, first_batch, shake, qwen_folder, adapter):
    trainer = build_trainer(
        "rfai", f"model.adapter={adapter}", "algo.args.beta=0.3", "algo.baseline=none"
    )
    batch = first_batch(trainer)
    shake(trainer.model, 0.02)
    trainer._window = torch.zeros(4)
    loss = trainer._compute_loss(trainer.model, batch)
    reference = AutoModelForCausalLM.from_pretrained(qwen_folder).eval()
    total, penalty, tokens = 0.0, 0.0, 0
    for row in range(16):
        prompt = batch["prompt_ids"][row][batch["prompt_mask"][row].bool()]
        completion = batch["completion_ids"][row][batch["completion_mask"][row].bool()]
        logps = plain_logps(trainer.model, prompt, completion)
        ratio = plain_logps(reference, prompt, completion) - logps
        kl = ratio.exp() - ratio - 1
        total += (-batch["advantages"][row] * logps + 0.3 * kl).sum()
        penalty += 0.3 * kl.sum()
        tokens += len(completion)
    torch.testing.assert_close(loss, total / tokens, atol=1e-5, rtol=1e-4)
    parts = torch.stack([(total - penalty) / tokens, penalty / tokens])
    torch.testing.assert_close(trainer._window[2:], parts, atol=1e-5, rtol=1e-3)


@pytest.mark.parametrize("steps_per_generation", [2, 4])
def test_the_logged_loss_is_the_sum_of_its_logged_parts(build_trainer, shake, steps_per_generation):
    trainer = build_trainer(
        "rfai",
        "algo.args.beta=0.3",
        "algo.args.per_device_train_batch_size=8",
        "algo.args.gradient_accumulation_steps=2",
        f"algo.args.steps_per_generation={steps_per_generation}",
    )
    shake(trainer.model, 0.02)
    trainer.train()
    rows = [row for row in trainer.state.log_history if "loss" in row]
    assert len(rows) == 2
    for row in rows:
        assert row["loss/kl"] > 1e-4
        assert abs(row["loss/policy"]) > 1e-4
        assert row["loss"] == pytest.approx(row["loss/policy"] + row["loss/kl"], abs=2e-5)


def test_without_a_penalty_the_loss_is_that_of_the_policy(build_trainer):
    trainer = build_trainer("rfai", "algo.args.beta=0.0", "algo.kl.controller=fixed")
    trainer.train()
    for row in (row for row in trainer.state.log_history if "loss" in row):
        assert row["loss/kl"] == 0.0
        assert row["loss"] == pytest.approx(row["loss/policy"], abs=1e-5)


def test_the_coefficient_moves_with_the_measured_kl(build_trainer, shake):
    trainer = build_trainer("rfai", "algo.kl.target=0.001", "algo.kl.horizon=160")
    shake(trainer.model, 0.05)
    trainer.train()
    assert trainer.controller.coefficient == pytest.approx(0.02 * 1.02**2)
