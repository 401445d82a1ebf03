"""Rewards in a trainer of TRL that knows nothing of this project."""

import pytest
import torch
from datasets import Dataset
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast
from trl import GRPOConfig, GRPOTrainer

from rewards.control import RandomReward
from rewards.execution import ExecutionReward
from rewards.sandbox import Verdict

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


def test_rewards_work_in_a_plain_grpo_trainer(tokenizer, policy, tmp_path):
    dataset = Dataset.from_dict({"prompt": ["x = 1"] * 4, "tests": ["assert 1", "assert 0"] * 2})
    execution = ExecutionReward()
    trainer = GRPOTrainer(
        model=policy,
        reward_funcs=[execution, RandomReward()],
        train_dataset=dataset,
        processing_class=tokenizer,
        args=GRPOConfig(
            output_dir=str(tmp_path),
            max_steps=2,
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
    trainer.train()
    execution.close()

    logs = [row for row in trainer.state.log_history if "reward" in row]
    assert len(logs) == 2
    for row in logs:
        assert {"rewards/execution/mean", "rewards/random/mean"} <= set(row)
        assert row["execution/programs_per_second"] > 0
        assert sum(row[f"execution/{verdict}"] for verdict in Verdict) == pytest.approx(1)
        assert row["rewards/execution/mean"] == pytest.approx(
            row["execution/passed"] - 0.2 * row["execution/syntax_error"]
        )
