"""`algo.args`: known to TRL, not computed by us, and within range."""

import re
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

from whetstone.finetuning.config.explain import did_you_mean, nearest
from whetstone.finetuning.config.schema import Config
from whetstone.finetuning.config.schema.algo import ALGORITHM_CONFIGS
from whetstone.finetuning.config.synonyms import instead, value_meant
from whetstone.finetuning.config.trl_args import (
    FILES,
    NOT_SAMPLED,
    WORDS_OF_TRANSFORMERS,
    argument_types,
    computed_for,
    fits,
    words_of_transformers,
)
from whetstone.finetuning.config.wanted import wanted
from whetstone.finetuning.errors import Problem
from whetstone.rewards.extras import not_installed


def trl_arguments(config: Config) -> Iterator[Problem]:
    """Check that TRL's config class knows each of `algo.args`, and that we do not compute it."""
    known = argument_types(config.algo.name)
    computed = computed_for(config.algo.name)
    for key, value in config.algo.args.items():
        setting = f"algo.args.{key}={value}"
        if key in computed:
            nothing, _, reason = computed[key].partition("nothing: ")
            told = f"set {nothing} instead" if nothing else reason
            yield Problem(setting, f"Whetstone computes this one; {told}")
        elif key in NOT_SAMPLED:
            yield Problem(
                setting, "our sampler does not take this; it has temperature, top_p and top_k"
            )
        elif key not in known:
            guess = nearest(key, known.keys() - computed.keys())
            hint = instead(key, config.algo.name, str(value)) or (
                f"did you mean `{guess}`?" if guess else ""
            )
            told = f"{config.algo.trl_class} has no such argument"
            yield Problem(setting, f"{told}; {hint}".removesuffix("; "))
        elif not fits(value, known[key]):
            hint = " (write 1.0e-5: YAML reads 1e-5 as text)" if _is_exponent(value) else ""
            kind = wanted(f"algo.args.{key}", algo=config.algo.name) or known[key]
            yield Problem(setting, f"expected {kind}{hint}")


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
    for key, value in config.algo.args.items():
        allowed = _words_of(key, config.algo.name)
        for word in value if isinstance(value, list) else [value]:
            if allowed and isinstance(word, str) and word not in allowed:
                yield Problem(f"algo.args.{key}={value}", _right_word(key, word, allowed))


def _right_word(key: str, word: str, allowed: Sequence[str]) -> str:
    """Say which word was meant; two optimizers look alike and are not."""
    setting = f"algo.args.{key}"
    meant = value_meant(setting, word)
    if meant != word:
        return f"write {setting}={meant}"
    return did_you_mean(word, allowed, _ALIKE.get(key, 0.6))


def files_of_arguments(config: Config) -> Iterator[Problem]:
    """Check for the files, and the package, that Accelerate is told of: it looks after weights."""
    for key in FILES:
        value = config.algo.args.get(key)
        setting = f"algo.args.{key}={value}"
        if isinstance(value, str) and value and not Path(value).expanduser().is_file():
            yield Problem(setting, "there is no such file")
        elif key == "deepspeed" and value and find_spec("deepspeed") is None:
            yield Problem(setting, not_installed("deepspeed", "deepspeed"))


def _words_of(key: str, algo: str) -> tuple[str, ...]:
    """Return the words that an argument may be; none where it is not one of a closed set."""
    if key == "loss_type":
        return _LOSSES.get(ALGORITHM_CONFIGS[algo].trl_class, ())
    if key in WORDS_OF_TRANSFORMERS:
        return words_of_transformers(key)
    return _WORDS.get(key, ())


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
    (
        (
            "beta",
            "top_k",
            "warmup_steps",
            "weight_decay",
            "epsilon",
            "epsilon_high",
            "max_grad_norm",
        ),
        lambda value: value >= 0,
        "at least 0",
    ),
    (
        ("max_steps",),
        lambda value: value >= 1 or value == -1,
        "at least 1, or -1 for algo.args.num_train_epochs",
    ),
    (("top_p",), lambda value: 0 < value <= 1, "above 0 and at most 1"),
)
_ALIKE = {"optim": 0.8}
"""How alike two words must be, where 0.6 would take one for another."""
_LOSSES = {
    "SFTConfig": ("nll", "dft"),
    "DPOConfig": (
        "sigmoid",
        "sigmoid_norm",
        "hinge",
        "ipo",
        "exo_pair",
        "nca_pair",
        "robust",
        "bco_pair",
        "sppo_hard",
        "aot",
        "aot_unpaired",
        "apo_zero",
        "apo_down",
        "discopop",
        "sft",
    ),
    "KTOConfig": ("kto", "apo_zero_unpaired"),
    "GRPOConfig": ("bnpo", "cispo", "dapo", "dr_grpo", "grpo", "luspo", "sapo", "vespo"),
}
_WORDS = {
    "scale_rewards": ("batch", "group", "none"),
    "importance_sampling_level": ("sequence", "token"),
}
