"""The story of `whetstone evaluate`: sample, judge, write, show.

What was generated is never generated again: the results' folder is named after the weights and the
settings, each task's samples are on the disk as they are judged, and the same command goes on.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from statistics import fmean
from typing import Any

from rich.console import Console

from whetstone.evaluation.compiles import (
    Values,
    compile_rates,
    why_not_compiled,
    with_compile_rates,
)
from whetstone.evaluation.difficulty import means, values_by_difficulty
from whetstone.evaluation.evaluate import evaluate, finished_samples
from whetstone.evaluation.files import write_atomically
from whetstone.evaluation.interval import Interval, bootstrap_interval
from whetstone.evaluation.languages import open_judge
from whetstone.evaluation.layouts import write_layouts
from whetstone.evaluation.score import Scores, short_of_samples, values_of_problems
from whetstone.evaluation.settings import Settings
from whetstone.evaluation.tasks import Task
from whetstone.evaluation.tasks.public import PUBLIC_TASKS, TEXT
from whetstone.finetuning.artifacts.run_dir import locked
from whetstone.finetuning.config.schema import DeviceConfig
from whetstone.finetuning.config.schema.commands import EvaluationConfig
from whetstone.finetuning.data.tasks import build_task
from whetstone.finetuning.errors import ConfigError, Problem
from whetstone.finetuning.inference.stage_evaluation import LateSampler
from whetstone.finetuning.model.device import choose_device
from whetstone.finetuning.model.load_for_eval import WeightsToMeasure, check_adapter, load_measured
from whetstone.finetuning.model.out_of_memory import of_sampling, told_how_to_fit
from whetstone.finetuning.model.policy import Policy, load_tokenizer
from whetstone.finetuning.model.resolve import Found, content_mark
from whetstone.finetuning.report.console import bare_table, tell
from whetstone.finetuning.rollout.base import Engine
from whetstone.finetuning.rollout.engines import build_engine, choose_rollout
from whetstone.finetuning.runtime.progress import CountProgress
from whetstone.finetuning.runtime.quiet import quiet_libraries
from whetstone.rewards.compilers import Compilers

MODEL = "model.json"
# Settings that say where to write or how to show: they do not change a sample.
_SHOWN = {"tasks", "output", "outputs", "k", "workers", "resamples", "confidence"}
_NARROWS = {"window", "packages"}
"""Settings that count where they are given: folders from before they were there go on."""
_AT_K = ("pass@", "compile@")
_ROWS = {
    "test_pass_rate": "test pass rate",
    "greedy": "accuracy (greedy)",
    "success_rate": "success rate",
}


def evaluate_model(config: EvaluationConfig, found: Found, console: Console | None = None) -> Path:
    """Measure a model; return the folder of the results."""
    console = console or Console()
    quiet_libraries()
    tasks = [
        build_task(name, config.limit, (), config.packages, config.window) for name in config.tasks
    ]
    device = choose_device(
        DeviceConfig(name=config.device, device=config.device, dtype=config.dtype),
        f"device={config.device}",
    )
    _check_chat(found, tasks)
    wanted = WeightsToMeasure(
        path=str(found.folder),
        revision=None,
        trust_remote_code=found.trust_remote_code,
        bits="4bit" if config.load_in_4bit else "8bit" if config.load_in_8bit else None,
        adapter=config.adapter,
        placement={},
    )
    check_adapter(wanted)  # before there is a folder of results
    folder = _open_folder(config, found)
    console.print(f"results: {folder}", highlight=False)

    def load() -> Policy:
        return load_measured(wanted, device)

    # Weights in 8 bits are read by transformers alone.
    choice = choose_rollout("hf" if config.load_in_8bit else config.rollout, device)
    console.print(f"completions by {choice.name} ({choice.reason})", highlight=False)

    def engine_for(policy: Policy) -> Engine:
        return build_engine(choice, policy.model, policy.tokenizer, device)

    with locked(folder, setting="output"), told_how_to_fit(partial(_smaller, config)):
        _measure(config, console, folder, tasks, LateSampler(load, engine_for))
    return folder


def _smaller(config: EvaluationConfig) -> Iterator[str]:
    """Yield what to lower where model and completions do not fit into the GPU's memory."""
    tokens = ("max_new_tokens", config.max_new_tokens)
    rounded = config.load_in_4bit or config.load_in_8bit
    batch = ("batch_size", config.batch_size)
    return of_sampling(batch, tokens, None if rounded else "load_in_4bit=true")


def _measure(
    config: EvaluationConfig,
    console: Console,
    folder: Path,
    tasks: Sequence[Task],
    sampler: LateSampler,
) -> None:
    """Write the results of one task after the other."""
    settings = config.settings(config.seed)
    results: dict[str, Any] = {}
    for task in tasks:
        label = f"evaluation: {task.name}"
        with (
            CountProgress(label, "problems", console) as progress,
            open_judge(task, config.workers) as judge,
        ):
            scores = evaluate(task, sampler, judge, settings, folder, progress)
        compiled = _compile_rates(config, folder, task, settings, console)
        samples = finished_samples(task, settings, folder)
        by_level = values_by_difficulty(task, samples, settings.k)
        values = values_of_problems(samples, settings.k) | by_level
        intervals = _write(config, folder, task, values, scores, compiled)
        write_layouts(folder, task, samples)
        metrics = scores.metrics | means(by_level)
        results[task.name] = {n: v for n, v in metrics.items() if n.startswith("pass@")}
        _write_results(folder, results, config)
        measured = with_compile_rates(scores, compiled)
        _show(console, measured, intervals, config.confidence, by_level)


def _compile_rates(
    config: EvaluationConfig, folder: Path, task: Task, settings: Settings, console: Console
) -> Values:
    """Compile what was sampled; nothing where no compiler can be isolated here."""
    with Compilers(config.workers) as compilers:
        if reason := why_not_compiled(task, compilers):
            console.print(f"no compile@k of {task.name}: {reason}", highlight=False)
            return {}
        return compile_rates(task, compilers, settings, folder)


def _check_chat(found: Found, tasks: Sequence[Task]) -> None:
    """Refuse chat tasks for a model without a template, before its weights load."""
    chat = [task.name for task in tasks if task.chat]
    if chat and load_tokenizer(found.folder, found.trust_remote_code).chat_template is None:
        other = f"{chat[0]}{TEXT}" if chat[0] in PUBLIC_TASKS else chat[0].removesuffix("_chat")
        remedy = f"{found.name} has no chat template; choose {other}"
        raise ConfigError([Problem(f"tasks={chat[0]}", remedy)])


def _open_folder(config: EvaluationConfig, found: Found) -> Path:
    """Make the results' folder, or refuse one that belongs to other weights or settings."""
    drawn = config.model_dump(mode="json", exclude=_SHOWN)
    drawn = {key: value for key, value in drawn.items() if value or key not in _NARROWS}
    weights = [found.identity(), content_mark(Path(config.adapter)) if config.adapter else None]
    identity = {"weights": weights, "settings": drawn}
    mark = sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:8]
    folder = config.output or config.outputs / "evaluations" / f"{found.name}-{mark}"
    path = folder / MODEL
    if path.is_file():
        before = json.loads(path.read_text(encoding="utf-8"))
        changed = [key for key in drawn if before["settings"].get(key) != drawn[key]]
        if before["weights"] != weights:
            changed.append("the weights")
        if changed:
            remedy = f"it holds figures with another {', '.join(changed)}; choose another folder"
            raise ConfigError([Problem(f"output={folder}", remedy)])
    else:
        content = {"model": found.name, "folder": str(found.folder), **identity}
        write_atomically(path, json.dumps(content, indent=2).encode() + b"\n")
    return folder


def _write(
    config: EvaluationConfig,
    folder: Path,
    task: Task,
    values: Mapping[str, list[float]],
    scores: Scores,
    compiled: Values,
) -> dict[str, Interval]:
    """Write all metrics of a task with their intervals; return the intervals."""
    values = {**values}
    values |= {name: list(of_problems.values()) for name, of_problems in compiled.items()}
    intervals = {
        name: bootstrap_interval(of_problems, config.seed, config.confidence, config.resamples)
        for name, of_problems in values.items()
    }
    content = {
        **asdict(with_compile_rates(scores, compiled)),
        "n_per_interval": {name: len(of_problems) for name, of_problems in values.items()},
        "intervals": intervals,
        "confidence": config.confidence,
        "resamples": config.resamples,
    }
    path = folder / f"{task.name}.intervals.json"
    write_atomically(path, json.dumps(content, indent=2).encode() + b"\n")
    return intervals


def _write_results(folder: Path, results: Mapping[str, Any], config: EvaluationConfig) -> None:
    engine = {"name": "whetstone", "version": version("whetstone-rl")}
    content = {**results, "config": {**config.model_dump(mode="json"), "engine": engine}}
    path = folder / "evaluation_results.json"
    write_atomically(path, json.dumps(content, indent=2).encode())


def _show(
    console: Console,
    scores: Scores,
    intervals: Mapping[str, Interval],
    confidence: float,
    by_level: Mapping[str, list[float]],
) -> None:
    """Print the figures of a task, those of each difficulty, and what of it is in none of them."""
    table = bare_table("metric", "value", f"{confidence:.0%} interval", numbers_from=1)
    for name in [*(n for n in scores.metrics if n.startswith(_AT_K)), *_ROWS]:
        if name in scores.metrics:
            low, high = intervals[name]
            value = f"{scores.metrics[name]:.3f}"
            table.add_row(_ROWS.get(name, name), value, f"{low:.3f} to {high:.3f}")
    for name, of_problems in by_level.items():
        low, high = intervals[name]
        told = f"{name}: {len(of_problems)} problems"
        table.add_row(told, f"{fmean(of_problems):.3f}", f"{low:.3f} to {high:.3f}")
    if scores.infra_errors:
        table.add_row("could not be judged", str(scores.infra_errors), "left out")
    console.print(f"\n{scores.task}: {scores.n_problems} problems", highlight=False)
    console.print(table)
    for sentence in short_of_samples(scores):
        tell(console, sentence)
