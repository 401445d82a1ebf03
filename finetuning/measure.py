"""pass@k of a policy on the configured tasks, with this run's sampler and sandbox."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from evaluation.evaluate import evaluate
from evaluation.sampler import SamplingParams
from evaluation.settings import Settings
from finetuning.config import Config
from finetuning.data.tasks import build_task
from finetuning.model.policy import Policy
from finetuning.rollout.text import TextSampler
from rewards.sandbox import Sandbox

Metrics = dict[str, float]
OnProgress = Callable[[str, int, int], None]


def measure(
    policy: Callable[[], Policy], config: Config, folder: Path, on_progress: OnProgress
) -> dict[str, Metrics]:
    """Return `{task: {"pass@1": ...}}` for the tasks of `hooks.evaluate`.

    Continues an evaluation that was interrupted in `folder`, without generating anything twice.
    `policy` is called only if something is left to generate.
    """
    wanted = config.hooks.evaluate
    settings = _settings(config, wanted.samples, tuple(wanted.k), greedy=wanted.greedy)
    results: dict[str, Metrics] = {}
    sampler = _LateSampler(policy)
    with Sandbox() as sandbox:
        for name in wanted.tasks:
            task = build_task(name, wanted.limit)

            def tell(done: int, total: int, name: str = name) -> None:
                on_progress(name, done, total)

            scores = evaluate(task, sampler, sandbox, settings, folder, tell)
            results[name] = dict(scores.metrics)
            if scores.infra_errors:  # left out of every figure above, so they must be seen
                results[name]["infra_errors"] = float(scores.infra_errors)
    return results


class _LateSampler:
    """Loads the policy when the first completion is asked for, and not before."""

    def __init__(self, policy: Callable[[], Policy]) -> None:
        self._policy = policy
        self._sampler: TextSampler | None = None

    def __call__(self, prompts: Sequence[str], params: SamplingParams) -> list[list[str]]:
        """Sample from the policy."""
        if self._sampler is None:
            policy = self._policy()
            self._sampler = TextSampler(policy.model, policy.tokenizer)
        return self._sampler(prompts, params)


def watcher(config: Config, tokenizer: Any, task_name: str) -> Callable[[Any, Path], Metrics]:
    """Return a function that takes a quick look at the model under training."""
    task = build_task(task_name, config.hooks.watch.limit)
    settings = _settings(config, config.hooks.watch.samples, (1,), greedy=False)

    def look(model: Any, folder: Path) -> Metrics:
        with Sandbox() as sandbox:
            scores = evaluate(task, TextSampler(model, tokenizer), sandbox, settings, folder)
        return {"pass@1": scores.metrics["pass@1"]}

    return look


def _settings(config: Config, samples: int, k: tuple[int, ...], *, greedy: bool) -> Settings:
    wanted = config.hooks.evaluate
    return Settings(
        samples=samples,
        temperature=wanted.temperature,
        top_p=wanted.top_p,
        top_k=wanted.top_k,
        max_new_tokens=wanted.max_new_tokens,
        batch_size=wanted.batch_size,
        seed=config.seed,
        k=k,
        greedy=greedy,
    )
