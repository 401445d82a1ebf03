"""Skipping rows of zero advantage changes no gradient, and is not done where it would."""

from collections.abc import Callable

import pytest
import torch
from datasets import Dataset
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import GRPOTrainer

from whetstone.finetuning.algo.base import Parts, common_arguments
from whetstone.finetuning.algo.clock import StepClock
from whetstone.finetuning.algo.grpo import build_grpo, grpo_arguments
from whetstone.finetuning.algo.zero_variance import rows_with_signal, zero_rows_are_idle
from whetstone.finetuning.config import load
from whetstone.finetuning.model.device import Device
from whetstone.finetuning.model.policy import Policy


def alone(count: int) -> int:
    """The only rank."""
    return count


def beside(most: int) -> Callable[[int], int]:
    """A rank beside one that keeps so many rows."""
    return lambda count: max(count, most)


def length_of_first_group_only(prompts, completions, **_):
    """Signal in the groups of one prompt, none in the others."""
    return [
        float(len(completion)) if prompt.startswith("a") else 0.5
        for prompt, completion in zip(prompts, completions, strict=True)
    ]


@pytest.fixture
def trainer(qwen_folder, tmp_path):
    def build(**args):
        policy = Policy(
            AutoModelForCausalLM.from_pretrained(qwen_folder),
            AutoTokenizer.from_pretrained(qwen_folder, padding_side="left"),
        )
        parts = Parts(
            policy=policy,
            dataset=Dataset.from_list([{"prompt": text} for text in ("a", "b", "c", "d")]),
            peft_config=None,
            rewards=(length_of_first_group_only,),
            reward_weights=(1.0,),
            callbacks=(),
            clock=StepClock(),
            settings=load(["algo=grpo"]).main.algo,
        )
        settings = {
            "per_device_train_batch_size": 16,
            "num_generations": 4,
            "max_completion_length": 12,
            "activation_checkpointing": False,
            "beta": 0.0,
            "max_steps": 1,
            "loss_type": "dapo",
            "save_strategy": "no",
            **args,
        }
        device = Device("cpu", torch.float32, "test")
        arguments = common_arguments(settings, tmp_path, device, 0, [])
        return build_grpo(parts, grpo_arguments(arguments, [1.0]))

    return build


def gradients(trainer, compute_loss, batch):
    trainer.model.zero_grad()
    compute_loss(trainer.model, batch).backward()
    return {
        name: parameter.grad.clone()
        for name, parameter in trainer.model.named_parameters()
        if parameter.grad is not None
    }


@pytest.mark.parametrize("loss_type", ["dapo", "cispo", "vespo"])
def test_the_gradient_is_that_of_all_rows(trainer, loss_type):
    built = trainer(loss_type=loss_type)
    assert zero_rows_are_idle(built)
    built.current_gradient_accumulation_steps = 1
    built.model.train()
    rows = next(iter(built.get_train_dataloader()))
    batch = built._prepare_inputs(rows)
    kept = rows_with_signal(batch, alone)
    assert len(batch["advantages"]) == 16
    assert len(kept["advantages"]) == 4
    ours = gradients(built, built._compute_loss, batch)
    stock = gradients(built, lambda m, b: GRPOTrainer._compute_loss(built, m, b), batch)
    assert ours.keys() == stock.keys()
    assert max(gradient.abs().max() for gradient in stock.values()) > 1e-4
    for name, gradient in stock.items():
        torch.testing.assert_close(ours[name], gradient, atol=1e-7, rtol=1e-4)


@pytest.mark.parametrize(
    "args",
    [
        {"beta": 0.1},
        {"loss_type": "grpo"},
        {"loss_type": "bnpo"},
        {"loss_type": "dr_grpo"},
        {"top_entropy_quantile": 0.5},
        {"entropy_coef": 0.01},
    ],
)
def test_rows_stay_where_they_count(trainer, args):
    assert not zero_rows_are_idle(trainer(**args))


def test_one_row_is_left_of_a_batch_without_signal():
    batch = {"advantages": torch.zeros(4), "ids": torch.arange(8).reshape(4, 2), "n": 3}
    kept = rows_with_signal(batch, alone)
    assert kept["ids"].tolist() == [[0, 1]]
    assert kept["n"] == 3


def test_a_scalar_and_the_order_of_rows_are_kept():
    batch = {
        "advantages": torch.tensor([0.0, 1.0, 0.0, -1.0]),
        "ids": torch.arange(4),
        "num_items_in_batch": torch.tensor(7),
    }
    kept = rows_with_signal(batch, alone)
    assert kept["ids"].tolist() == [1, 3]
    assert kept["num_items_in_batch"].item() == 7


def test_advantages_for_each_token():
    advantages = torch.zeros(3, 5)
    advantages[2, 4] = 0.1
    kept = rows_with_signal({"advantages": advantages, "ids": torch.arange(3)}, alone)
    assert kept["ids"].tolist() == [2]


def test_every_rank_has_as_many_rows_as_the_one_with_most():
    batch = {"advantages": torch.tensor([0.0, 0.0, 1.0, 0.0]), "ids": torch.arange(4)}
    assert rows_with_signal(batch, beside(3))["ids"].tolist() == [2, 0, 1]
    assert rows_with_signal(batch, beside(4)) is batch
