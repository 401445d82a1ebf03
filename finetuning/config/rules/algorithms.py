"""What an algorithm needs of its model."""

from collections.abc import Iterator

from finetuning.config.schema import Config, RewardModelConfig
from finetuning.errors import Problem


def only_adapters_are_quantized(config: Config) -> Iterator[Problem]:
    """Check that weights held in 4 bits are the base of an adapter, and not what is trained."""
    if config.model.quantization and config.model.adapter == "full":
        yield Problem(
            f"model.quantization={config.model.quantization}",
            "4-bit weights cannot be trained themselves; use model.adapter=lora or "
            "model.quantization=null",
        )
    elif (
        config.model.quantization
        and config.collect is None
        and isinstance(config.algo, RewardModelConfig)
    ):
        yield Problem(
            f"model.quantization={config.model.quantization}",
            "a reward model is trained on weights as they are stored; use model.quantization=null",
        )


def adapted_layers_are_trained(config: Config) -> Iterator[Problem]:
    """Check that no adapter is put where TRL, which multiplies by `lm_head` itself, ignores it."""
    targets = config.model.lora.target_modules
    named = "lm_head" in ([targets] if isinstance(targets, str) else targets)
    if named and config.model.adapter == "lora" and not isinstance(config.algo, RewardModelConfig):
        yield Problem(
            f"model.lora.target_modules={targets}",
            "an adapter on lm_head would never be trained; leave lm_head out",
        )


def every_k_is_measured(config: Config) -> Iterator[Problem]:
    """Check that each pass@k can be measured: a figure that is asked for must not be missing."""
    wanted = config.hooks.evaluate
    above = [k for k in wanted.k if k > wanted.samples]
    if wanted.tasks and above:
        fitting = ",".join(str(k) for k in wanted.k if k <= wanted.samples) or "1"
        yield Problem(
            f"hooks.evaluate.k={wanted.k}",
            f"pass@{above[0]} needs {above[0]} samples of each problem, and "
            f"hooks.evaluate.samples={wanted.samples}; add hooks.evaluate.k=[{fitting}], or take "
            "more samples",
        )
