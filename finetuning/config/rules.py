"""Rules between settings that types cannot express. Each yields every problem that it finds."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from evaluation.tasks import why_unavailable
from finetuning.config.schema import Config, GrpoConfig, JsonlData
from finetuning.config.suggest import nearest
from finetuning.config.trl_args import COMPUTED, CONFIG_CLASS, NOT_SAMPLED, argument_names
from finetuning.errors import Problem

NANO_TASKS = ("nano", "nano_dev")

Rule = Callable[[Config], Iterator[Problem]]


def trl_arguments(config: Config) -> Iterator[Problem]:
    """Check that TRL's config class knows each of `algo.args`, and that we do not compute it."""
    known = argument_names(config.algo.name)
    for key, value in config.algo.args.items():
        setting = f"algo.args.{key}={value}"
        if key in COMPUTED:
            yield Problem(setting, f"Whetstone computes this one; set {COMPUTED[key]} instead")
        elif key in NOT_SAMPLED:
            yield Problem(
                setting, "our sampler does not take this; it has temperature, top_p and top_k"
            )
        elif key not in known:
            guess = nearest(key, known - COMPUTED.keys())
            hint = f"; did you mean `{guess}`?" if guess else ""
            yield Problem(setting, f"{CONFIG_CLASS[config.algo.name]} has no such argument{hint}")


def numbers(config: Config) -> Iterator[Problem]:
    """Check counts and rates that TRL would refuse only after the weights were loaded."""
    counts = (
        "per_device_train_batch_size",
        "gradient_accumulation_steps",
        "num_generations",
        "max_completion_length",
        "num_iterations",
        "steps_per_generation",
    )
    for key in counts:
        value = config.algo.args.get(key)
        if value is not None and (not isinstance(value, int) or value < 1):
            yield Problem(f"algo.args.{key}={value}", "must be a whole number of at least 1")
    for key in ("learning_rate", "temperature"):
        value = config.algo.args.get(key)
        if value is not None and (not isinstance(value, int | float) or value <= 0):
            hint = " (write 1.0e-5: YAML reads 1e-5 as text)" if isinstance(value, str) else ""
            yield Problem(f"algo.args.{key}={value}", f"must be a number above 0{hint}")


def groups_fill_batches(config: Config) -> Iterator[Problem]:
    """Check that a generation batch holds whole groups of completions of one prompt."""
    if not isinstance(config.algo, GrpoConfig):
        return
    args = config.algo.args
    batch = args.get("per_device_train_batch_size", 8)
    steps = args.get("steps_per_generation") or args.get("gradient_accumulation_steps", 1)
    group = args.get("num_generations", 8)
    if not all(isinstance(value, int) and value > 0 for value in (batch, steps, group)):
        return
    if group < 2:  # noqa: PLR2004 - a group of one has no advantage
        yield Problem(
            f"algo.args.num_generations={group}", "a group needs at least 2 completions to compare"
        )
    if (batch * steps) % group:
        whole = max(group, round(batch * steps / group) * group)
        yield Problem(
            f"algo.args.per_device_train_batch_size={batch}",
            f"{batch} x {steps} steps = {batch * steps} completions are not a multiple of "
            f"algo.args.num_generations={group}; "
            f"{whole} completions would be: change either",
        )


def online_needs_reward(config: Config) -> Iterator[Problem]:
    """Check that an algorithm that samples has at least one reward."""
    if isinstance(config.algo, GrpoConfig) and not config.reward:
        yield Problem(
            "reward=[]", f"algo={config.algo.name} needs a reward, such as reward=execution"
        )


def files_exist(config: Config) -> Iterator[Problem]:
    """Check that every local file that the run will read is there."""
    if isinstance(config.data, JsonlData) and not config.data.train.is_file():
        yield Problem(f"data.train={config.data.train}", "there is no such file")
    path = config.model.path
    if path and _looks_local(path) and not Path(path).expanduser().is_dir():
        yield Problem(f"model.path={path}", "there is no such folder")


def _looks_local(path: str) -> bool:
    return path.startswith((".", "/", "~")) or path.count("/") > 1


def data_can_be_had(config: Config) -> Iterator[Problem]:
    """Check that tasks exist, and that their rows are here or on a Hub that we may ask."""
    tasks = {*config.hooks.evaluate.tasks}
    if config.hooks.watch.every_steps and config.data.watch_task:
        tasks.add(config.data.watch_task)
    for task in sorted(tasks - set(NANO_TASKS)):
        reason = why_unavailable(task)
        if reason:
            yield Problem(f"hooks.evaluate.tasks: {task}", reason)
    if config.data.name in {"mbpp", "humaneval"} and config.data.name not in tasks:
        reason = why_unavailable(config.data.name)
        if reason:
            yield Problem(f"data={config.data.name}", reason)


def trackers_can_start(config: Config) -> Iterator[Problem]:
    """Check for a W&B key before an hour of training, not after it."""
    tracker = config.tracker.get("wandb")
    if tracker is None or getattr(tracker, "mode", None) != "online":
        return
    netrc = Path(os.environ.get("NETRC", "~/.netrc")).expanduser()
    if not os.environ.get("WANDB_API_KEY") and not netrc.is_file():
        yield Problem(
            "tracker.wandb.mode=online",
            "no W&B key was found; run `wandb login`, set WANDB_API_KEY, or set "
            "tracker.wandb.mode=offline",
        )


def one_process(_: Config) -> Iterator[Problem]:
    """Check that the run has one process: the run's folder does not know ranks yet."""
    processes = os.environ.get("WORLD_SIZE", "1")
    if processes != "1":
        yield Problem(f"WORLD_SIZE={processes}", "this version trains in one process; start one")


RULES: tuple[Rule, ...] = (
    one_process,
    trl_arguments,
    numbers,
    groups_fill_batches,
    online_needs_reward,
    files_exist,
    data_can_be_had,
    trackers_can_start,
)


def broken_rules(config: Config) -> list[Problem]:
    """Apply every rule."""
    return [problem for rule in RULES for problem in rule(config)]
