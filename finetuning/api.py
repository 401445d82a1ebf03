"""Training and evaluation from a script or a notebook: the commands, as functions with results.

Settings are those of the command line. What a command prints, these print; what a command refuses,
these raise as `ConfigError` before torch loads.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from whetstone.finetuning.artifacts.run_dir import REPORT, check_place
from whetstone.finetuning.config import load
from whetstone.finetuning.config.commands import load_evaluation
from whetstone.finetuning.config.overrides import quoted
from whetstone.finetuning.launch import launch_evaluation, launch_run

Metrics = dict[str, float]


@dataclass(frozen=True)
class TrainingResult:
    """What a run came to.

    Attributes:
        folder: The run's folder.
        model_folder: The finished model, loadable by transformers; None if its merge was refused.
        before: Figures before training: task, then metric (`{"mbpp": {"pass@1": 0.21}}`).
        after: The same after it.
        reward: The mean reward of the first and the last logged step (`first`, `last`); None for an
            algorithm without rewards.
        objective: The one figure that a sweep maximises; None if nothing was measured.
        report: Everything in the run's report.json.

    """

    folder: Path
    model_folder: Path | None
    before: Mapping[str, Metrics]
    after: Mapping[str, Metrics]
    reward: Mapping[str, float] | None
    objective: float | None
    report: Mapping[str, Any]


@dataclass(frozen=True)
class EvaluationResult:
    """What an evaluation came to.

    Attributes:
        folder: Samples, figures and the files that bigcode-evaluation-harness writes.
        metrics: Task, then metric: `pass@1` and the others, each between 0 and 1.
        intervals: Task, then metric: the lower and the upper end of the confidence interval.

    """

    folder: Path
    metrics: Mapping[str, Metrics]
    intervals: Mapping[str, Mapping[str, tuple[float, float]]]


def train(*settings: str, **named: Any) -> TrainingResult:
    """Train a model, as `whetstone train` does; call it again to go on where it was stopped.

    Args:
        settings: `name=value`, as on the command line.
        named: Settings whose name is a word, as Python values: `seed=1`, `reward=["execution"]`.

    Returns:
        The figures before and after training, and where the model is.

    Raises:
        ConfigError: With every mistake in the settings, before torch loads.
        OutsideError: Something outside failed; the same call goes on from the last checkpoint.

    Example:
        >>> result = train("algo=grpo", "model=nano", "algo.args.max_steps=60", seed=1)
        >>> result.after["nano"]["pass@1"]

    """
    plan = load([*settings, *map(_setting, named, named.values())])
    check_place(plan)
    finished = launch_run(plan)
    report = json.loads((finished.folder / REPORT).read_text(encoding="utf-8"))
    model = report["model_folder"]
    return TrainingResult(
        folder=finished.folder.absolute(),
        model_folder=None if model is None else Path(model).absolute(),
        before=report["before"],
        after=report["after"],
        reward=report["reward"],
        objective=finished.objective,
        report=report,
    )


def evaluate(*settings: str, **named: Any) -> EvaluationResult:
    """Measure a model, as `whetstone evaluate` does; what was sampled is not sampled again.

    Args:
        settings: `name=value`, as on the command line.
        named: Settings whose name is a word, as Python values: `tasks=["mbpp"]`.

    Returns:
        pass@k of each task with its interval.

    Raises:
        ConfigError: With every mistake in the settings, before torch loads.

    Example:
        >>> result = evaluate(model="outputs/nano-nano-grpo", tasks=["humaneval"], samples=10)
        >>> result.metrics["humaneval"]["pass@1"]

    """
    config = load_evaluation([*settings, *map(_setting, named, named.values())])
    folder = launch_evaluation(config)
    tasks = [Path(task).stem for task in config.tasks]
    read = {
        task: json.loads((folder / f"{task}.intervals.json").read_text(encoding="utf-8"))
        for task in tasks
    }
    return EvaluationResult(
        folder=folder.absolute(),
        metrics={task: figures["metrics"] for task, figures in read.items()},
        intervals={
            task: {name: (low, high) for name, (low, high) in figures["intervals"].items()}
            for task, figures in read.items()
        },
    )


def _setting(name: str, value: Any) -> str:
    return f"{name}={_written(value)}"


def _written(value: Any) -> str:
    """Write a Python value as the command line has it."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case list() | tuple():
            return f"[{','.join(map(_written, value))}]"
        case dict():
            return "{" + ",".join(f"{key}:{_written(entry)}" for key, entry in value.items()) + "}"
        case str() | Path():
            return quoted(str(value))
    return str(value)
