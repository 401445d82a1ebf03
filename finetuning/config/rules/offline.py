"""Rules of the offline algorithms and of collecting stages, rows apart."""

from collections.abc import Iterator
from pathlib import Path

from whetstone.finetuning.config.references import referred
from whetstone.finetuning.config.schema import (
    BaseCollect,
    Config,
    DpoConfig,
    KtoConfig,
    RewardTrainingConfig,
)
from whetstone.finetuning.errors import ConfigError, Problem
from whetstone.finetuning.formats.read import TRAIN, read_base

_WEIGHTS = ("desirable_weight", "undesirable_weight")


def mlp_head_has_no_adapter(config: Config) -> Iterator[Problem]:
    """Check that nobody expects an adapter on a base that is frozen."""
    algo, adapter = config.algo, config.model.adapter
    if isinstance(algo, RewardTrainingConfig) and algo.head == "mlp" and adapter == "lora":
        yield Problem(
            "algo.head=mlp",
            "trains a head on a frozen base, so an adapter would not be trained; add "
            "model.adapter=full (the base stays frozen), or set algo.head=linear",
        )


def scores_have_no_centre(config: Config) -> Iterator[Problem]:
    """Check that nobody expects a discriminator's scores to be centred: their 0 has a meaning."""
    algo, name = config.algo, "center_rewards_coefficient"
    if isinstance(algo, RewardTrainingConfig) and algo.loss == "bce" and algo.args.get(name):
        yield Problem(
            f"algo.args.{name}={algo.args[name]}",
            "a discriminator decides at 0 and is not centred; set algo.loss=bradley_terry or null",
        )


def dpo_weighs_its_losses(config: Config) -> Iterator[Problem]:
    """Check that each of several losses has a weight."""
    losses, weights = (config.algo.args.get(name) for name in ("loss_type", "loss_weights"))
    losses = losses if isinstance(losses, list) else [losses]
    if isinstance(config.algo, DpoConfig) and weights is not None and len(weights) != len(losses):
        yield Problem(
            f"algo.args.loss_weights={weights}",
            f"one for each of algo.args.loss_type={losses}; null weighs them equally",
        )


def kto_weights_have_one_source(config: Config) -> Iterator[Problem]:
    """Check that weights are either computed or given."""
    if isinstance(config.algo, KtoConfig) and config.algo.balance:
        for name in _WEIGHTS:
            if name in config.algo.args:
                yield Problem(
                    f"algo.args.{name}={config.algo.args[name]}",
                    "algo.balance=true computes it from the labels; set algo.balance=false",
                )


def kto_compares_within_a_batch(config: Config) -> Iterator[Problem]:
    """Check that a batch has a neighbour to estimate KTO's KL term with."""
    size = config.algo.args.get("per_device_train_batch_size")
    if isinstance(config.algo, KtoConfig) and size == 1 and config.collect is None:
        yield Problem(
            "algo.args.per_device_train_batch_size=1",
            "KTO's KL term is estimated from the other rows of a batch; at least 2",
        )


def collecting_has_its_inputs(config: Config) -> Iterator[Problem]:
    """Check that what is derived from a base data set has one, and a reward to judge by."""
    collect = config.collect
    if collect is None or isinstance(collect, BaseCollect):
        return
    if not config.reward:
        yield Problem("reward=[]", f"collect={collect.name} judges by a reward; choose one")
    if collect.base == "???" or referred(collect.base) is not None:
        return
    folder = Path(collect.base)
    if (folder / TRAIN).is_file():
        try:
            read_base(folder)
        except ConfigError as error:
            yield from error.problems
    else:
        yield Problem(
            f"collect.base={collect.base}",
            "there is no base data set; make one with `whetstone collect collect=base` and give "
            "the `dataset` folder of its run",
        )


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
        and isinstance(config.algo, RewardTrainingConfig)
    ):
        yield Problem(
            f"model.quantization={config.model.quantization}",
            "a reward model is trained on weights as they are stored; use model.quantization=null",
        )


def adapted_layers_are_trained(config: Config) -> Iterator[Problem]:
    """Check that no adapter is put where TRL, which multiplies by `lm_head` itself, ignores it."""
    targets = config.model.lora.target_modules
    named = "lm_head" in ([targets] if isinstance(targets, str) else targets)
    if (
        named
        and config.model.adapter == "lora"
        and not isinstance(config.algo, RewardTrainingConfig)
    ):
        yield Problem(
            f"model.lora.target_modules={targets}",
            "an adapter on lm_head would never be trained; leave it out",
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
