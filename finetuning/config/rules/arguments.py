"""`algo.args`: known to TRL, not computed by us, and within range."""

import re
from collections.abc import Callable, Iterator

from finetuning.config.schema import Config
from finetuning.config.suggest import nearest
from finetuning.config.trl_args import (
    COMPUTED,
    COMPUTED_BY,
    CONFIG_CLASS,
    NOT_SAMPLED,
    argument_types,
    fits,
)
from finetuning.errors import Problem


def trl_arguments(config: Config) -> Iterator[Problem]:
    """Check that TRL's config class knows each of `algo.args`, and that we do not compute it."""
    known = argument_types(config.algo.name)
    computed = {**COMPUTED, **COMPUTED_BY.get(config.algo.name, {})}
    for key, value in config.algo.args.items():
        setting = f"algo.args.{key}={value}"
        if key in computed:
            yield Problem(setting, f"Whetstone computes this one; set {computed[key]} instead")
        elif key in NOT_SAMPLED:
            yield Problem(
                setting, "our sampler does not take this; it has temperature, top_p and top_k"
            )
        elif key not in known:
            guess = nearest(key, known.keys() - computed.keys())
            hint = f"; did you mean `{guess}`?" if guess else ""
            yield Problem(setting, f"{CONFIG_CLASS[config.algo.name]} has no such argument{hint}")
        elif not fits(value, known[key]):
            hint = " (write 1.0e-5: YAML reads 1e-5 as text)" if _is_exponent(value) else ""
            yield Problem(setting, f"must be {known[key]}{hint}")


def _is_exponent(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[+-]?\d+[eE][+-]?\d+", value) is not None


def numbers(config: Config) -> Iterator[Problem]:
    """Check ranges that TRL would refuse only after the weights were loaded, or never."""
    for keys, holds, words in _RANGES:
        for key in keys:
            value = config.algo.args.get(key)
            if isinstance(value, int | float) and not holds(value):
                yield Problem(f"algo.args.{key}={value}", f"must be {words}")


def words(config: Config) -> Iterator[Problem]:
    """Check arguments with a closed set of words, which TRL looks at in the first step only."""
    for key, allowed in _WORDS.items():
        value = config.algo.args.get(key)
        if isinstance(value, str) and value not in allowed:
            guess = nearest(value, allowed)
            hint = f"did you mean `{guess}`? " if guess else ""
            yield Problem(f"algo.args.{key}={value}", f"{hint}there are: {', '.join(allowed)}")


_RANGES: tuple[tuple[tuple[str, ...], Callable[[float], bool], str], ...] = (
    (
        (
            "per_device_train_batch_size",
            "gradient_accumulation_steps",
            "num_generations",
            "max_completion_length",
            "num_iterations",
            "steps_per_generation",
            "max_length",
            "logging_steps",
            "save_steps",
        ),
        lambda value: value >= 1,
        "at least 1",
    ),
    (("learning_rate", "temperature", "num_train_epochs"), lambda value: value > 0, "above 0"),
    (("beta", "top_k", "warmup_steps", "weight_decay"), lambda value: value >= 0, "at least 0"),
    (
        ("max_steps",),
        lambda value: value >= 1 or value == -1,
        "at least 1, or -1 for algo.args.num_train_epochs",
    ),
    (("top_p",), lambda value: 0 < value <= 1, "above 0 and at most 1"),
)
_WORDS = {
    "loss_type": (
        "bnpo",
        "cispo",
        "dapo",
        "dr_grpo",
        "grpo",
        "luspo",
        "nll",
        "sapo",
        "vespo",
        "dft",
    ),
    "scale_rewards": ("batch", "group", "none"),
    "importance_sampling_level": ("sequence", "token"),
}
