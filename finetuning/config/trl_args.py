"""Which arguments TRL's config classes take, read from their source.

Importing trl.GRPOConfig costs six seconds; a typo must be answered in one. The classes are plain
dataclasses, so the annotated names of their bodies are the arguments.
"""

import ast
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from whetstone.finetuning.config.schema.algo import ALGORITHM_CONFIGS
from whetstone.rewards.extras import not_installed

# What TRL's own generation takes and our sampler does not: refused, so that nothing is ignored.
NOT_SAMPLED = frozenset(
    {
        "min_p",
        "repetition_penalty",
        "generation_kwargs",
        "cache_implementation",
        "use_transformers_continuous_batching",
        "use_transformers_paged",
    }
)

# Arguments that may be the path of a file.
FILES = ("deepspeed", "fsdp_config", "accelerator_config")

# What Whetstone computes, and from what.
COMPUTED = {
    "output_dir": "run.name",
    "run_name": "run.name",
    "report_to": "tracker",
    "seed": "seed",
    "data_seed": "seed",
    "use_cpu": "backend.device",
    "use_vllm": "backend.rollout",
    "vllm_mode": "backend.rollout",
    "bf16": "backend.dtype",
    "fp16": "backend.dtype",
    "reward_weights": "reward.NAME.weight",
    "save_strategy": "algo.args.save_steps",
    "eval_strategy": "hooks.evaluate and hooks.watch",
    "eval_steps": "hooks.watch.every_steps",
    "per_device_eval_batch_size": "hooks.evaluate.batch_size",
    "num_generations_eval": "hooks.evaluate.samples",
    "generation_batch_size": "per_device_train_batch_size and steps_per_generation",
    "gradient_checkpointing": "activation_checkpointing, its new name",
    "auto_find_batch_size": "per_device_train_batch_size: TRL's online trainers refuse to search",
    "completion_only_loss": "nothing: the loss counts completions only",
    "num_completions_to_print": "nothing: completions are in the report",
    "log_completions": "nothing: completions are always written",
    "disable_tqdm": "nothing: progress has its own bar",
    "resume_from_checkpoint": "run.resume",
    "push_to_hub": "hooks.publish.repo and hooks.publish.push",
    "ddp_find_unused_parameters": "nothing: every trained weight is used",
    "remove_unused_columns": "nothing: rewards read the columns",
    "model_init_kwargs": "model and backend.dtype",
    "trust_remote_code": "model.trust_remote_code",
    "do_train": "nothing: a run trains",
    "do_eval": "hooks.evaluate and hooks.watch",
    "do_predict": "hooks.evaluate and hooks.watch",
    "eval_on_start": "nothing: a model is measured before it is trained",
    "eval_delay": "hooks.watch.every_steps",
    "load_best_model_at_end": "hooks.best",
    "metric_for_best_model": "hooks.best",
    "greater_is_better": "hooks.best",
    "save_only_model": "nothing: a run is continued from its checkpoints",
    "ignore_data_skip": "nothing: a continued run goes on where it was in the data",
}


# Where transformers lists the words that an argument may be.
WORDS_OF_TRANSFORMERS = {
    "optim": ("training_args.py", "OptimizerNames"),
    "lr_scheduler_type": ("trainer_utils.py", "SchedulerType"),
}


@cache
def words_of_transformers(argument: str) -> tuple[str, ...]:
    """Return the values of the enumeration that an argument is one of."""
    file, name = WORDS_OF_TRANSFORMERS[argument]
    tree = _parsed(_package_dir("transformers") / file)
    return tuple(
        str(statement.value.value)
        for node in tree.body
        if isinstance(node, ast.ClassDef) and node.name == name
        for statement in node.body
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Constant)
    )


@cache
def argument_types(algo: str) -> dict[str, str]:
    """Map what the TRL config class of this algorithm accepts to the annotations there."""
    trl = _package_dir("trl") / "trainer"
    own = ALGORITHM_CONFIGS[algo].trl_class
    sources = [
        trl / f"{own.removesuffix('Config').lower()}_config.py",
        trl / "base_config.py",
        _package_dir("transformers") / "training_args.py",
    ]
    classes = {own, "_BaseConfig", "TrainingArguments"}
    types: dict[str, str] = {}
    for source in reversed(sources):  # a subclass redefines, so it comes last
        types |= _fields(source, classes)
    return types


def computed_for(algo: str) -> dict[str, str]:
    """Return what a run with this algorithm computes, and from what."""
    return {**COMPUTED, **ALGORITHM_CONFIGS[algo].decides}


def fits(value: object, annotation: str) -> bool:
    """Tell whether a value has one of the plain types of an annotation; others are not judged."""
    alternatives = {part.strip() for part in annotation.split("|")}
    if not alternatives <= {"int", "float", "bool", "str", "None"}:
        return True
    if value is None:
        return "None" in alternatives
    if isinstance(value, bool):
        return "bool" in alternatives
    if isinstance(value, int):
        return bool(alternatives & {"int", "float"})
    return type(value).__name__ in alternatives


@cache
def _parsed(source: Path) -> ast.Module:
    return ast.parse(source.read_text(encoding="utf-8"))


@cache
def _package_dir(package: str) -> Path:
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(not_installed(package))
    return Path(spec.origin).parent


def _fields(source: Path, classes: set[str]) -> dict[str, str]:
    tree = _parsed(source)
    return {
        statement.target.id: ast.unparse(statement.annotation)
        for node in tree.body
        if isinstance(node, ast.ClassDef) and node.name in classes
        for statement in node.body
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name)
    }
