"""The gate of `whetstone regrade`: a run, and the rewards, weights or tests that judge it again.

What is not given is the run's own. A setting of a reward changes the run's reward; `reward=NAME`
takes that reward as conf/ has it, and so with data. All of it passes the gate of training, so that
a reward means the same in both.
"""

from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

from hydra.errors import HydraException
from omegaconf.errors import OmegaConfBaseException

from whetstone.finetuning.config.command_line import CommandLine, read_command_line
from whetstone.finetuning.config.compose import Composer
from whetstone.finetuning.config.own_settings import part
from whetstone.finetuning.config.schema import Config, OnlineConfig
from whetstone.finetuning.config.stored_run import read_stored
from whetstone.finetuning.config.validate import Values, validate
from whetstone.finetuning.errors import ConfigError, Problem
from whetstone.rewards.discriminator import DiscriminatorConfig
from whetstone.rewards.execution import ExecutionConfig

_OWN = {"run": "the folder of a run, such as outputs/NAME"}
_PASS_REWARD = "algo.curriculum.pass_reward"  # noqa: S105 - no password
_SHARED = ("reward", "data", _PASS_REWARD)
_OF_RUN = ("reward", "data")
"""Parts of the configuration that are the run's where the command does not choose others."""
_NOTHING_TRAINED = (
    "model=qwen",
    "pipeline=single",
    "tracker=none",
    "algo=grpo",
    # A batch of one prompt: no file has too few rows to be judged by.
    "algo.args.num_generations=2",
    "algo.args.per_device_train_batch_size=2",
    "algo.args.gradient_accumulation_steps=1",
    "hooks.evaluate.tasks=[]",
    "hooks.evaluate.k=[1]",
    "data.eval_tasks=[]",
    "data.watch_task=null",
)
"""What stands in for the rest of a run's configuration, which judging does not read."""


@dataclass(frozen=True)
class Regrade:
    """What is to be judged again, and by what."""

    run: Path
    stored: Config
    """The run as it was."""
    judge: Config
    """Of this one `reward`, `data`, `seed` and `algo.curriculum.pass_reward` count."""
    has_own_rows: bool
    """Whether tests and other columns come from the data that the run was trained on."""

    @property
    def algorithm(self) -> OnlineConfig:
        """That of the run, which turned scores into advantages."""
        return _sampling(self.stored)

    @property
    def passes(self) -> tuple[float, float]:
        """The sums of rewards from which on a completion passed, and passes now."""
        before, after = self.algorithm.curriculum, _sampling(self.judge).curriculum
        return before.pass_reward, after.pass_reward


def load_regrade(given: Sequence[str]) -> Regrade:
    """Check a command line, all of it.

    Raises:
        ConfigError: with every problem.

    """
    parted = part(given, _OWN, _SHARED)
    if not parted.own.get("run"):
        raise ConfigError(parted.problems)
    run = Path(parted.own["run"])
    try:
        stored = read_stored(run, f"run={run}")
    except ConfigError as error:
        raise ConfigError([*parted.problems, *error.problems]) from error
    kept = [part for part in _OF_RUN if not _names(parted.shared, part, exactly=True)]
    command = read_command_line([*_standing_in(stored, kept, parted.shared), *parted.shared])
    judge, found = _judge(command, {part: _dumped(stored)[part] for part in kept})
    problems = [*parted.problems, *_nothing_to_judge(run, stored), *command.problems, *found]
    if judge is not None:
        problems += _known_while_training(judge)
    if problems or judge is None:
        raise ConfigError(list(dict.fromkeys(problems)))
    return Regrade(run, stored, judge, not _names(parted.shared, "data"))


def _sampling(config: Config) -> OnlineConfig:
    if not isinstance(config.algo, OnlineConfig):
        raise TypeError("the gate lets only algorithms through that sample")
    return config.algo


def _standing_in(stored: Config, kept: Sequence[str], typed: Sequence[str]) -> list[str]:
    """Return the settings that make a whole configuration of what was typed."""
    settings = [*_NOTHING_TRAINED, f"seed={stored.seed}"]
    length = stored.algo.args.get("max_completion_length")
    settings += [] if length is None else [f"algo.args.max_completion_length={length}"]
    settings += [f"reward=[{','.join(stored.reward)}]"] if "reward" in kept else []
    settings += [f"data={stored.data.name}"] if "data" in kept else []
    if isinstance(stored.algo, OnlineConfig) and not _names(typed, _PASS_REWARD):
        settings.append(f"{_PASS_REWARD}={stored.algo.curriculum.pass_reward}")
    return settings


def _names(typed: Sequence[str], part: str, *, exactly: bool = False) -> bool:
    """Tell whether anything was typed of a part of the configuration, or its choice itself."""
    names = [text.partition("=")[0].lstrip("+~") for text in typed]
    return any(name == part or (not exactly and name.startswith(f"{part}.")) for name in names)


def _dumped(config: Config) -> Values:
    return config.model_dump(mode="json")


def _judge(command: CommandLine, kept: Values) -> tuple[Config | None, list[Problem]]:
    """Compose the configuration that judges, with the run's own values in `kept`, and check it."""
    composer = Composer()
    typed = [path.split(".") for path in command.values]
    try:
        whole = composer.values(command.overrides())
        own = _overlaid(kept, whole, [path for path in typed if path[0] in kept])
        return validate({**whole, **own}, lambda: {**composer.values(command.preset()), **kept})
    except (HydraException, OmegaConfBaseException) as error:
        return None, [Problem("configuration", " ".join(str(error).split()))]


def _overlaid(kept: Values, whole: Values, paths: Sequence[Sequence[str]]) -> Values:
    """Return what is kept of the run, with the values of the whole composition at these paths."""
    result = deepcopy(kept)
    for *parents, last in paths:
        of_whole, of_result = whole, result
        for parent in parents:
            of_whole, of_result = of_whole[parent], of_result.setdefault(parent, {})
        of_result[last] = of_whole[last]
    return result


def _nothing_to_judge(run: Path, stored: Config) -> Iterator[Problem]:
    algo = stored.algo.name
    if not isinstance(stored.algo, OnlineConfig) or stored.collect is not None:
        what = f"algo={algo}" if stored.collect is None else f"collect={stored.collect.name}"
        remedy = f"this was a run with {what}, which stores no completions that a reward has judged"
        yield Problem(f"run={run}", remedy)
    elif not any((run / "completions").glob("*.parquet")):
        yield Problem(f"run={run}", "no completions are stored there: no step was logged yet")


def _known_while_training(judge: Config) -> Iterator[Problem]:
    """Yield what a reward wants to know that nobody does once the run is over."""
    for spec in judge.reward.values():
        if isinstance(spec, ExecutionConfig) and spec.truncated_reward is not None:
            remedy = "a run does not store which completions the token limit cut; give null"
            yield Problem(f"reward.execution.truncated_reward={spec.truncated_reward}", remedy)
        if isinstance(spec, DiscriminatorConfig) and (every := spec.refresh.every_steps):
            remedy = "it would learn from what it judges, which a run does once; give 0"
            yield Problem(f"reward.discriminator.refresh.every_steps={every}", remedy)
