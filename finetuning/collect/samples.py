"""Samples of a model with the sandbox's verdict on each: the rows of a base data set."""

from collections import Counter
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

from whetstone.finetuning.config.schema import BaseCollect, Config
from whetstone.finetuning.data.build import build_dataset
from whetstone.finetuning.errors import ConfigError
from whetstone.finetuning.formats.checks import not_text
from whetstone.finetuning.formats.dataset_type import Need
from whetstone.finetuning.model.device import Device
from whetstone.finetuning.model.policy import load_policy
from whetstone.finetuning.rollout.engines import build_engine, choose_rollout
from whetstone.finetuning.rollout.text import TextSampler
from whetstone.rewards.extract import cut_at_stop
from whetstone.rewards.sandbox import Job, Sandbox
from whetstone.rewards.stdio.columns import TOLD, read_row

Row = dict[str, Any]

KEPT = ("tests", "prefix", "stop", "entry_points", "language", *TOLD)
"""Columns of a prompt that a reward may need, so that every row of the base has them."""


def base_problems(config: Config) -> list[Row]:
    """Return the prompts to sample on, each once."""
    rows = build_dataset(config.data, Need.PROMPTS, config.seed).to_list()
    if problems := [*not_text(rows)]:
        raise ConfigError(problems)
    return list({row["prompt"]: row for row in rows}.values())


class BaseSampler:
    """Turns a chunk of prompts into rows; loads the model when it is first asked."""

    def __init__(self, config: Config, collect: BaseCollect, device: Device) -> None:
        self._config = config
        self._collect = collect
        self._device = device
        self._sampler: TextSampler | None = None
        self._sandbox = Sandbox(packages=collect.packages)

    def __enter__(self) -> Self:
        self._sandbox.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._sandbox.__exit__(kind, error, trace)

    def __call__(self, number: int, problems: Sequence[Row]) -> list[Row]:
        """Return a row for each distinct completion; `times` says how often it was drawn.

        A draw depends on the seed and the chunk's number, so a resumed stage draws the same.
        """
        texts = self._draw(number, problems)
        rows = [
            {
                "prompt": problem["prompt"],
                "reference": problem.get("reference"),
                "completion": completion,
                "times": times,
                **{name: problem[name] for name in KEPT if name in problem},
            }
            for problem, drawn in zip(problems, texts, strict=True)
            for completion, times in Counter(
                cut_at_stop(text, problem.get("stop") or ()) for text in drawn
            ).items()
        ]
        return self._judged(rows)

    def _draw(self, number: int, problems: Sequence[Row]) -> list[list[str]]:
        if self._sampler is None:
            settings = self._config.model
            if settings.path is None:
                raise ValueError("the pipeline must hand over a model before this stage samples")
            policy = load_policy(
                settings.path, self._device, settings.revision, settings.trust_remote_code
            )
            choice = choose_rollout(self._config.backend.rollout, self._device)
            engine = build_engine(choice, policy.model, policy.tokenizer, self._device)
            self._sampler = TextSampler(policy.model, policy.tokenizer, engine=engine)
        params = self._collect.params(
            self._config.seed * 1_000_003 + number, tuple(problems[0].get("stop") or ())
        )
        return self._sampler([problem["prompt"] for problem in problems], params)

    def _judged(self, rows: list[Row]) -> list[Row]:
        """Add the verdict and the tests that passed; null where a prompt has no tests."""
        tested = [row for row in rows if row.get("tests")]
        jobs = [
            Job(
                (row.get("prefix") or "") + row["completion"],
                read_row(row),
                entry_points=row.get("entry_points") or (),
            )
            for row in tested
        ]
        results = iter(self._sandbox.run_many(jobs))
        for row in rows:
            result = next(results) if row.get("tests") else None
            row["verdict"] = None if result is None else result.verdict.value
            row["passed_tests"] = None if result is None else result.passed_tests
            row["total_tests"] = None if result is None else result.total_tests
        return rows
