"""What others call our settings: the one table from a word to the setting that does it.

Looked up where a setting is unknown, so a name of ours is never shadowed. What the algorithms that
sample call otherwise than the others has two answers.
"""

from collections.abc import Mapping
from types import MappingProxyType

from whetstone.finetuning.config.trl_args import COMPUTED, COMPUTED_BY, argument_types

ONLINE = frozenset({"grpo", "rloo", "rfai", "ppo"})

_ARGS = "algo.args"
_SETTINGS: Mapping[str, str] = MappingProxyType(
    {
        # how it is trained
        "lr": f"{_ARGS}.learning_rate",
        "batch_size": f"{_ARGS}.per_device_train_batch_size",
        "train_batch_size": f"{_ARGS}.per_device_train_batch_size",
        "micro_batch_size": f"{_ARGS}.per_device_train_batch_size",
        "grad_accum": f"{_ARGS}.gradient_accumulation_steps",
        "accumulation_steps": f"{_ARGS}.gradient_accumulation_steps",
        "steps": f"{_ARGS}.max_steps",
        "warmup": f"{_ARGS}.warmup_steps",
        "warmup_ratio": f"{_ARGS}.warmup_steps",
        "scheduler": f"{_ARGS}.lr_scheduler_type",
        "lr_scheduler": f"{_ARGS}.lr_scheduler_type",
        "optimizer": f"{_ARGS}.optim",
        "gradient_checkpointing": f"{_ARGS}.activation_checkpointing",
        "kl_coef": f"{_ARGS}.beta",
        "init_kl_coef": f"{_ARGS}.beta",
        "cliprange": f"{_ARGS}.epsilon",
        "clip_range": f"{_ARGS}.epsilon",
        "group_size": f"{_ARGS}.num_generations",
        "rollouts": f"{_ARGS}.num_generations",
        "ppo_epochs": f"{_ARGS}.num_iterations",
        "num_ppo_epochs": f"{_ARGS}.num_iterations",
        "vf_coef": "algo.value.coefficient",
        "gamma": "algo.gae.gamma",
        "lam": "algo.gae.lam",
        # the model
        "model_name": "model",
        "model_id": "model",
        "model_name_or_path": "model",
        "base_model": "model",
        "lora_r": "model.lora.r",
        "lora_rank": "model.lora.r",
        "lora_alpha": "model.lora.alpha",
        "lora_dropout": "model.lora.dropout",
        "lora_target_modules": "model.lora.target_modules",
        "use_peft": "model.adapter=lora",
        "use_lora": "model.adapter=lora",
        "load_in_4bit": "model.quantization=nf4",
        # data and judges
        "dataset": "data=hub data.path",
        "dataset_name": "data=hub data.path",
        "train_file": "data=jsonl data.train",
        "max_samples": "data.limit",
        "max_train_samples": "data.limit",
        "timeout": "reward.execution.timeout_s",
        "reward_fn": "reward=custom reward.custom.fn",
        "reward_funcs": "reward=custom reward.custom.fn",
        "reward_model_path": "reward=reward_model reward.reward_model.path",
        # the run
        "name": "run.name",
        "output_dir": "run.outputs",
        "cache_dir": "run.cache",
        "resume": "run.resume",
        "eval_steps": "hooks.watch.every_steps",
        "tasks": "hooks.evaluate.tasks",
        "eval_tasks": "data.eval_tasks",
        "n_samples": "hooks.evaluate.samples",
        "device": "backend.device",
        "dtype": "backend.dtype",
        "torch_dtype": "backend.dtype",
        "bf16": "backend.dtype=bfloat16",
        "fp16": "backend.dtype=float16",
        "use_vllm": "backend=vllm",
        "report_to": "tracker",
        "wandb": "tracker=wandb",
        "push_to_hub": "hooks.publish.push",
        "hub_model_id": "hooks.publish.repo",
        "pipeline_name": "pipeline",
        "algorithm": "algo",
    }
)
_TWO: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        # what they are where completions are sampled, and where rows are read
        "max_length": (f"{_ARGS}.max_completion_length", f"{_ARGS}.max_length"),
        "max_seq_length": (f"{_ARGS}.max_completion_length", f"{_ARGS}.max_length"),
        "max_seq_len": (f"{_ARGS}.max_completion_length", f"{_ARGS}.max_length"),
        "max_prompt_length": (f"{_ARGS}.max_completion_length", f"{_ARGS}.max_length"),
        "max_new_tokens": (f"{_ARGS}.max_completion_length", "hooks.evaluate.max_new_tokens"),
        "max_tokens": (f"{_ARGS}.max_completion_length", "hooks.evaluate.max_new_tokens"),
        "temperature": (f"{_ARGS}.temperature", "hooks.evaluate.temperature"),
    }
)
_EPOCHS = frozenset({"epochs", "num_epochs", "n_epochs", "num_train_epochs"})
_NO_EPOCHS = f"{_ARGS}.max_steps=-1"
_OFF = frozenset({"false", "False", "0", "null", "None"})
_WHY: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "max_prompt_length": (
            "a prompt is never cut; the completion has a limit",
            "prompt and completion have one limit together",
        ),
        "max_seq_length": (
            "a prompt is never cut; the completion has a limit",
            "prompt and completion have one limit together",
        ),
        "warmup_ratio": ("a value below 1 is the share of all steps",) * 2,
    }
)


def words() -> frozenset[str]:
    """Return every word of the table."""
    return frozenset({*_SETTINGS, *_TWO, *_EPOCHS})


def instead(word: str, algo: str, value: str | None = None) -> str | None:
    """Return what to write for a word that is no setting here, or None if nobody knows it.

    Args:
        word: a name without dots: `lr`.
        algo: the algorithm, on which some answers depend.
        value: what was given, as typed; None or empty: unknown.

    """
    offline = algo not in ONLINE
    setting = setting_of(word, algo)
    if setting is None:
        return None
    *before, last = setting.split(" ")
    name, has_value, _ = last.partition("=")
    if has_value and value in _OFF:  # `fp16=false` asks for another value, not for this one
        last, has_value = name, ""
        value = None
    written = " ".join([*before, last if has_value else f"{last}={value or '...'}"])
    if word in _EPOCHS:
        written = f"{written} {_NO_EPOCHS}"
    why = f" ({_WHY[word][offline]})" if word in _WHY else ""
    return f"write {written}{why}"


def setting_of(word: str, algo: str) -> str | None:
    """Return the setting that a word stands for, with what is to be chosen before it."""
    if word in _EPOCHS:
        return f"{_ARGS}.num_train_epochs"
    if word in _TWO:
        return _TWO[word][algo not in ONLINE]
    if word in _SETTINGS:
        return _SETTINGS[word]
    computed = {**COMPUTED, **COMPUTED_BY.get(algo, {})}
    return f"{_ARGS}.{word}" if word in argument_types(algo).keys() - computed.keys() else None
