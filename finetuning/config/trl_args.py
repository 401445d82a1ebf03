"""Which arguments TRL's config classes take, read from their source.

Importing trl.GRPOConfig costs six seconds; a typo must be answered in one. The classes are plain
dataclasses, so the annotated names of their bodies are the arguments.
"""

import ast
from functools import cache
from importlib.util import find_spec
from pathlib import Path

CONFIG_CLASS = {"sft": "SFTConfig", "grpo": "GRPOConfig"}

# What TRL's own generation takes and our sampler does not: refused, so that nothing is ignored.
NOT_SAMPLED = frozenset(
    {
        "min_p",
        "repetition_penalty",
        "generation_kwargs",
        "cache_implementation",
        "use_vllm",
        "use_transformers_continuous_batching",
        "use_transformers_paged",
    }
)

# What Whetstone computes, and from what.
COMPUTED = {
    "output_dir": "run.name",
    "run_name": "run.name",
    "report_to": "tracker",
    "seed": "seed",
    "data_seed": "seed",
    "use_cpu": "backend.device",
    "bf16": "backend.dtype",
    "fp16": "backend.dtype",
    "reward_weights": "reward.NAME.weight",
    "log_completions": "nothing: completions are always written",
    "disable_tqdm": "nothing: progress has its own bar",
    "resume_from_checkpoint": "run.resume",
    "push_to_hub": "nothing yet: publish the merged folder",
    "remove_unused_columns": "nothing: rewards read the columns",
}


@cache
def argument_names(algo: str) -> frozenset[str]:
    """Return the names that the TRL config class of this algorithm accepts."""
    trl = _package_dir("trl") / "trainer"
    sources = [
        trl / f"{algo}_config.py",
        trl / "base_config.py",
        _package_dir("transformers") / "training_args.py",
    ]
    classes = {CONFIG_CLASS[algo], "_BaseConfig", "TrainingArguments"}
    return frozenset(name for source in sources for name in _fields(source, classes))


def _package_dir(package: str) -> Path:
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(
            f"{package} is not installed; run `make train` or `pip install -e .`"
        )
    return Path(spec.origin).parent


def _fields(source: Path, classes: set[str]) -> set[str]:
    tree = ast.parse(source.read_text(encoding="utf-8"))
    return {
        statement.target.id
        for node in tree.body
        if isinstance(node, ast.ClassDef) and node.name in classes
        for statement in node.body
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name)
    }
