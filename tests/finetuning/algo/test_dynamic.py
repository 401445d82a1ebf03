"""Groups without signal are left out or replaced, and what is left trains as if alone."""

import pytest
import torch

from whetstone.finetuning.algo.dynamic import SIGNAL, SIGNAL_ROWS, only_with_signal, replace_groups

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
    kept = only_with_signal(batch, lambda count: count)
    assert kept["advantages"].tolist() == [0.0]
    assert kept["completion_mask"].tolist() == [[0.0, 0.0]]


def test_rows_that_stay_for_another_rank_are_silent():
    batch = {
        SIGNAL: torch.tensor([False, True, False]),
        "completion_mask": torch.ones(3, 2),
        "advantages": torch.tensor([0.5, 2.0, 0.5]),
        "num_items_in_batch": torch.tensor(2),
    }
    kept = only_with_signal(batch, lambda count: count + 1)
    assert kept["advantages"].tolist() == [2.0, 0.0]
    assert kept["completion_mask"].sum(1).tolist() == [2.0, 0.0]


@pytest.mark.parametrize(
    ("algo", "loss"), [("rloo", ()), ("grpo", ("algo.args.loss_type=grpo",)), ("grpo", ())]
)
def test_a_row_counts_the_same_in_whatever_micro_batch_it_lies(
    build_trainer, first_batch, shake, algo, loss
):
    """The gradient of four micro-batches is that of one batch with the rows of all."""
    trainer = build_trainer(
        algo,
        "model.adapter=full",
        "algo.dynamic_sampling.mode=skip",
        "algo.args.num_generations=4",
        "algo.args.per_device_train_batch_size=4",
        "algo.args.gradient_accumulation_steps=4",
        "algo.args.beta=0.0",
        *loss,
        reward=only_a,
    )
    shares = 1 if algo == "grpo" else 4  # what transformers divides RLOO's loss by
    first_batch(trainer)
    parts = trainer._buffered_inputs
    sizes = [int(part[SIGNAL].sum()) for part in parts]
    assert len(set(sizes)) > 1
    together = only_with_signal(_together(parts), lambda count: count)
    shake(trainer.model, 0.02)

    def gradient(loss):
        trainer.model.zero_grad()
        loss.backward()
        return trainer.model.lm_head.weight.grad.clone()

    ours = gradient(
        sum(
            trainer._compute_loss(trainer.model, only_with_signal(part, lambda count: count))
            for part in parts
        )
        / shares
    )
    del together[SIGNAL_ROWS]
    trainer.current_gradient_accumulation_steps = 1
    trainer.args.steps_per_generation = 1
    whole = gradient(trainer._compute_loss(trainer.model, together))
    assert whole.abs().max() > 1e-4
    torch.testing.assert_close(ours, whole, atol=1e-6, rtol=1e-4)


def _together(parts):
    return {
        name: torch.cat([part[name] for part in parts]) if value.dim() else value
        for name, value in parts[0].items()
    }


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
