"""Asks rewards about stored completions, a generation at a time, and keeps what they said.

A generation is on the disk before the next one is judged, so that the same command goes on after a
kill. What a reward could not judge is asked again, as nothing was said about it.
"""

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from rich.console import Console

from whetstone.evaluation.generate import Chunk, Kind
from whetstone.evaluation.journal import Journal
from whetstone.evaluation.tasks.base import TaskProblem
from whetstone.evaluation.validate import Score, resumed, score_of
from whetstone.finetuning.regrade.rows import JudgedBatch
from whetstone.finetuning.runtime.progress import CountProgress
from whetstone.rewards.composition import RewardSet

FILE = "scores.jsonl"


def judge_again(
    batches: Sequence[JudgedBatch],
    rewards: RewardSet,
    folder: Path,
    identity: dict[str, Any],
    console: Console,
) -> list[list[Score]]:
    """Return what each reward says of each completion, of every batch.

    Args:
        batches: what is judged.
        rewards: who judges.
        folder: where the answers are kept.
        identity: what these answers depend on, a journal's header.
        console: where progress is shown.

    Raises:
        ResumeRefused: the kept answers are damaged.
        RunStopped: a reward cannot be asked now; the same command goes on.

    """
    chunks = [_chunk(place, batch) for place, batch in enumerate(batches)]
    total = sum(len(batch.stored) for batch in batches)
    with CountProgress("judging again", "completions", console) as progress:
        scores = resumed(
            Journal(folder / FILE, identity, score_of),
            chunks,
            lambda chunk, place: _judge(chunk, batches[place], rewards),
            lambda done: progress(sum(len(batch.stored) for batch in batches[:done]), total),
            lacks=lambda score: score.total is None,
        )
    sizes = iter(scores)
    return [[next(sizes) for _ in range(len(batch.stored))] for batch in batches]


def _chunk(place: int, batch: JudgedBatch) -> Chunk:
    """Return a batch as a part of a plan; a journal knows completions by problem and number."""
    generation = TaskProblem(id=f"generation-{place + 1}", prompt="", tests="")
    return Chunk(Kind.SAMPLE, place, (generation,), copies=len(batch.stored))


def _judge(chunk: Chunk, batch: JudgedBatch, rewards: RewardSet) -> list[Score]:
    stored = batch.stored
    judged = rewards.ask(
        prompts=list(stored.prompts),
        completions=list(stored.completions),
        # It is logged after the step that it was drawn for has been counted.
        trainer_state=SimpleNamespace(global_step=stored.step - 1),
        **batch.columns,
    )
    names = [config.name for config in rewards.configs]
    return [
        Score(*key, dict(zip(names, values, strict=True)), total)
        for key, values, total in zip(
            chunk.keys(), zip(*judged, strict=True), rewards.totals(judged), strict=True
        )
    ]
