"""RLOO is TRL's, also where rows of zero advantage are not computed."""

from pathlib import Path

import pyarrow.parquet
import pytest
import torch
from trl import RLOOTrainer


def some(prompts, completions, **_):
    """Signal in the groups of some prompts, none in the others; one completion is not judged."""
    rewards = [
        float(len(completion)) if prompt.startswith("return") else 0.5
        for prompt, completion in zip(prompts, completions, strict=True)
    ]
    return [None, *rewards[1:]]


def gradients(trainer, loss):
    trainer.model.zero_grad()
    loss.backward()
    return {
        name: parameter.grad.clone()
        for name, parameter in trainer.model.named_parameters()
        if parameter.grad is not None
    }


@pytest.mark.parametrize("adapter", ["full", "lora"])
def test_the_gradient_is_that_of_all_rows(build_trainer, first_batch, shake, adapter):
    trainer = build_trainer(
        "rloo",
        f"model.adapter={adapter}",
        "algo.args.num_generations=4",
        "algo.args.beta=0.0",
        reward=some,
    )
    batch = first_batch(trainer)
    shake(trainer.model, 0.02)  # ratios other than 1
    idle = batch["advantages"].eq(0).sum()
    assert 0 < idle < 16
    stock = gradients(trainer, RLOOTrainer._compute_loss(trainer, trainer.model, batch))
    ours = gradients(trainer, trainer._compute_loss(trainer.model, batch))
    assert max(gradient.abs().max() for gradient in stock.values()) > 1e-4
    assert ours.keys() == stock.keys()
    for name, gradient in stock.items():
        torch.testing.assert_close(ours[name], gradient, atol=1e-6, rtol=1e-4)


def test_the_advantage_is_the_reward_less_the_mean_of_the_others(build_trainer):
    trainer = build_trainer("rloo", "algo.args.num_generations=4", "algo.args.beta=0.0")
    trainer.train()
    table = min(Path(trainer.args.output_dir, "completions").glob("*.parquet"))
    rows = pyarrow.parquet.read_table(table).to_pydict()
    assert len(rows["prompt"]) == 16
    rewards = torch.tensor(rows["letters"]).view(-1, 4)
    others = (rewards.sum(1, keepdim=True) - rewards) / 3
    torch.testing.assert_close(torch.tensor(rows["advantage"]), (rewards - others).view(-1))
