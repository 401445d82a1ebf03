"""What others call our settings: the one table from a word to the setting that does it.

Looked up where a setting is unknown, so a name of ours is never shadowed. What the algorithms that
sample call otherwise than the others has two answers.
"""

from collections.abc import Mapping
from types import MappingProxyType

from whetstone.finetuning.config.schema.algo import ALGORITHM_CONFIGS, OnlineConfig
from whetstone.finetuning.config.trl_args import argument_types, computed_for
from whetstone.finetuning.config.wanted import is_setting

ONLINE = frozenset(name for name, one in ALGORITHM_CONFIGS.items() if issubclass(one, OnlineConfig))

_ARGS = "algo.args"
_SETTINGS: Mapping[str, str] = MappingProxyType(
    {
        # how it is trained
        "lr": f"{_ARGS}.learning_rate",
        "batch_size": f"{_ARGS}.per_device_train_batch_size",
        "train_batch_size": f"{_ARGS}.per_device_train_batch_size",
        "micro_batch_size": f"{_ARGS}.per_device_train_batch_size",
        "wd": f"{_ARGS}.weight_decay",
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
        "num_rollouts": f"{_ARGS}.num_generations",
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
        "run_name": "run.name",
        "output_dir": "run.outputs",
        "cache_dir": "run.cache",
        "resume": "run.resume",
        "resume_from_checkpoint": "run.resume",
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
_OFF = frozenset({"false", "0", "no", "off", "null", "none"})
_WHEN_OFF: Mapping[str, str] = MappingProxyType(
    {
        # what asks for the opposite; what is off unless it is asked for is left out
        "bf16": "backend.dtype=float32",
        "fp16": "backend.dtype=float32",
        "use_peft": "model.adapter=full",
        "use_lora": "model.adapter=full",
        "report_to": "tracker=none",
        "wandb": "tracker=none",
    }
)
_VALUES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        # values, in the settings that call them otherwise
        f"{_ARGS}.optim": dict.fromkeys(("adam", "adamw", "adamw_hf"), "adamw_torch"),
        "backend.dtype": {"fp32": "float32", "bf16": "bfloat16", "fp16": "float16"},
    }
)
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
        algo: the algorithm, on which some answers depend; it may have no such setting.
        value: what was given, as typed; None or empty: unknown.

    """
    offline = algo not in ONLINE
    setting = setting_of(word, algo)
    if setting is None:
        return None
    *before, last = setting.split(" ")
    name, has_value, _ = last.partition("=")
    if not _takes(algo, name):
        others = ", ".join(other for other in ALGORITHM_CONFIGS if _takes(other, name))
        return f"algo={algo} has no {name}; it is a setting of algo={others}"
    if value is not None and value.casefold() in _OFF and (has_value or word in _WHEN_OFF):
        return f"write {_WHEN_OFF[word]}" if word in _WHEN_OFF else "leave it out"
    value = value_meant(name, value) if value else "..."
    written = " ".join([*before, last if has_value else f"{last}={value}"])
    if word in _EPOCHS:
        written = f"{written} {_NO_EPOCHS}"
    why = f" ({_WHY[word][offline]})" if word in _WHY else ""
    return f"write {written}{why}"


def value_meant(setting: str, value: str) -> str:
    """Return what a value is called in a setting, where others call it otherwise: `optim=adam`."""
    return _VALUES.get(setting, {}).get(value.casefold(), value)


def _takes(algo: str, setting: str) -> bool:
    """Tell whether an algorithm has a setting of `algo`; all of them have every other setting."""
    top, _, inside = setting.partition(".")
    if top != "algo" or not inside:
        return True
    if setting.startswith(f"{_ARGS}."):
        return inside.partition(".")[2] in argument_types(algo).keys() - computed_for(algo).keys()
    return is_setting(setting, algo)


def setting_of(word: str, algo: str) -> str | None:
    """Return the setting that a word stands for, with what is to be chosen before it."""
    if word in _EPOCHS:
        return f"{_ARGS}.num_train_epochs"
    if word in _TWO:
        return _TWO[word][algo not in ONLINE]
    if word in _SETTINGS:
        return _SETTINGS[word]
    return f"{_ARGS}.{word}" if _takes(algo, f"{_ARGS}.{word}") else None
