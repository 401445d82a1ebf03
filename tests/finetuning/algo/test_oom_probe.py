"""The rehearsal of the longest batch: as large as training can get, and without a trace."""

import pytest
import torch
from datasets import Dataset
from transformers import set_seed

from whetstone.finetuning.algo.base import Parts, common_arguments
from whetstone.finetuning.algo.clock import StepClock
from whetstone.finetuning.algo.oom_probe import LongestFirst, longest_prompt, longest_rows
from whetstone.finetuning.algo.table import ALGORITHMS
from whetstone.finetuning.config import load
from whetstone.finetuning.model.adapter import adapter_config
from whetstone.finetuning.model.device import Device
from whetstone.finetuning.model.policy import load_policy
from whetstone.finetuning.model.scorer import build_scorer

TIMED = ("seconds/", "step_time", "train_")


def figures(trainer):
    return [
        {key: value for key, value in row.items() if not key.startswith(TIMED)}
        for row in trainer.state.log_history
    ]


@pytest.mark.parametrize("algo", ["grpo", pytest.param("rloo", marks=pytest.mark.nightly), "ppo"])
def test_a_rehearsed_run_is_the_run(build_trainer, algo):
    def run(*, rehearse):
        trainer = build_trainer(algo, "model.lora.dropout=0.1", "algo.args.logging_steps=1")
        if rehearse:
            trainer.add_callback(LongestFirst(trainer))
        trainer.train()
        return figures(trainer), trainer

    expected, _ = run(rehearse=False)
    found, trainer = run(rehearse=True)
    assert found == expected
    assert all(parameter.grad is None for parameter in trainer.model.parameters())


def test_it_is_as_long_as_training_can_get(build_trainer):
    trainer = build_trainer("grpo")
    seen = []
    trainer.model.register_forward_pre_hook(
        lambda _module, _args, kwargs: seen.append(tuple(kwargs["input_ids"].shape)),
        with_kwargs=True,
    )
    gradients = []
    weight = next(p for n, p in trainer.model.named_parameters() if "lora_B" in n)
    weight.register_hook(lambda gradient: gradients.append(gradient.abs().sum().item()))
    trainer.rehearse()
    longest = max(
        len(trainer.processing_class(t)["input_ids"]) for t in trainer.train_dataset["prompt"]
    )
    assert seen == [(16, longest + 12)]
    assert len(gradients) == 1
    assert gradients[0] > 0


ROWS = {
    "sft": {"prompt": "return a", "completion": "a" * 9},
    "pretrain": {"text": "return the sum of a"},
    "dpo": {"prompt": "return a", "chosen": "a", "rejected": "b" * 9},
    "reward": {"prompt": "return a", "chosen": "a", "rejected": "b" * 9},
    "kto": {"prompt": "return a", "completion": "a", "label": True},
}


@pytest.fixture
def build_offline(qwen_folder, tmp_path):
    """Build a trainer that takes rows as they are, from real settings."""

    def build(algo):
        settings = {
            "algo": algo,
            "model": "qwen",
            "data": "nano",
            "model.path": qwen_folder,
            "model.lora.r": 4,
            "algo.args.max_steps": 2,
            "algo.args.save_steps": 2,
            "algo.args.logging_steps": 1,
            "algo.args.per_device_train_batch_size": 4,
            "algo.args.gradient_accumulation_steps": 1,
            "algo.args.activation_checkpointing": "false",
        }
        config = load([f"{key}={value}" for key, value in settings.items()]).main
        device = Device("cpu", torch.float32, "test")
        arguments = common_arguments(config.algo.args, tmp_path / "run", device, 0, [])
        set_seed(0)
        rows = [
            {**ROWS[algo], **({"label": n % 2 == 0} if algo == "kto" else {})} for n in range(8)
        ]
        parts = Parts(
            policy=(
                build_scorer(config.model, config.algo, device, 0)
                if algo == "reward"
                else load_policy(str(qwen_folder), device)
            ),
            dataset=Dataset.from_list(rows),
            peft_config=adapter_config(config.model),
            rewards=(),
            reward_weights=(),
            callbacks=(),
            clock=StepClock(),
            settings=config.algo,
        )
        return ALGORITHMS[algo].build(parts, ALGORITHMS[algo].arguments(arguments, []))

    return build


@pytest.mark.parametrize(
    "algo",
    [
        pytest.param(algo, marks=pytest.mark.nightly) if algo in {"pretrain", "kto"} else algo
        for algo in ROWS
    ],
)
def test_rows_are_rehearsed_too(build_offline, algo):
    plain = build_offline(algo)
    plain.train()
    rehearsed = build_offline(algo)
    rehearsed.add_callback(LongestFirst(rehearsed))
    rehearsed.train()
    assert figures(rehearsed) == figures(plain)
    assert len(figures(plain)) >= 2


def test_the_longest_rows_are_found_and_repeated_where_there_are_too_few():
    data = Dataset.from_list(
        [{"input_ids": [0] * n, "labels": [0] * 99, "extra_ids": [0]} for n in (3, 9, 5)]
    )
    assert [len(row["input_ids"]) for row in longest_rows(data, 2)] == [9, 5]
    assert [len(row["input_ids"]) for row in longest_rows(data, 4)] == [9, 5, 3, 9]


def test_a_conversation_goes_through_its_template(qwen_folder):
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(qwen_folder)
    chats = [[{"role": "user", "content": text}] for text in ("a", "return the sum", "b")]
    expected = tokenizer.apply_chat_template(chats[1], add_generation_prompt=True, tokenize=False)
    assert tokenizer.decode(longest_prompt(chats, tokenizer)) == expected
    assert torch.tensor(longest_prompt(["a b", "a"], tokenizer)).ndim == 1
