"""Groups without signal are left out or replaced, and what is left trains as if alone."""

import pytest
import torch

from finetuning.algo.dynamic import SIGNAL, only_with_signal, replace_groups

GROUP = 4


def only_a(prompts, completions, **_):
    """Signal in the groups of some prompts, none in the others."""
    return [
        float(len(completion)) if prompt.startswith("return") else 0.5
        for prompt, completion in zip(prompts, completions, strict=True)
    ]


def test_groups_with_signal_take_the_places_of_those_without():
    batch = {
        "prompt_ids": torch.tensor([[1], [1], [2], [2], [3], [3]]),
        "completion_ids": torch.arange(12).reshape(6, 2),
        "advantages": torch.tensor([1.0, -1.0, 0.0, 0.0, 0.0, 0.0]),
        "num_items_in_batch": torch.tensor(12),
    }
    other = {
        "prompt_ids": torch.tensor([[8, 4], [8, 4], [8, 5], [8, 5]]),
        "completion_ids": torch.full((4, 1), 50),
        "advantages": torch.tensor([0.0, 0.0, 2.0, -2.0]),
        "num_items_in_batch": torch.tensor(4),
    }
    merged, signal = replace_groups(
        batch,
        torch.tensor([True, True, False, False, False, False]),
        other,
        torch.tensor([False, False, True, True]),
        2,
        {"prompt_ids": 99, "completion_ids": 99},
    )
    assert signal.tolist() == [True, True, True, True, False, False]
    assert merged["prompt_ids"].tolist() == [[99, 1], [99, 1], [8, 5], [8, 5], [99, 3], [99, 3]]
    assert merged["completion_ids"][2].tolist() == [50, 99]
    assert merged["advantages"].tolist() == [1.0, -1.0, 2.0, -2.0, 0.0, 0.0]


def test_a_batch_without_any_signal_keeps_one_silent_row():
    batch = {
        SIGNAL: torch.zeros(3, dtype=torch.bool),
        "completion_mask": torch.ones(3, 2),
        "advantages": torch.ones(3),
        "num_items_in_batch": torch.tensor(0),
    }
    kept = only_with_signal(batch)
    assert kept["advantages"].tolist() == [0.0]
    assert kept["completion_mask"].tolist() == [[0.0, 0.0]]


@pytest.mark.parametrize("algo", ["grpo", "rloo", "rfai"])
def test_skipped_groups_leave_the_loss_of_the_others(build_trainer, first_batch, algo):
    """As if the batch had held nothing else: also the number that the loss is divided by."""
    trainer = build_trainer(
        algo, "algo.dynamic_sampling.mode=skip", "algo.args.num_generations=4", reward=only_a
    )
    batch = first_batch(trainer)
    (share,) = trainer._metrics["train"]["dynamic/signal_sampled"]
    assert 0 < share < 1
    assert len(batch["advantages"]) == share * 16
    assert batch["advantages"].ne(0).any()
    if "num_items_in_batch" in batch:
        assert batch["num_items_in_batch"] == batch["completion_mask"].sum()
    trainer.train()
    row = next(row for row in trainer.state.log_history if "reward" in row)
    assert row["dynamic/signal_sampled"] == row["dynamic/signal_trained"]


@pytest.mark.parametrize("algo", ["grpo", "rloo", "rfai"])
def test_other_prompts_are_sampled_in_their_place(build_trainer, first_batch, algo):
    trainer = build_trainer(
        algo,
        "algo.dynamic_sampling.mode=resample",
        "algo.dynamic_sampling.rounds=9",
        "algo.args.num_generations=4",
        reward=only_a,
        prompts=("return a", "b", "c", "d", "return the e", "f", "g", "return all"),
    )
    batch = first_batch(trainer)
    assert len(batch["advantages"]) == 16
    advantages = batch["advantages"].view(-1, GROUP)  # shuffled by TRL, but never emptied
    assert advantages.ne(0).any()
    assert trainer._metrics["train"]["dynamic/signal_trained"] == [1.0]
    assert trainer._metrics["train"]["dynamic/signal_sampled"][0] < 1.0


def test_without_any_signal_nothing_moves(build_trainer):
    def constant(completions, **_):
        return [1.0] * len(completions)

    trainer = build_trainer(
        "grpo",
        "algo.dynamic_sampling.mode=resample",
        "algo.dynamic_sampling.rounds=1",
        "algo.args.beta=0.1",
        "algo.args.learning_rate=0.1",
        "algo.args.warmup_steps=0",
        "algo.args.weight_decay=0.0",
        "model.adapter=full",
        reward=constant,
    )
    before = {name: p.detach().clone() for name, p in trainer.model.named_parameters()}
    trainer.train()
    for name, parameter in trainer.model.named_parameters():
        assert torch.equal(parameter, before[name]), name
