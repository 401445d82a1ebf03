"""What is sampled, in which order and from which seed.

The plan depends on the task and the settings alone, and each chunk's seed on its place in the plan,
so that an interrupted evaluation goes on to exactly the samples it would have had.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from whetstone.evaluation.prompt import prompt_text
from whetstone.evaluation.sampler import Sampler, SamplingParams
from whetstone.evaluation.settings import Settings
from whetstone.evaluation.tasks.base import Task, TaskProblem


class Kind(StrEnum):
    """How a completion was decoded."""

    SAMPLE = "sample"
    """Drawn at the settings' temperature; pass@k counts these."""
    GREEDY = "greedy"
    """The most probable token each time, once per problem."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Problems that are sampled together; `copies` completions for each."""

    kind: Kind
    index: int
    problems: tuple[TaskProblem, ...]
    copies: int

    def keys(self) -> list[tuple[str, Kind, int]]:
        """Problem id, kind and sample index of every completion, in the order of the file."""
        return [(p.id, self.kind, i) for p in self.problems for i in range(self.copies)]


def plan(task: Task, settings: Settings) -> list[Chunk]:
    """Cut a task into chunks of at most `batch_size` completions in flight.

    Prompts of like length go together, so that little is padded, and the longest come first, so
    that a run that does not fit into memory says so at its start.
    """

    def place(problem: TaskProblem) -> tuple[int, str]:
        return -len(prompt_text(problem.prompt)), problem.id

    ordered = sorted(task.problems, key=place)
    chunks: list[Chunk] = []
    if settings.greedy:
        chunks += _chunks(Kind.GREEDY, ordered, settings.batch_size, copies=1)
    prompts = max(1, settings.batch_size // settings.samples)
    chunks += _chunks(Kind.SAMPLE, ordered, prompts, copies=settings.samples)
    return chunks


def generate(task: Task, settings: Settings, sampler: Sampler, chunk: Chunk) -> list[str]:
    """Return the chunk's completions in the order of `chunk.keys()`.

    Args:
        task: What is measured.
        settings: How it is measured.
        sampler: What completes prompts.
        chunk: Some problems of the task, and which of their samples are drawn now.

    Raises:
        ValueError: when the sampler returns another number of texts than it was asked for.

    """
    prompts = [problem.prompt for problem in chunk.problems]
    drawn: list[list[str]] = [[] for _ in prompts]
    for params in _draws(task, settings, chunk):
        texts = sampler(prompts, params)
        if [len(of_prompt) for of_prompt in texts] != [params.n] * len(prompts):
            raise ValueError(
                f"the sampler was asked for {params.n} texts for each of {len(prompts)} prompts "
                f"and returned {[len(of_prompt) for of_prompt in texts]}"
            )
        for kept, new in zip(drawn, texts, strict=True):
            kept.extend(new)
    return [text for of_prompt in drawn for text in of_prompt]


def _chunks(kind: Kind, problems: Sequence[TaskProblem], size: int, copies: int) -> Iterator[Chunk]:
    for index, start in enumerate(range(0, len(problems), size)):
        yield Chunk(kind, index, tuple(problems[start : start + size]), copies)


def _draws(task: Task, settings: Settings, chunk: Chunk) -> Iterator[SamplingParams]:
    """One call of the sampler each: several when a problem's copies exceed the batch size."""
    for draw, start in enumerate(range(0, chunk.copies, settings.batch_size)):
        seed = _seed(settings.seed, task.name, chunk.kind, chunk.index, draw)
        if chunk.kind is Kind.GREEDY:
            yield settings.decoded(seed, task)
        else:
            n = min(settings.batch_size, chunk.copies - start)
            yield settings.sampled(n, seed, task)


def _seed(*place: object) -> int:
    """31 bits, which every random generator takes."""
    digest = sha256("/".join(str(part) for part in place).encode()).digest()
    return int.from_bytes(digest[:4]) >> 1
