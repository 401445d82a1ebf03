"""Programs from a model, as the harness makes them: in the order of the data, cut at stop words.

Problems are sampled together while `--batch_size` allows it. Every k problems what there is may be
written to a file, from which a later command goes on.
"""

from argparse import Namespace
from collections.abc import Callable, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from whetstone.evaluation.harness.files import Generations, write_generations
from whetstone.evaluation.prompt import prompt_text
from whetstone.evaluation.sampler import Sampler, SamplingParams
from whetstone.evaluation.tasks.base import Task, TaskProblem, build_program

OnProgress = Callable[[int, int], None]


class HarnessSampler(Sampler, Protocol):
    """A sampler that knows its end-of-text token, which joins the stop words."""

    eos: str


LoadSampler = Callable[[Namespace], HarnessSampler]
"""Loads the model that the flags name; its completions end at `--max_length_generation` tokens,
those of the prompt included."""


def generate(
    task: Task,
    sampler: HarnessSampler,
    args: Namespace,
    earlier: Generations,
    intermediate: Path,
    on_progress: OnProgress,
) -> Generations:
    """Return `--n_samples` programs for each problem.

    Args:
        task: the problems.
        sampler: the model.
        args: the harness's flags.
        earlier: generations of the first problems, empty ones for those that are still missing.
        intermediate: where what there is goes after every `--save_every_k_tasks` problems.
        on_progress: called with the number of finished problems and their total.

    """
    task = _with_stop_words(task, sampler.eos, args)
    generations = [samples for samples in earlier if samples][: len(task.problems)]
    every = args.save_every_k_tasks
    step = max(1, args.batch_size // args.n_samples)
    saved = len(generations)
    while len(generations) < len(task.problems):
        batch = task.problems[len(generations) : len(generations) + step]
        generations += _programs(task, batch, sampler, args)
        on_progress(len(generations), len(task.problems))
        if every >= 1 and len(generations) - saved >= every:
            missing: Generations = [[] for _ in task.problems[len(generations) :]]
            write_generations(intermediate, [*generations, *missing])
            saved = len(generations)
    return generations


def _with_stop_words(task: Task, eos: str, args: Namespace) -> Task:
    """Add end of text and instruction tokens, or take all away where nothing is to be cut."""
    if not args.postprocess:
        return replace(task, stop=())
    tokens = (args.instruction_tokens or "").split(",")
    more = [token for token in (eos, *tokens) if token.strip()]
    return replace(task, stop=(*task.stop, *more))


def _programs(
    task: Task, batch: Sequence[TaskProblem], sampler: Sampler, args: Namespace
) -> Generations:
    prompts = [args.prefix + prompt_text(problem.prompt) for problem in batch]
    drawn: Generations = [[] for _ in batch]
    while len(drawn[0]) < args.n_samples:
        n = min(args.batch_size, args.n_samples - len(drawn[0]))
        params = SamplingParams(
            n=n,
            temperature=args.temperature if args.do_sample else 0.0,
            top_p=args.top_p,
            top_k=args.top_k,
            max_new_tokens=args.max_length_generation,
            stop=task.stop,
            seed=_seed(args.seed, task.name, batch[0].id, len(drawn[0])),
        )
        for samples, texts in zip(drawn, sampler(prompts, params), strict=True):
            samples.extend(texts)
    return [
        [build_program(task, problem, text) for text in samples]
        for problem, samples in zip(batch, drawn, strict=True)
    ]


def _seed(*place: object) -> int:
    """Let every batch have its own draw, so that a continued run equals an uninterrupted one."""
    digest = sha256("/".join(map(str, place)).encode()).digest()
    return int.from_bytes(digest[:4]) >> 1
