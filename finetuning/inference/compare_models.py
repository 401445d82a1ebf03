"""The story of a validation: prompts, answers of both models, their scores, the page.

Each answer and each score is on the disk before it counts, so that the same command goes on after a
kill, a lost network or an empty budget. Answers depend on model, prompts and sampling alone:
another reward in the same folder judges them without generating anew.
"""

import gc
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from rich.console import Console

from whetstone.evaluation.generate import Chunk, generate, plan
from whetstone.evaluation.journal import Journal
from whetstone.evaluation.prompt import prompt_text
from whetstone.evaluation.settings import Settings, header
from whetstone.evaluation.tasks import Task, TaskProblem
from whetstone.evaluation.tasks.base import tests_text
from whetstone.evaluation.tasks.jsonl import SUFFIX
from whetstone.evaluation.validate import (
    ModelAnswer,
    Score,
    answer_of,
    choose_examples,
    improvements,
    resumed,
    score_of,
    unjudged,
)
from whetstone.finetuning.artifacts.run_dir import locked
from whetstone.finetuning.artifacts.run_name import digest
from whetstone.finetuning.config.model_files import files_of
from whetstone.finetuning.config.resolve_model import ModelRef
from whetstone.finetuning.config.validation import Validation
from whetstone.finetuning.data.tasks import build_task
from whetstone.finetuning.errors import ConfigError, Problem
from whetstone.finetuning.formats.dataset_type import Need
from whetstone.finetuning.formats.read import read_rows
from whetstone.finetuning.model.device import Device, choose_device
from whetstone.finetuning.model.out_of_memory import of_sampling, told_how_to_fit
from whetstone.finetuning.model.policy import load_policy
from whetstone.finetuning.report.validation import ValidationOutcome, write_validation
from whetstone.finetuning.rollout.engines import build_engine, choose_rollout
from whetstone.finetuning.rollout.text import TextSampler
from whetstone.finetuning.runtime.progress import CountProgress
from whetstone.finetuning.runtime.quiet import quiet_libraries
from whetstone.finetuning.training.rewards import open_rewards
from whetstone.rewards.composition import RewardSet

_EXAMPLES = 3
_TIMEOUT_S = 3.0  # no task of ours: the reward has its own limits
Row = dict[str, Any]


@dataclass(frozen=True)
class _Work:
    """What both models are asked, and how."""

    validation: Validation
    task: Task
    rows: dict[str, Row]
    """Problem to the columns that rewards get."""
    settings: Settings
    chunks: list[Chunk]
    folder: Path
    console: Console


def run_validation(validation: Validation, console: Console) -> tuple[ValidationOutcome, Path]:
    """Do it, or what an interrupted session left of it. Returns the outcome and its page."""
    quiet_libraries()
    config = validation.config
    task, rows = _load_prompts(validation)
    settings = replace(config.hooks.evaluate.settings(config.seed), k=())
    rewards = open_rewards(config.reward.values())
    device = choose_device(config.backend)
    folder = config.run.outputs / (config.run.name or _name(validation, task, settings))
    with rewards, locked(folder):
        work = _Work(validation, task, rows, settings, plan(task, settings), folder, console)
        sides = {"base": validation.base, "tuned": validation.tuned}
        answers = {side: _answers(work, side, model, device) for side, model in sides.items()}
        scores = {side: _scores(work, side, answers[side], rewards) for side in sides}
        outcome = _outcome(work, answers, scores)
        return outcome, write_validation(outcome, folder)


def _load_prompts(validation: Validation) -> tuple[Task, dict[str, Row]]:
    config, prompts = validation.config, validation.prompts
    limit = config.hooks.evaluate.limit
    if not prompts.endswith(SUFFIX):
        task = build_task(prompts, limit, ())
        return task, {problem.id: _columns(problem, task.stop) for problem in task.problems}
    path = Path(prompts)
    found = read_rows(path, Need.PROMPTS, imports=config.imports)[:limit]
    stop = tuple(getattr(config.data, "stop", ()) or found[0].get("stop") or ())
    ids = [str(row.get("id", f"{path.stem}/{number}")) for number, row in enumerate(found, 1)]
    if len(set(ids)) < len(ids):
        raise ConfigError([Problem(f"prompts={prompts}", "two rows have the same id")])
    problems = tuple(
        TaskProblem(id=name, prompt=row["prompt"], tests=str(row.get("tests", "")))
        for name, row in zip(ids, found, strict=True)
    )
    columns = [{**row, "stop": list(stop)} for row in found]
    return Task(path.stem, problems, stop, _TIMEOUT_S), dict(zip(ids, columns, strict=True))


def _columns(problem: TaskProblem, stop: tuple[str, ...]) -> Row:
    return {
        "prompt": problem.prompt,
        "tests": tests_text(problem.tests),
        "prefix": problem.prefix,
        "entry_points": list(problem.entry_points),
        "stop": list(stop),
    }


def _name(validation: Validation, task: Task, settings: Settings) -> str:
    models = [validation.base.path, validation.tuned.path]
    return f"validate-{task.name}-{digest([models, header(task, settings)])[:6]}"


def _answers(work: _Work, side: str, model: ModelRef, device: Device) -> list[ModelAnswer]:
    """Let a model answer what it has not answered yet; loaded only if something is left."""
    sampler: list[TextSampler] = []

    def make(chunk: Chunk, _: int) -> list[ModelAnswer]:
        if not sampler:
            policy = load_policy(model.path, device, model.revision, model.trust_remote_code)
            choice = choose_rollout(work.validation.config.backend.rollout, device)
            engine = build_engine(choice, policy.model, policy.tokenizer, device)
            sampler.append(TextSampler(policy.model, policy.tokenizer, engine=engine))
        texts = generate(work.task, work.settings, sampler[0], chunk)
        return [ModelAnswer(*key, text) for key, text in zip(chunk.keys(), texts, strict=True)]

    identity = _identity(header(work.task, work.settings), {"model": _state(model)})
    journal = Journal(work.folder / f"{side}.answers.jsonl", identity, answer_of)
    with (
        CountProgress(f"{side} answers", "answers", work.console) as progress,
        told_how_to_fit(partial(_smaller, work.settings)),
    ):
        answers = resumed(journal, work.chunks, make, _tell(work.chunks, progress))
    sampler.clear()
    gc.collect()  # its weights, before those of the other model are loaded
    return answers


def _scores(
    work: _Work, side: str, answers: Sequence[ModelAnswer], rewards: RewardSet
) -> list[Score]:
    """Judge what has not been judged yet."""
    specs = work.validation.config.reward
    names = [config.name for config in rewards.configs]
    by_key = {(answer.problem, answer.kind, answer.index): answer for answer in answers}

    def make(chunk: Chunk, place: int) -> list[Score]:
        of_chunk = [by_key[key] for key in chunk.keys()]  # noqa: SIM118 - a method of ours
        judged = _judge(rewards, work.rows, of_chunk, place)
        totals = rewards.totals(judged)
        return [
            Score(a.problem, a.kind, a.index, dict(zip(names, values, strict=True)), total)
            for a, values, total in zip(of_chunk, zip(*judged, strict=True), totals, strict=True)
        ]

    judge = {name: spec.model_dump(mode="json") for name, spec in specs.items()}
    said = sha256(json.dumps([asdict(answer) for answer in answers]).encode()).hexdigest()
    base = header(work.task, work.settings)
    identity = _identity(base, {"reward": judge, "answers": said[:16]})
    path = work.folder / f"{side}.{digest(judge)[:8]}.scores.jsonl"
    with CountProgress(f"{side} is judged", "answers", work.console) as progress:
        return resumed(
            Journal(path, identity, score_of),
            work.chunks,
            make,
            _tell(work.chunks, progress),
            lacks=lambda score: score.total is None,
        )


def _judge(
    rewards: RewardSet, rows: dict[str, Row], answers: Sequence[ModelAnswer], place: int
) -> list[list[float | None]]:
    """Ask the rewards as TRL does. `place` stands for the step, from which a random one draws."""
    of_answers = [rows[answer.problem] for answer in answers]
    names = [name for name in of_answers[0] if name != "prompt"]
    return rewards.ask(
        prompts=[row["prompt"] for row in of_answers],
        completions=[answer.completion for answer in answers],
        trainer_state=SimpleNamespace(global_step=place),
        **{name: [row[name] for row in of_answers] for name in names},
    )


def _smaller(settings: Settings) -> Iterator[str]:
    """Yield what to lower where the answers do not fit into the GPU's memory."""
    batch = ("hooks.evaluate.batch_size", settings.batch_size)
    return of_sampling(batch, ("hooks.evaluate.max_new_tokens", settings.max_new_tokens), None)


def _identity(base: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """Return a journal's header that depends on more than task and sampling."""
    settings = {**base["settings"], **more}
    return {**base, "settings": settings, "fingerprint": digest([base["fingerprint"], more])[:16]}


def _state(model: ModelRef) -> list[Any]:
    """Return what changes when the weights do: sizes and times of files that are here."""
    files = files_of(Path(model.path).expanduser())
    if not files:
        return [model.path, model.revision]
    return [model.path, *([p.name, p.stat().st_size, p.stat().st_mtime_ns] for p in files)]


def _tell(chunks: Sequence[Chunk], progress: Callable[[int, int], None]) -> Callable[[int], None]:
    def on_chunk(finished: int) -> None:
        done = sum(len(chunk.keys()) for chunk in chunks[:finished])
        progress(done, sum(len(chunk.keys()) for chunk in chunks))

    return on_chunk


def _outcome(
    work: _Work, answers: dict[str, list[ModelAnswer]], scores: dict[str, list[Score]]
) -> ValidationOutcome:
    pairs = {
        side: list(zip(answers[side], scores[side], strict=True)) for side in ("base", "tuned")
    }
    return ValidationOutcome(
        base=work.validation.base.given,
        tuned=work.validation.tuned.given,
        prompts=work.validation.prompts,
        rewards=tuple(work.validation.config.reward),
        settings={
            name: value
            for name, value in asdict(work.settings).items()
            if name not in {"k", "batch_size"}
        },
        improvements=improvements(scores["base"], scores["tuned"]),
        examples=choose_examples(pairs["base"], pairs["tuned"], _EXAMPLES),
        texts={problem.id: prompt_text(problem.prompt) for problem in work.task.problems},
        unjudged=unjudged(scores["base"]) + unjudged(scores["tuned"]),
    )
