"""Rules between settings that types cannot express. Each yields every problem that it finds."""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from evaluation.tasks import TASKS, why_unavailable
from evaluation.tasks.jsonl import SUFFIX
from finetuning.config.schema import Config, GrpoConfig, JsonlData
from finetuning.config.suggest import did_you_mean, nearest
from finetuning.config.trl_args import COMPUTED, CONFIG_CLASS, NOT_SAMPLED, argument_types, fits
from finetuning.errors import Problem

NANO_TASKS = ("nano", "nano_dev")

Rule = Callable[[Config], Iterator[Problem]]


def trl_arguments(config: Config) -> Iterator[Problem]:
    """Check that TRL's config class knows each of `algo.args`, and that we do not compute it."""
    known = argument_types(config.algo.name)
    for key, value in config.algo.args.items():
        setting = f"algo.args.{key}={value}"
        if key in COMPUTED:
            yield Problem(setting, f"Whetstone computes this one; set {COMPUTED[key]} instead")
        elif key in NOT_SAMPLED:
            yield Problem(
                setting, "our sampler does not take this; it has temperature, top_p and top_k"
            )
        elif key not in known:
            guess = nearest(key, known.keys() - COMPUTED.keys())
            hint = f"; did you mean `{guess}`?" if guess else ""
            yield Problem(setting, f"{CONFIG_CLASS[config.algo.name]} has no such argument{hint}")
        elif not fits(value, known[key]):
            hint = " (write 1.0e-5: YAML reads 1e-5 as text)" if isinstance(value, str) else ""
            yield Problem(setting, f"must be {known[key]}{hint}")


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


def cycles_fit_checkpoints(config: Config) -> Iterator[Problem]:
    """Check that checkpoints lie between generations: TRL does not save a batch in use."""
    args = config.algo.args
    accumulation = args.get("gradient_accumulation_steps", 1)
    batches = (args.get("steps_per_generation") or accumulation) * args.get("num_iterations", 1)
    save = args.get("save_steps")
    if not isinstance(config.algo, GrpoConfig) or not isinstance(save, int):
        return
    cycle = max(1, batches // accumulation)
    if save % cycle:
        yield Problem(
            f"algo.args.save_steps={save}",
            f"one generation serves {cycle} steps (steps_per_generation x num_iterations), and a "
            f"run can only continue between them; {cycle * max(1, save // cycle)} would do",
        )


def nano_is_trained_whole(config: Config) -> Iterator[Problem]:
    """Check that a model made from nothing gets all its weights trained."""
    if config.model.init == "nano" and config.model.adapter == "lora":
        yield Problem("model.adapter=lora", "a new model has no base for an adapter; use full")


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
    wanted = [("hooks.evaluate.tasks", task) for task in config.hooks.evaluate.tasks]
    if config.hooks.watch.every_steps and config.data.watch_task:
        wanted.append(("data.watch_task", config.data.watch_task))
    if config.data.name in TASKS:
        wanted.append(("data", config.data.name))
    for setting, task in wanted:
        if task in NANO_TASKS:
            continue
        if task not in TASKS and not task.endswith(SUFFIX):
            options = did_you_mean(task, [*NANO_TASKS, *TASKS])
            yield Problem(f"{setting}={task}", f"no such task; {options}, or a {SUFFIX} file")
        elif reason := why_unavailable(task):
            yield Problem(f"{setting}={task}", reason)
    stems = Counter(Path(task).stem for task in config.hooks.evaluate.tasks)
    for stem in (stem for stem, count in stems.items() if count > 1):
        yield Problem(
            "hooks.evaluate.tasks", f"two tasks are called `{stem}`; their results would collide"
        )


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
    words,
    groups_fill_batches,
    cycles_fit_checkpoints,
    nano_is_trained_whole,
    online_needs_reward,
    files_exist,
    data_can_be_had,
    trackers_can_start,
)


def broken_rules(config: Config) -> list[Problem]:
    """Apply every rule."""
    return [problem for rule in RULES for problem in rule(config)]
