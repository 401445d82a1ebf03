"""Scores from judged samples.

A completion that the sandbox could not judge (`Verdict.INFRA_ERROR`) is no failure: it leaves n,
and is counted beside the scores.
"""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from whetstone.evaluation.errors import ResumeRefused
from whetstone.evaluation.files import write_atomically
from whetstone.evaluation.generate import Kind
from whetstone.evaluation.journal import Sample, check_same
from whetstone.evaluation.pass_at_k import pass_at_k
from whetstone.rewards.sandbox import Verdict


@dataclass(frozen=True, slots=True)
class Scores:
    """What an evaluation found.

    Attributes:
        task: its name.
        metrics: fractions in 0..1, each a mean over problems: "pass@k"; "test_pass_rate", the
            share of a completion's tests that held; "success_rate", problems with a completion
            that passes; "greedy", where greedy completions were asked for.
        n_per_metric: the problems behind each mean. Fewer than `n_problems` only after
            infrastructure errors, when a problem has too few judged completions.
        counts: completions by verdict, greedy ones included.
        n_problems: problems of the task.
        n_samples: judged completions that pass@k rests on.
        infra_errors: completions that could not be judged.

    """

    task: str
    metrics: dict[str, float]
    n_per_metric: dict[str, int]
    counts: dict[str, int]
    n_problems: int
    n_samples: int
    infra_errors: int


def score(task: str, samples: Iterable[Sample], k: Iterable[int]) -> Scores:
    """Aggregate an evaluation's samples; a metric that no problem can support is left out.

    Args:
        task: The task's name.
        samples: The judged samples of all its problems.
        k: The k of pass@k.

    """
    everything = list(samples)
    judged = [sample for sample in everything if sample.verdict is not Verdict.INFRA_ERROR]
    supported = values_of_problems(everything, k)
    return Scores(
        task=task,
        metrics={name: fmean(of_problems) for name, of_problems in supported.items()},
        n_per_metric={name: len(of_problems) for name, of_problems in supported.items()},
        counts=dict(Counter(sample.verdict.value for sample in everything)),
        n_problems=len({sample.problem for sample in everything}),
        n_samples=sum(sample.kind is Kind.SAMPLE for sample in judged),
        infra_errors=len(everything) - len(judged),
    )


def values_of_problems(samples: Iterable[Sample], k: Iterable[int]) -> dict[str, list[float]]:
    """Return what each metric is the mean of: one value for each problem that supports it."""
    judged = [sample for sample in samples if sample.verdict is not Verdict.INFRA_ERROR]
    drawn = _by_problem(judged, Kind.SAMPLE)
    values = {f"pass@{size}": _pass_at(drawn, size) for size in k}
    values["test_pass_rate"] = [fmean(map(_tests_held, of_problem)) for of_problem in drawn]
    values["success_rate"] = [float(any(map(_passed, of_problem))) for of_problem in drawn]
    values["greedy"] = [float(_passed(sample)) for sample in judged if sample.kind is Kind.GREEDY]
    return {name: of_problems for name, of_problems in values.items() if of_problems}


def short_of_samples(scores: Scores) -> list[str]:
    """Say which means are over fewer problems than the task has; nothing where none is."""
    by_count: dict[int, list[str]] = {}
    for name, count in scores.n_per_metric.items():
        by_count.setdefault(count, []).append(name)
    return [
        f"{', '.join(names)} of {scores.task}: the mean over {count} of {scores.n_problems} "
        "problems, because the others have too few samples that could be judged."
        for count, names in by_count.items()
        if count < scores.n_problems
    ]


def save(path: Path, scores: Scores, header: dict[str, Any], k: tuple[int, ...]) -> None:
    """Write the scores in one step, beside what they were measured with.

    Args:
        path: The file.
        scores: What was measured.
        header: What identifies the evaluation (`evaluation/settings.py`).
        k: The k of pass@k that were asked for.

    """
    content = {**header, "k": k, "scores": asdict(scores)}
    write_atomically(path, json.dumps(content, indent=2).encode() + b"\n")


def load(path: Path, header: dict[str, Any], k: tuple[int, ...]) -> Scores | None:
    """Return saved scores, or None when there are none or they must be computed again.

    That is so for another `k`, and after infrastructure errors, which a new attempt may not meet.

    Raises:
        ResumeRefused: when they belong to other settings, or the file is damaged.

    """
    if not path.exists():
        return None
    try:
        content = json.loads(path.read_bytes())
        check_same(path, content, header)
        scores = Scores(**content["scores"])
        complete = tuple(content["k"]) == k and scores.infra_errors == 0
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ResumeRefused(f"{path} is damaged: delete it and evaluate again") from error
    return scores if complete else None


def _by_problem(samples: Iterable[Sample], kind: Kind) -> list[list[Sample]]:
    problems: dict[str, list[Sample]] = {}
    for sample in samples:
        if sample.kind is kind:
            problems.setdefault(sample.problem, []).append(sample)
    return list(problems.values())


def _pass_at(problems: Iterable[list[Sample]], k: int) -> list[float]:
    return [
        pass_at_k(len(samples), sum(map(_passed, samples)), k)
        for samples in problems
        if len(samples) >= k
    ]


def _passed(sample: Sample) -> bool:
    return sample.verdict is Verdict.PASSED


def _tests_held(sample: Sample) -> float:
    if _passed(sample):
        return 1.0
    return sample.passed_tests / sample.total_tests if sample.total_tests else 0.0
