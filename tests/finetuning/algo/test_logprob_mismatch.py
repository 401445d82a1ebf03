"""Sampler and trainer agree on every step, and a run ends where they do not."""

import pytest
import torch
from transformers import TrainerCallback

from whetstone.finetuning.algo.logprob_mismatch import (
    MAX,
    MEAN,
    Drawn,
    check,
    differences,
    some_rows,
)
from whetstone.finetuning.config.schema import ParityConfig
from whetstone.finetuning.errors import DisagreementError, OutsideError
from whetstone.finetuning.rollout.hf import HFSampler
from whetstone.rewards.extras import not_installed

CLOSE = ParityConfig(rows=None, max_difference=1e-4, mean_difference_16bit=0.1)
FAST_LEARNING = ("algo.args.learning_rate=0.01", "algo.args.warmup_steps=0", "model.lora.dropout=0")


def hf(policy):
    return HFSampler(policy.model, policy.tokenizer)


def mlx(policy):
    pytest.importorskip("mlx.core", reason=not_installed("mlx", "mlx"))
    pytest.importorskip("mlx_lm", reason=not_installed("mlx-lm", "mlx"))
    from whetstone.finetuning.rollout.mlx import MLXEngine

    return MLXEngine(policy.model, policy.tokenizer, torch.float32)


def forgetful(policy):
    """MLX, but only the first sync happens."""
    engine = mlx(policy)
    real, synced = engine.sync, []

    def sync(model):
        if not synced:
            real(model)
        synced.append(model)

    engine.sync = sync
    return engine


class Gradients(TrainerCallback):
    """Keeps the size of the adapter's gradients in each step."""

    def __init__(self):
        self.sizes = []

    def on_pre_optimizer_step(self, *_, model=None, **__):
        self.sizes.append(
            {
                part: sum(
                    weight.grad.abs().sum().item()
                    for name, weight in model.named_parameters()
                    if part in name and weight.grad is not None
                )
                for part in ("lora_A", "lora_B")
            }
        )


def train(trainer):
    gradients = Gradients()
    trainer.add_callback(gradients)
    trainer.train()
    rows = [row for row in trainer.state.log_history if MAX in row]
    return rows, gradients.sizes


def agree_while_training(build_trainer, algo, engine, steps):
    trainer = build_trainer(
        algo,
        f"algo.args.max_steps={steps}",
        "algo.args.save_steps=100",
        *FAST_LEARNING,
        engine=engine,
        parity=CLOSE,
    )
    rows, gradients = train(trainer)
    assert [row["step"] for row in rows] == list(range(1, steps + 1))
    assert all(0 < row[MEAN] <= row[MAX] <= 1e-4 for row in rows)
    assert len(gradients) == steps
    assert all(step["lora_B"] > 0 for step in gradients)
    assert all(step["lora_A"] > 0 for step in gradients[1:])  # B begins at 0
    return rows


@pytest.mark.parametrize("algo", ["grpo", "rloo", "rfai", "ppo"])
def test_mlx_samples_what_torch_trains(build_trainer, algo):
    rows = agree_while_training(build_trainer, algo, mlx, 3)
    assert all(row["seconds/sync"] > 0 for row in rows)


@pytest.mark.slow  # 50 steps
def test_mlx_samples_what_torch_trains_for_50_steps(build_trainer):
    agree_while_training(build_trainer, "grpo", mlx, 50)


def test_transformers_samples_what_it_trains(build_trainer):
    agree_while_training(build_trainer, "grpo", hf, 2)


def test_dropout_is_no_disagreement(build_trainer):
    trainer = build_trainer(
        "grpo", *FAST_LEARNING[:2], "model.lora.dropout=0.3", engine=hf, parity=CLOSE
    )
    rows, _ = train(trainer)
    assert len(rows) == 2
    assert trainer.model.training


def test_a_skipped_sync_ends_the_run_within_a_step(build_trainer):
    default = ParityConfig(rows=4, max_difference=1e-3, mean_difference_16bit=0.1)
    judged = []

    def reward(completions, **_):
        judged.append(1)
        return [0.1 * (len(completion) % 7) for completion in completions]

    trainer = build_trainer("grpo", *FAST_LEARNING, engine=forgetful, parity=default, reward=reward)
    with pytest.raises(DisagreementError, match="weights that were not copied"):
        trainer.train()
    assert trainer.state.global_step == 1  # the batch after the first step
    assert judged == [1]  # and no reward was asked about it


def test_rows_are_spread_over_the_batch():
    drawn = Drawn([[row] for row in range(8)], [[0]] * 8, [[0.0]] * 8)
    assert some_rows(drawn, 4).prompts == [[0], [2], [4], [6]]
    assert some_rows(drawn, None) == drawn
    assert some_rows(drawn, 20) == drawn


def test_what_a_sampler_could_not_score_is_left_out(build_trainer):
    trainer = build_trainer("grpo", engine=hf)
    prompt, completion = [5, 6, 7], [8, 9, 10, 11]
    unknown = Drawn([prompt], [completion], [[-1.0, None, -1.0, float("nan")]])
    assert len(differences(trainer, unknown)) == 2


@pytest.mark.parametrize(
    ("found", "exact", "refused"),
    [
        ((5e-4, 1e-4), True, None),
        ((2e-3, 1e-4), True, "max_difference"),
        ((0.9, 0.05), False, None),
        ((0.9, 0.2), False, "mean_difference_16bit"),
        ((float("nan"), float("nan")), True, "max_difference"),
    ],
)
def test_the_bound_follows_the_number_format(found, exact, refused):
    bounds = ParityConfig(rows=4, max_difference=1e-3, mean_difference_16bit=0.1)
    if refused is None:
        check(found, bounds, exact=exact)
    else:
        with pytest.raises(DisagreementError, match=f"backend.parity.{refused} allows"):
            check(found, bounds, exact=exact)
    check(found, ParityConfig(rows=4, max_difference=None, mean_difference_16bit=None), exact=exact)


def test_a_disagreement_is_continued_and_no_bug():
    assert issubclass(DisagreementError, OutsideError)


def test_in_16_bits_trl_weighs_what_mlx_sampled(build_trainer, first_batch):
    def half(policy):
        engine = mlx(policy)
        return type(engine)(policy.model, policy.tokenizer, torch.bfloat16)

    trainer = build_trainer("grpo", engine=half, dtype=torch.bfloat16)
    batch = first_batch(trainer)
    mask = batch["completion_mask"].bool()
    ratio = (batch["old_per_token_logps"] - batch["sampling_per_token_logps"]).exp()
    sequence = torch.where(mask, ratio, 1.0).log().sum(1, keepdim=True).exp()
    found = batch["importance_sampling_ratio"]
    kept = found > 0
    torch.testing.assert_close(found[kept], sequence[kept], atol=1e-3, rtol=1e-3)
    assert (found != 1).any()


def test_in_float32_there_is_nothing_to_weigh(build_trainer, first_batch):
    batch = first_batch(build_trainer("grpo", engine=mlx))
    assert "importance_sampling_ratio" not in batch
