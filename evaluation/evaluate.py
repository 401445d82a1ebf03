"""The story of an evaluation: resume, generate, judge, score.

Judging a chunk overlaps the generation of the next. What is judged is on the disk before it counts,
so that an evaluation may be killed at any moment and goes on where it was; a folder belongs to one
model, which the caller sees to, and to one set of settings, which is checked here.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from whetstone.evaluation.generate import Chunk, Kind, generate, plan
from whetstone.evaluation.journal import Journal, Sample, sample_of
from whetstone.evaluation.judge import Judge
from whetstone.evaluation.sampler import Sampler
from whetstone.evaluation.score import Scores, load, save, score
from whetstone.evaluation.settings import Settings, header
from whetstone.evaluation.tasks.base import Task, build_program, job
from whetstone.rewards.sandbox import Job, Verdict

OnProgress = Callable[[int, int], None]


def evaluate(
    task: Task,
    sampler: Sampler,
    sandbox: Judge,
    settings: Settings,
    folder: Path,
    on_progress: OnProgress | None = None,
) -> Scores:
    """Measure a model on a task, or return what was measured in this folder before.

    Writes `{task.name}.samples.jsonl` as it goes, and `{task.name}.json` at the end. Completions
    that an earlier attempt could not judge are judged again, not generated again.

    Args:
        task: the problems.
        sampler: the model; deterministic in its arguments.
        sandbox: open; used from one thread besides the caller's.
        settings: how to sample and what to report.
        folder: made if missing; one model's, since samplers cannot be told apart here.
        on_progress: called with the number of finished problems and their total.

    Raises:
        ResumeRefused: when the folder holds this task with other settings, or a damaged file.
        ValueError: when the sampler breaks its contract.

    """
    identity = header(task, settings)
    path = folder / f"{task.name}.json"
    scores = load(path, identity, settings.k)
    if scores is None:
        journal = Journal(folder / f"{task.name}.samples.jsonl", identity, sample_of)
        attempt = _Attempt(task, sampler, sandbox, settings, journal)
        samples = attempt.samples(on_progress or _unheard)
        scores = score(task.name, samples, settings.k)
        save(path, scores, identity, settings.k)
    return scores


def finished_samples(task: Task, settings: Settings, folder: Path) -> list[Sample]:
    """Return the samples of a finished evaluation, in the order of its plan.

    Args:
        task: What was measured.
        settings: How it was measured.
        folder: Where `evaluate` wrote.

    Raises:
        ResumeRefused: when the folder holds this task with other settings, or a damaged file.

    """
    journal = Journal(folder / f"{task.name}.samples.jsonl", header(task, settings), sample_of)
    finished = journal.finished(plan(task, settings))
    return [sample for samples in finished for sample in samples]


def _unheard(_done: int, _total: int) -> None:
    """Stand in for a listener."""


@dataclass(frozen=True, slots=True)
class _Attempt:
    task: Task
    sampler: Sampler
    sandbox: Judge
    settings: Settings
    journal: Journal[Sample]

    def samples(self, on_progress: OnProgress) -> list[Sample]:
        """Return every sample of the plan, those of earlier attempts included."""
        chunks = plan(self.task, self.settings)
        finished = [self._judge_the_unjudged(samples) for samples in self.journal.finished(chunks)]
        self.journal.rewrite(finished)
        on_progress(_problems_done(chunks[: len(finished)]), len(self.task.problems))
        for samples in self._judged(chunks[len(finished) :]):
            finished.append(samples)
            on_progress(_problems_done(chunks[: len(finished)]), len(self.task.problems))
        return [sample for samples in finished for sample in samples]

    def _judged(self, chunks: Sequence[Chunk]) -> Iterator[list[Sample]]:
        """Yield the samples of each chunk once they are on the disk.

        When the sampler fails, leaving the executor still waits for the chunk before.
        """
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="judge") as judge:
            waiting: Future[list[Sample]] | None = None
            for chunk in chunks:
                completions = generate(self.task, self.settings, self.sampler, chunk)
                if waiting is not None:
                    yield waiting.result()
                waiting = judge.submit(self._judge_and_keep, chunk, completions)
            if waiting is not None:
                yield waiting.result()

    def _judge_and_keep(self, chunk: Chunk, completions: Sequence[str]) -> list[Sample]:
        unjudged = [
            Sample(problem, kind, index, completion, Verdict.INFRA_ERROR, 0, 0)
            for (problem, kind, index), completion in zip(chunk.keys(), completions, strict=True)
        ]
        samples = self._judge(unjudged)
        self.journal.append(samples)
        return samples

    def _judge_the_unjudged(self, samples: Sequence[Sample]) -> list[Sample]:
        """Leave the verdicts that there are: a slow program could get another one now."""
        unjudged = [sample for sample in samples if sample.verdict is Verdict.INFRA_ERROR]
        judged = iter(self._judge(unjudged))
        return [
            next(judged) if sample.verdict is Verdict.INFRA_ERROR else sample for sample in samples
        ]

    def _judge(self, samples: Sequence[Sample]) -> list[Sample]:
        task = self.task
        problems = {problem.id: problem for problem in task.problems}

        def asked(sample: Sample) -> Job:
            problem = problems[sample.problem]
            return job(task, problem, build_program(task, problem, sample.completion))

        results = self.sandbox.run_many([asked(sample) for sample in samples])
        return [
            replace(
                sample,
                verdict=result.verdict,
                passed_tests=result.passed_tests,
                total_tests=result.total_tests,
            )
            for sample, result in zip(samples, results, strict=True)
        ]


def _problems_done(finished: Sequence[Chunk]) -> int:
    """Greedy chunks come first, so a problem is done when its samples are."""
    return sum(len(chunk.problems) for chunk in finished if chunk.kind is Kind.SAMPLE)
