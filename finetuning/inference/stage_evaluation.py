"""pass@k and compile@k of a policy before, during and after training, in a sandbox of its own.

The sandbox has the limits of the tasks, not those of the reward: figures are comparable between
runs whatever a reward allowed.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
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
from whetstone.evaluation.languages import open_judge
from whetstone.evaluation.prompt import Prompt
from whetstone.evaluation.sampler import SamplingParams
from whetstone.evaluation.score import short_of_samples
from whetstone.evaluation.settings import Settings
from whetstone.evaluation.tasks import Task
from whetstone.finetuning.config import Config
from whetstone.finetuning.data.tasks import build_task
from whetstone.finetuning.model.policy import Policy
from whetstone.finetuning.report.console import tell
from whetstone.finetuning.rollout.base import Engine
from whetstone.finetuning.rollout.text import TextSampler
from whetstone.finetuning.runtime.progress import CountProgress
from whetstone.rewards.compilers import Compilers

Metrics = dict[str, float]
LoadPolicy = Callable[[], Policy]
EngineFor = Callable[[Policy], Engine]
"""Returns what draws completions from a policy."""


class Measure:
    """The evaluations of one stage. Loads every task when it is made, to find mistakes early."""

    def __init__(
        self, config: Config, folder: Path, console: Console, engine_for: EngineFor
    ) -> None:
        self._engine_for = engine_for
        self._wanted = config.hooks.evaluate
        self._watch = config.hooks.watch
        self._seed = config.seed
        self._stop = tuple(getattr(config.data, "stop", ()))
        self._folder = folder
        self._console = console
        self._tasks = [self._task(name, self._wanted.limit) for name in self._wanted.tasks]

    def before(self, policy: LoadPolicy) -> dict[str, Metrics]:
        """Measure before training; `policy` is called only if something is left to generate."""
        return self._all("before", policy) if self._wanted.before else {}

    def after(self, policy: LoadPolicy) -> dict[str, Metrics]:
        """Measure after training; `policy` is called only if something is left to generate."""
        return self._all("after", policy) if self._wanted.after else {}

    def looker(
        self, task_name: str, tokenizer: Any, engine: Engine | None, tell: Callable[[str], None]
    ) -> Callable[[Any, Path], Metrics]:
        """Return a function that takes a quick look at the model under training.

        It tells how far it is.
        """
        task = self._task(task_name, self._watch.limit)
        settings = replace(
            self._wanted.settings(self._seed), samples=self._watch.samples, k=(1,), greedy=False
        )

        def count(done: int, total: int) -> None:
            of = f"{done} of {total}" if done else f"{total}"
            tell(f"measuring {task_name}: {of} problems" if done < total else "")

        def look(model: Any, folder: Path) -> Metrics:
            sampler = TextSampler(model, tokenizer, engine=engine)
            with open_judge(task) as sandbox:
                scores = evaluate(task, sampler, sandbox, settings, folder, count)
            return {name: value for name, value in scores.metrics.items() if name == "pass@1"}

        return look

    def _all(self, when: str, policy: LoadPolicy) -> dict[str, Metrics]:
        """Measure every task; what is on disk is taken from there."""
        settings = self._wanted.settings(self._seed)
        sampler = LateSampler(policy, self._engine_for)
        results: dict[str, Metrics] = {}
        for task in self._tasks:
            label = f"evaluation {when} training: {task.name}"
            with (
                CountProgress(label, "problems", self._console) as progress,
                open_judge(task) as judge,
            ):
                scores = evaluate(task, sampler, judge, settings, self._folder / when, progress)
            scores = with_compile_rates(scores, self._compile_rates(task, settings, when))
            samples = finished_samples(task, settings, self._folder / when)
            by_level = means(values_by_difficulty(task, samples, settings.k))
            results[task.name] = scores.metrics | by_level
            for sentence in short_of_samples(scores):
                tell(self._console, sentence)
            if scores.infra_errors:  # left out of every figure above, so they must be seen
                results[task.name]["infra_errors"] = float(scores.infra_errors)
        return results

    def _compile_rates(self, task: Task, settings: Settings, when: str) -> Values:
        """Return compile@k, or nothing where no compiler can be isolated here."""
        with Compilers() as compilers:
            if reason := why_not_compiled(task, compilers):
                self._console.print(f"no compile@k of {task.name}: {reason}", highlight=False)
                return {}
            return compile_rates(task, compilers, settings, self._folder / when)

    def _task(self, name: str, limit: int | None) -> Task:
        wanted = self._wanted
        return build_task(name, limit, self._stop, wanted.packages, wanted.window)


class LateSampler:
    """Loads the policy when the first completion is asked for, and not before."""

    def __init__(self, policy: LoadPolicy, engine_for: EngineFor | None = None) -> None:
        self._policy = policy
        self._engine_for = engine_for
        self._sampler: TextSampler | None = None

    def __call__(self, prompts: Sequence[Prompt], params: SamplingParams) -> list[list[str]]:
        """Sample from the policy."""
        if self._sampler is None:
            policy = self._policy()
            engine = self._engine_for(policy) if self._engine_for else None
            self._sampler = TextSampler(policy.model, policy.tokenizer, engine=engine)
        return self._sampler(prompts, params)
