"""What a run is going to do, in a few lines: trained on what, judged by what, measured on what."""

from whetstone.finetuning.config.load import Plan
from whetstone.finetuning.config.references import referred
from whetstone.finetuning.config.schema import (
    BaseCollect,
    Config,
    HubData,
    JsonlData,
    OnlineConfig,
    TextData,
)
from whetstone.finetuning.config.stages import Stage
from whetstone.rewards.base import RewardConfig
from whetstone.rewards.custom.reward import CustomConfig

_WIDTH = 9


def describe_plan(plan: Plan) -> str:
    """Return a line for the model, one for each stage, and one for what is measured."""
    lines = [("model", _model(plan.asked))]
    lines += [(stage.title, _stage(stage)) for stage in plan.stages]
    if plan.main.collect is None:
        lines.append(("measured", _measured(plan.main)))
    width = max(_WIDTH, *(len(name) for name, _ in lines))
    return "\n".join(f"  {name:{width}} {told}" for name, told in lines)


def _model(config: Config) -> str:
    model = config.model
    where = "made here from nothing" if model.path is None else model.path
    parts = [model.name if model.name == where else f"{model.name} ({where})"]
    if config.collect is None:
        lora = f"a LoRA adapter, r={model.lora.r}"
        parts.append("all weights" if model.adapter == "full" else lora)
    if model.quantization:
        parts.append(f"on a base in {model.quantization}")
    return ", ".join(parts)


def _judge(reward: RewardConfig) -> str:
    return reward.fn if isinstance(reward, CustomConfig) else reward.name


def _stage(stage: Stage) -> str:
    config = stage.config
    judges = " and ".join(map(_judge, config.reward.values())) or "nothing"
    match config.collect:
        case None if isinstance(config.algo, OnlineConfig):
            return f"{config.algo.name} on {_data(config)}, judged by {judges}"
        case None:
            return f"{config.algo.name} on {_data(config)}"
        case BaseCollect():
            return f"completions sampled for the prompts of {_data(config)}"
        case collect:
            return f"{collect.name} rows from {_made(collect.base)}, judged by {judges}"


def _data(config: Config) -> str:
    data = config.data
    match data:
        case JsonlData() | TextData():
            source = _made(str(data.train))
        case HubData():
            source = data.path
        case _:
            source = data.name
    return source if data.limit is None else f"{source} (the first {data.limit})"


def _made(source: str) -> str:
    stage = referred(source)
    return source if stage is None else f"what {stage} made"


def _measured(config: Config) -> str:
    return measured_on(config) or (
        "on nothing; set data.eval_tasks to problems that are not trained on"
    )


def measured_on(config: Config) -> str | None:
    """Say which problems or rows a run is to be measured on; None where on nothing."""
    hook, watch = config.hooks.evaluate, config.hooks.watch
    moments = [name for name, wanted in (("before", hook.before), ("after", hook.after)) if wanted]
    writes_programs = config.algo.name != "reward"
    if hook.tasks and moments and writes_programs:
        of = "" if hook.limit is None else f" (the first {hook.limit} problems of each)"
        return f"on {' and '.join(hook.tasks)}{of}, {' and '.join(moments)}"
    if config.data.watch_task and watch.every_steps and writes_programs:
        return f"on {config.data.watch_task} while it trains; more: data.eval_tasks"
    if not isinstance(config.algo, OnlineConfig) and getattr(config.data, "held_out", None):
        return f"on held-out rows only{'; data.eval_tasks adds tasks' if writes_programs else ''}"
    return None
