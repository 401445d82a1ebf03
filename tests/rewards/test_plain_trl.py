"""Rewards in a trainer of TRL that knows nothing of this project."""

import pytest
import torch
from datasets import Dataset
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast
from trl import GRPOConfig, GRPOTrainer

from whetstone.rewards.execution import ExecutionReward
from whetstone.rewards.hidden_tests import RewardHackedError
from whetstone.rewards.random_reward import RandomReward
from whetstone.rewards.reward_model import RewardModelReward
from whetstone.rewards.sandbox import Verdict
from whetstone.rewards.scorer import make_scorer, save_scorer

WORDS = ["<pad>", "<eos>", "x", "=", "1", "+", "(", ")", "y", ":"]


@pytest.fixture
def tokenizer():
    words = Tokenizer(models.WordLevel({word: i for i, word in enumerate(WORDS)}, "x"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    return PreTrainedTokenizerFast(tokenizer_object=words, pad_token=WORDS[0], eos_token=WORDS[1])


@pytest.fixture
def policy():
    torch.manual_seed(0)
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(WORDS),
            hidden_size=16,
            intermediate_size=16,
            num_hidden_layers=1,
            num_attention_heads=2,
            pad_token_id=0,
            eos_token_id=1,
            bos_token_id=None,
        )
    )


@pytest.fixture
def trainer(tokenizer, policy, tmp_path):
    def build(rewards, tests, max_steps):
        return GRPOTrainer(
            model=policy,
            reward_funcs=rewards,
            train_dataset=Dataset.from_dict({"prompt": ["x = 1"] * 4, "tests": tests}),
            processing_class=tokenizer,
            args=GRPOConfig(
                output_dir=str(tmp_path),
                max_steps=max_steps,
                per_device_train_batch_size=4,
                num_generations=4,
                max_completion_length=4,
                use_cpu=True,
                bf16=False,
                gradient_checkpointing=False,
                logging_steps=1,
                report_to=[],
                save_strategy="no",
            ),
        )

    return build


def test_rewards_work_in_a_plain_grpo_trainer(trainer):
    execution = ExecutionReward(max_completion_length=4, eos_token_ids=[1])
    plain = trainer([execution, RandomReward()], ["assert 1", "assert x == 2"] * 2, max_steps=2)
    plain.train()
    execution.close()

    logs = [row for row in plain.state.log_history if "reward" in row]
    assert len(logs) == 2
    for row in logs:
        assert {"rewards/execution/mean", "rewards/random/mean"} <= set(row)
        assert row["execution/programs_per_second"] > 0
        assert sum(row[f"execution/{verdict}"] for verdict in Verdict) == pytest.approx(1)
        assert row["rewards/execution/mean"] == pytest.approx(
            row["execution/passed"] - 0.2 * row["execution/syntax_error"]
        )
        assert row["execution/truncated"] == row["completions/clipped_ratio"]


def test_a_reward_model_works_in_a_plain_grpo_trainer(trainer, tokenizer, policy, tmp_path):
    policy.save_pretrained(tmp_path / "base")
    tokenizer.save_pretrained(tmp_path / "base")
    save_scorer(make_scorer(tmp_path / "base", "mlp", seed=0), tmp_path / "judge")
    reward = RewardModelReward(str(tmp_path / "judge"), device="cpu")
    plain = trainer([reward], ["assert 1"] * 4, max_steps=1)
    plain.train()
    (row,) = [row for row in plain.state.log_history if "reward" in row]
    assert row["reward"] == row["rewards/reward_model/mean"] != 0


def test_a_policy_that_learns_the_tests_stops_the_run_on_request(trainer):
    execution = ExecutionReward(hidden_fraction=0.5, hack_gap_stop=0.01)
    plain = trainer([execution], ["assert 1\nassert x == 2"] * 4, max_steps=40)
    with pytest.raises(RewardHackedError, match="hack_gap_stop"):
        plain.train()
    execution.close()
    assert 0 < plain.state.global_step < 40
    assert "reward/hack_gap" in plain.state.log_history[-1]
