"""compile@k: the chance that at least one of k completions compiles.

The figure for code that has no tests, and beside pass@k what tells a wrong program from none. It is
judged after pass@k, from the samples on the disk, and kept in a file of its own, so that no other
file changes. What a completion has to do to count is what `whetstone.rewards.compilers` asks: an
empty one, or a body that does nothing, has not compiled.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from statistics import fmean
from typing import Any

from whetstone.evaluation.evaluate import finished_samples
from whetstone.evaluation.generate import Kind, plan
from whetstone.evaluation.journal import Journal, Sample, read_rows
from whetstone.evaluation.pass_at_k import pass_at_k
from whetstone.evaluation.prompt import prompt_text
from whetstone.evaluation.score import Scores
from whetstone.evaluation.settings import Settings, header
from whetstone.evaluation.tasks.base import Task, TaskProblem, code_of
from whetstone.rewards.compilers import CompileOutcome, Compilers, MissingCompilerError, Snippet
from whetstone.rewards.sandbox.profile import SandboxUnavailableError

SUFFIX = ".compiled.jsonl"

_UNJUDGED = CompileOutcome.INFRA_ERROR

Values = dict[str, dict[str, float]]
"""Measure (`compile@1`) to problem to its value in 0..1."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """What the compiler said of one completion."""

    problem: str
    kind: Kind
    index: int
    outcome: CompileOutcome


def compile_rates(task: Task, compilers: Compilers, settings: Settings, folder: Path) -> Values:
    """Return compile@k of an evaluation that is finished in this folder.

    Writes `{task.name}.compiled.jsonl` as it goes: what is there is not compiled again, unless the
    machine failed on it.

    Args:
        task: the problems.
        compilers: asked about the task's language.
        settings: of the evaluation.
        folder: its folder.

    Raises:
        ResumeRefused: when the folder holds this task with other settings, or a damaged file.

    """
    identity = header(task, settings)
    journal = Journal(folder / f"{task.name}{SUFFIX}", identity, compiled_of)
    chunks = plan(task, settings)
    samples = iter(finished_samples(task, settings, folder))
    planned = [list(islice(samples, len(chunk.problems) * chunk.copies)) for chunk in chunks]
    found = journal.finished(chunks)
    found = found[: _first_unjudged(found)]
    if len(found) < len(chunks):
        journal.rewrite(found)
    for of_chunk in planned[len(found) :]:
        found.append(_compile(task, of_chunk, compilers))
        journal.append(found[-1])
    return compile_values((row for rows in found for row in rows), settings.k)


def compile_values(rows: Iterable[Compiled], k: Iterable[int]) -> Values:
    """Return compile@k of each problem that has enough completions that could be compiled."""
    compiled: dict[str, list[bool]] = {}
    for row in rows:
        if row.kind is Kind.SAMPLE and row.outcome is not _UNJUDGED:
            compiled.setdefault(row.problem, []).append(row.outcome is CompileOutcome.COMPILED)
    values = {
        f"compile@{size}": {
            problem: pass_at_k(len(held), sum(held), size)
            for problem, held in compiled.items()
            if len(held) >= size
        }
        for size in k
    }
    return {name: of_problems for name, of_problems in values.items() if of_problems}


def with_compile_rates(scores: Scores, values: Values) -> Scores:
    """Return the scores with compile@k among their metrics."""
    means = {name: fmean(of_problems.values()) for name, of_problems in values.items()}
    behind = {name: len(of_problems) for name, of_problems in values.items()}
    return replace(
        scores,
        metrics={**scores.metrics, **means},
        n_per_metric={**scores.n_per_metric, **behind},
    )


def why_not_compiled(task: Task, compilers: Compilers) -> str | None:
    """Say why nothing can be compiled for this task here; None where it can."""
    try:
        compilers.compiler(task.language)
    except (MissingCompilerError, SandboxUnavailableError) as error:
        return str(error)
    return None


def read_compiled(path: Path) -> list[Compiled]:
    """Read what was compiled of an evaluation; nothing where nothing was.

    Raises:
        ResumeRefused: when the file is damaged.

    """
    return read_rows(path, compiled_of)[1] if path.is_file() else []


def compiled_of(row: dict[str, Any]) -> Compiled:
    """Return a line's row. Raises KeyError, ValueError or TypeError where it is none."""
    return Compiled(**{**row, "kind": Kind(row["kind"]), "outcome": CompileOutcome(row["outcome"])})


def snippet(task: Task, problem: TaskProblem, completion: str) -> Snippet:
    """Return what the compiler is asked about a completion.

    Args:
        task: What the problem belongs to: stop strings, language, time limit.
        problem: One of its problems.
        completion: What the model wrote after the prompt.

    """
    return Snippet(
        language=task.language,
        code=code_of(task, problem, completion),
        prefix=problem.prefix,
        suffix=task.closing,
        prompt=prompt_text(problem.prompt),
    )


def _compile(task: Task, samples: Sequence[Sample], compilers: Compilers) -> list[Compiled]:
    problems = {problem.id: problem for problem in task.problems}
    found = compilers.run_many(
        [snippet(task, problems[sample.problem], sample.completion) for sample in samples]
    )
    return [
        Compiled(sample.problem, sample.kind, sample.index, one.outcome)
        for sample, one in zip(samples, found, strict=True)
    ]


def _first_unjudged(found: Sequence[Sequence[Compiled]]) -> int:
    """Return the number of whole chunks before the first that has to be compiled again."""
    for number, rows in enumerate(found):
        if any(row.outcome is _UNJUDGED for row in rows):
            return number
    return len(found)
