"""What was typed and would do nothing: a preset overrules it, or no stage reads it."""

from collections.abc import Iterator, Sequence

from whetstone.finetuning.config.command_line import CommandLine
from whetstone.finetuning.config.schema import Config, StageConfig
from whetstone.finetuning.config.stages import Stage
from whetstone.finetuning.config.validate import Values
from whetstone.finetuning.errors import Problem


def without_effect(
    typed: CommandLine, values: Values, main: Config | None, stages: Sequence[Stage]
) -> Iterator[Problem]:
    """Yield what the command line asks for in vain.

    `main` is None where it could not be parsed, and `stages` are none where one of them was wrong.
    """
    yield from _overruled_epochs(typed, values)
    if main is not None:
        yield from _unread_algorithm(typed, main)
        yield from _unread_reward(typed, main, stages)


def _overruled_epochs(typed: CommandLine, values: Values) -> Iterator[Problem]:
    args = (values.get("algo") or {}).get("args")
    if not isinstance(args, dict):
        return  # the schema says so
    steps, epochs = args.get("max_steps"), args.get("num_train_epochs")
    by_steps = isinstance(steps, int) and steps > 0 and values.get("debug") is not True
    if "algo.args.num_train_epochs" in typed.values and by_steps:
        yield Problem(
            f"algo.args.num_train_epochs={epochs}",
            f"algo.args.max_steps={steps} ends it, whatever the epochs; add algo.args.max_steps=-1",
        )


def _unread_algorithm(typed: CommandLine, main: Config) -> Iterator[Problem]:
    if main.trains_its_algorithm:
        return
    if main.collect is not None:
        reason = (
            f"collect={main.collect.name} trains nothing, so no algorithm is read; leave it out"
        )
    else:
        own = {name: spec.choose["algo"] for name, spec in _training_stages(main).items()}
        told = ", ".join(f"{name} ({algo})" for name, algo in own.items())
        reason = (
            f"the stages of pipeline={main.pipeline.name} have algorithms of their own: {told}; "
            "leave it out, set pipeline.stages.NAME.set.algo..., or add pipeline=single"
        )
    for text in _typed(typed, "algo"):
        yield Problem(text, reason)


def _unread_reward(typed: CommandLine, main: Config, stages: Sequence[Stage]) -> Iterator[Problem]:
    asking = [stage for stage in stages if stage.config.asks_rewards]
    own = {stage.name: main.pipeline.stages[stage.name].choose.get("reward") for stage in asking}
    if not stages or None in own.values():
        return
    if own:
        told = ", ".join(f"{name} ({reward})" for name, reward in own.items())
        reason = (
            f"the stages of pipeline={main.pipeline.name} have rewards of their own: {told}; leave "
            "it out, set pipeline.stages.NAME.set.reward..., or add pipeline=single"
        )
    elif main.collect is not None:
        reason = (
            f"collect={main.collect.name} samples and judges nothing; give it to collect=dpo, kto "
            "or sft, which judge the samples"
        )
    else:
        reason = (
            f"algo={main.algo.name} learns from the answers in its data and asks no reward; learn "
            "from a reward with algo=grpo (or rloo, rfai, ppo), or let it choose the data: "
            "whetstone collect collect=sft"
        )
    for text in _typed(typed, "reward"):
        if text != "reward=[]":
            yield Problem(text, reason)


def _typed(typed: CommandLine, group: str) -> list[str]:
    """Return what the command line says of a group: its choice, and single values."""
    chosen = [text for key, text in typed.choices.items() if key == group]
    values = [text for key, text in typed.values.items() if key.startswith(f"{group}.")]
    return [text.lstrip("+") for text in [*chosen, *values]]


def _training_stages(main: Config) -> dict[str, StageConfig]:
    """Return the stages with an algorithm, without one that makes a base where none is given."""
    stages = main.pipeline.stages.items()
    return {name: spec for name, spec in stages if "algo" in spec.choose and spec.when == "always"}
