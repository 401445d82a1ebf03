from collections.abc import Callable
from typing import Any

import pytest
import torch
from datasets import Dataset
from transformers import AutoModelForCausalLM, AutoTokenizer, set_seed

from whetstone.finetuning.algo.base import Parts, common_arguments
from whetstone.finetuning.algo.clock import StepClock
from whetstone.finetuning.algo.table import ALGORITHMS
from whetstone.finetuning.config import load
from whetstone.finetuning.config.schema import ParityConfig
from whetstone.finetuning.model.adapter import adapter_config
from whetstone.finetuning.model.device import Device
from whetstone.finetuning.model.policy import Policy

PROMPTS = ("return the sum of", "return a", "write the longest of the words", "b")


def letters(completions, **_):
    """A reward that differs between completions and can be checked by eye."""
    return [0.1 * (len(completion) % 7) for completion in completions]


@pytest.fixture
def build_trainer(qwen_folder, tmp_path) -> Callable[..., Any]:
    """Build a trainer from real settings: `build_trainer("ppo", "algo.gae.lam=0.5")`."""

    def build(
        algo: str,
        *overrides: str,
        reward: Any = letters,
        prompts=PROMPTS,
        engine: Callable[[Policy], Any] | None = None,
        parity: ParityConfig | None = None,
        dtype: torch.dtype = torch.float32,
        **loading: Any,
    ) -> Any:
        settings = {
            "algo": algo,
            "model": "qwen",
            "model.path": qwen_folder,
            "model.lora.r": 4,
            "data": "nano",
            "reward": "random",
            "algo.args.per_device_train_batch_size": 16,
            "algo.args.gradient_accumulation_steps": 1,
            "algo.args.num_iterations": 1,
            "algo.args.max_completion_length": 12,
            "algo.args.max_steps": 2,
            "algo.args.save_steps": 2,
            "algo.args.activation_checkpointing": "false",
            **dict(override.split("=", 1) for override in overrides),
        }
        config = load([f"{key}={value}" for key, value in settings.items()]).main
        arguments = ALGORITHMS[algo].arguments(
            common_arguments(
                config.algo.args, tmp_path / "run", Device("cpu", dtype, "test"), 0, []
            ),
            [1.0],
        )
        set_seed(0)
        policy = Policy(
            AutoModelForCausalLM.from_pretrained(qwen_folder, **loading),
            AutoTokenizer.from_pretrained(qwen_folder, padding_side="left"),
        )
        for module in policy.model.modules():
            if hasattr(module, "support_avx512bf16_for_cpu"):
                # bitsandbytes repacks weights there, and then computes without autograd.
                module.support_avx512bf16_for_cpu = False
        parts = Parts(
            policy=policy,
            dataset=Dataset.from_list([{"prompt": text} for text in prompts] * 8),
            peft_config=adapter_config(config.model),
            rewards=(reward,),
            reward_weights=(1.0,),
            callbacks=(),
            clock=StepClock(),
            settings=config.algo,
            engine=engine(policy) if engine else None,
            parity=parity,
        )
        return ALGORITHMS[algo].build(parts, arguments)

    return build


@pytest.fixture
def first_batch() -> Callable[[Any], dict[str, Any]]:
    """Sample and judge the first batch, as the training loop would."""

    def sample(trainer: Any) -> dict[str, Any]:
        trainer.current_gradient_accumulation_steps = trainer.args.gradient_accumulation_steps
        trainer.model.train()
        return trainer._prepare_inputs(next(iter(trainer.get_train_dataloader())))

    return sample


@pytest.fixture
def shake() -> Callable[[Any, float], None]:
    """Move every trained weight a little, as some steps of training would."""

    def move(model: Any, scale: float) -> None:
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.data += scale * torch.randn_like(parameter)

    return move
