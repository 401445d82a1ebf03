"""The story of the harness's command: generations from a model or a file, scores, files.

Everything that can be wrong with flags, tasks and data is found before a model loads.
"""

import sys
from argparse import Namespace
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from whetstone.evaluation.harness.delegate import checkout, delegate
from whetstone.evaluation.harness.files import (
    BadGenerations,
    Generations,
    read_generations,
    task_path,
    write_generations,
    write_references,
    write_results,
)
from whetstone.evaluation.harness.flags import parse, selected
from whetstone.evaluation.harness.generate import HarnessSampler, LoadSampler, OnProgress, generate
from whetstone.evaluation.harness.tasks import chosen_problems
from whetstone.evaluation.judge import judged, pass_rates
from whetstone.evaluation.languages import open_judge
from whetstone.evaluation.tasks.base import Task, build_program, job, tests_text
from whetstone.rewards.sandbox import Verdict

K = (1, 10, 100)


def main(
    load_sampler: LoadSampler, on_progress: OnProgress, arguments: Sequence[str] | None = None
) -> int:
    """Run the command; returns the exit code.

    Args:
        load_sampler: loads the model when, and only if, something is to be generated.
        on_progress: told of finished problems.
        arguments: the command line without the program's name; None takes this process's.

    Raises:
        EvaluationError: for what the user can mend.

    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    folder = checkout()
    if folder is not None:
        return delegate(folder, given)
    args = parse(given)
    _Command(args, load_sampler, on_progress).run()
    return 0


@dataclass
class _Command:
    args: Namespace
    load_sampler: LoadSampler
    on_progress: OnProgress
    sampler: HarnessSampler | None = None

    def run(self) -> None:
        names = selected(self.args.tasks)
        print(f"Selected Tasks: {names}")
        self._warn_of_waste(names)
        tasks = [chosen_problems(name, self.args) for name in names]
        results: dict[str, Any] = {}
        for number, task in enumerate(tasks):
            generations = self._generations(task, number)
            if not self.args.load_generations_path:
                self._save(task, generations)
            if not self.args.generation_only:
                results[task.name] = self._scored(task, generations)
        if not self.args.generation_only:
            engine = {"name": "whetstone", "version": version("whetstone-rl")}
            results["config"] = {**vars(self.args), "engine": engine}
            print(write_results(Path(self.args.metric_output_path), results))

    def _warn_of_waste(self, names: Sequence[str]) -> None:
        args = self.args
        if args.load_generations_path and len(names) > 1:
            _warn(
                f"{args.load_generations_path} is scored as {' and as '.join(names)}: "
                "call the command once for each task."
            )
        if args.generation_only and not (args.save_generations or args.load_generations_path):
            _warn("--generation_only without --save_generations keeps nothing.")

    def _generations(self, task: Task, number: int) -> Generations:
        args = self.args
        if args.check_references:
            published = _published(task)
            if empty := published.count([]):
                _warn(f"{empty} problems have no published solution: they count in no figure.")
            return published
        if args.load_generations_path:
            return self._loaded(task)
        paths = args.load_generations_intermediate_paths
        earlier = read_generations(paths[number]) if paths else []
        if self.sampler is None:
            self.sampler = self.load_sampler(args)
        print(f"number of problems for this task is {len(task.problems)}")
        intermediate = task_path(args.save_generations_path, task.name, "_intermediate")
        return generate(task, self.sampler, args, earlier, intermediate, self.on_progress)

    def _loaded(self, task: Task) -> Generations:
        """Take as many generations as there are problems, and `--n_samples` of each.

        The file is counted from its own start, whatever `--limit_start` says, as upstream does.
        """
        path, n = self.args.load_generations_path, self.args.n_samples
        generations = read_generations(path)
        if not any(generations):
            raise BadGenerations(f"{path} holds no generations")
        most = max(map(len, generations), default=0)
        print(
            f"generations loaded, {len(task.problems)} selected from {len(generations)} "
            f"with {most} candidates"
        )
        if most > n:
            _warn(
                f"{path} holds {most} samples a problem and --n_samples is {n}: "
                f"only the first {n} are scored. Give --n_samples {most} for all of them."
            )
        short = sum(len(samples) < min(n, most) for samples in generations)
        if short:
            _warn(
                f"{short} problems of {path} have fewer samples than the {min(n, most)} of others: "
                "figures that need more leave them out."
            )
        if len(generations) < len(task.problems):
            _warn(
                f"{path} holds {len(generations)} of the {len(task.problems)} problems of "
                f"{task.name}: only these are scored."
            )
        return [samples[:n] for samples in generations[: len(task.problems)]]

    def _save(self, task: Task, generations: Generations) -> None:
        args = self.args
        if args.save_generations:
            write_generations(task_path(args.save_generations_path, task.name), generations)
        if args.save_references:
            references = [tests_text(problem.tests) for problem in task.problems]
            write_references(task_path(args.save_references_path, task.name), references)

    def _scored(self, task: Task, generations: Generations) -> dict[str, float]:
        print("Evaluating generations...")
        jobs = [
            [job(task, problem, program) for program in samples]
            for problem, samples in zip(task.problems, generations, strict=False)
        ]
        with ExitStack() as opened:
            results = judged(jobs, opened.enter_context(open_judge(task)))
        passed = [[result.verdict is Verdict.PASSED for result in group] for group in results]
        return pass_rates(passed, K)


def _published(task: Task) -> Generations:
    """Return the published solutions, as completions of their prompts."""
    return [
        [build_program(task, problem, problem.reference)] if problem.reference is not None else []
        for problem in task.problems
    ]


def _warn(message: str) -> None:
    print(f"warning: {message}", file=sys.stderr)
