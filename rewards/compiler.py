"""Rewards a program for what a compiler says of it: that it compiles, or how far it is from it.

That is the weakest of judges: it does not know the task. So a program without content is worth
nothing, whatever a compiler thinks of it, and this reward is meant to stand beside another one,
such as `whetstone.rewards.discriminator` or tests.
"""

import logging
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, NonNegativeFloat, PositiveFloat, PositiveInt

from whetstone.rewards.base import Completion, RewardConfig
from whetstone.rewards.compilers import (
    Compilation,
    CompileOutcome,
    Compilers,
    Severity,
    Snippet,
    language_of,
)
from whetstone.rewards.compilers.harness import STANDARD, load
from whetstone.rewards.composition import Board
from whetstone.rewards.programs import programs

_LOG = logging.getLogger(__name__)

OUTCOME_REWARDS: Mapping[CompileOutcome, float] = {
    CompileOutcome.COMPILED: 1.0,
    CompileOutcome.ERRORS: 0.0,
    CompileOutcome.EMPTY: 0.0,
    CompileOutcome.LIMIT: 0.0,
}
"""The rewards of a library user who gives none; runs take theirs from conf/reward."""


class CompileGrading(StrEnum):
    """What a program that does not compile is paid, between `errors` and `compiled`."""

    BINARY = "binary"
    """Nothing of it."""
    FUNCTIONS = "functions"
    """By the share of its functions without an error, at most half of the way."""
    COUNT = "errors"
    """By the number of its errors: half of the way for one, a third for two, and so on."""


_MOST_WITHOUT_COMPILING = 0.5


def require_every_outcome(rewards: Mapping[CompileOutcome, float]) -> dict[CompileOutcome, float]:
    """Refuse a mapping with a gap, or one that pays for nothing more than for an honest error.

    Raises:
        ValueError: An outcome has no reward, an infrastructure failure has one, or an empty answer
            would earn more than an error.

    """
    judged = set(CompileOutcome) - {CompileOutcome.INFRA_ERROR}
    if missing := sorted(judged - set(rewards)):
        raise ValueError(f"outcome_rewards has no reward for {', '.join(missing)}")
    if CompileOutcome.INFRA_ERROR in rewards:
        raise ValueError(
            "outcome_rewards grades infra_error, which says nothing about the program: remove it,"
            " such completions are masked"
        )
    if rewards[CompileOutcome.EMPTY] > rewards[CompileOutcome.ERRORS]:
        raise ValueError(
            "outcome_rewards pays more for empty than for errors, so a policy learns to write"
            " nothing: lower empty"
        )
    return {CompileOutcome(outcome): reward for outcome, reward in rewards.items()}


class CompilerReward:
    """Compiles each completion; a reward function for TRL.

    Columns of the dataset, one value per completion:
        language (str): Its language, unless `language` is given.
        prefix, suffix (str, optional): Text around the completion in the program.
        stop (list[str], optional): The completion is cut at the earliest of these strings.

    Args:
        language: That of all completions; None reads the column.
        grading: What a program is paid that does not compile.
        outcome_rewards: The reward of every outcome but `INFRA_ERROR`, which is masked.
        warning_cost: Taken off for each warning of a program that compiles, down to `errors`.
        cpu_s, memory_mb, workers, harness: Those of `Compilers`.

    It starts its processes when it is first called, and again when it is called after `close`.

    Example:
        >>> reward = CompilerReward(language="python")
        >>> reward(
        ...     prompts=["Write add(a, b)."] * 2,
        ...     completions=["def add(a, b): return a + b", "def add("],
        ... )
        [1.0, 0.0]
        >>> reward.close()

    """

    def __init__(
        self,
        language: str | None = None,
        grading: CompileGrading = CompileGrading.BINARY,
        outcome_rewards: Mapping[CompileOutcome, float] = OUTCOME_REWARDS,
        warning_cost: float = 0.0,
        cpu_s: float = 5.0,
        memory_mb: int = 2048,
        workers: int | None = None,
        harness: str = STANDARD,
    ) -> None:
        self.__name__ = "compiler"
        self.none_masks_sample = True  # None means that the machine failed, never "no opinion"
        self._language = None if language is None else language_of(language)
        self._grading = grading
        self._rewards = require_every_outcome(outcome_rewards)
        self._warning_cost = warning_cost
        self._compilers = Compilers(workers, cpu_s, memory_mb, harness)
        self._board = Board()

    def share(self, board: Board) -> None:
        """Post the outcomes of every batch on this board as well."""
        self._board = board

    def probe(self) -> None:
        """Find the compiler, where it is known which one it will be.

        Raises `MissingCompilerError` or `SandboxUnavailableError`.
        """
        if self._language is not None:
            self._compilers.compiler(self._language)

    def __call__(
        self,
        prompts: list[Any],
        completions: list[Completion],
        *,
        language: Sequence[str] | None = None,
        prefix: Sequence[str] | None = None,
        suffix: Sequence[str] | None = None,
        stop: Sequence[Sequence[str]] | None = None,
        tests: Sequence[str] | None = None,
        entry_points: Sequence[Sequence[str]] | None = None,
        log_metric: Callable[[str, float], None] | None = None,
        **_: Any,
    ) -> list[float | None]:
        """Compile all programs and grade what the compilers say.

        Raises:
            ValueError: no language is given, it has no compiler, or that one is not installed.

        """
        count = len(prompts)
        names = self._languages(language, count)
        written = programs(
            completions, stop=stop, language=names, tests=tests, entry_points=entry_points
        )
        snippets = [
            Snippet(name, code, before, after, text_of(ask))
            for name, code, before, after, ask in zip(
                names,
                written,
                prefix or [""] * count,
                suffix or [""] * count,
                prompts,
                strict=True,
            )
        ]
        started = time.perf_counter()
        found = self._compilers.run_many(snippets)
        seconds = time.perf_counter() - started
        self._board.post(self.__name__, prompts, completions, [one.outcome for one in found])
        _report_failures(found)
        if log_metric is not None:
            for name, value in metrics(snippets, found, seconds).items():
                log_metric(name, value)
        return [self.grade(one) for one in found]

    def grade(self, found: Compilation) -> float | None:
        """Return the reward, or None to mask the completion."""
        outcome = found.outcome
        if outcome is CompileOutcome.INFRA_ERROR:
            return None
        reward, least = self._rewards[outcome], self._rewards[CompileOutcome.ERRORS]
        if outcome is CompileOutcome.COMPILED:
            cost = self._warning_cost * found.count(Severity.WARNING)
            return max(least, reward - cost) if cost else reward
        if outcome is CompileOutcome.ERRORS:
            return least + self._share(found) * (self._rewards[CompileOutcome.COMPILED] - least)
        return reward

    def close(self) -> None:
        """End the processes of the compilers."""
        self._compilers.close()

    def _share(self, found: Compilation) -> float:
        if not found.content:
            return 0.0
        if self._grading is CompileGrading.FUNCTIONS and found.functions:
            return _MOST_WITHOUT_COMPILING * (1 - found.broken / found.functions)
        if self._grading is CompileGrading.COUNT:
            return 1 / (1 + max(1, found.count(Severity.ERROR)))
        return 0.0

    def _languages(self, column: Sequence[str] | None, count: int) -> list[str]:
        if self._language is not None:
            return [self._language] * count
        if column is None:
            raise ValueError(
                "the compiler reward needs a dataset column `language`, or its own setting:"
                " reward.compiler.language=cpp"
            )
        return [language_of(name) for name in column]


def text_of(prompt: str | list[dict[str, Any]]) -> str:
    """Return a prompt as text, also where it is a conversation."""
    if isinstance(prompt, str):
        return prompt
    return "\n".join(str(message.get("content") or "") for message in prompt)


def metrics(
    snippets: Sequence[Snippet], found: Sequence[Compilation], seconds: float
) -> dict[str, float]:
    """Return the metrics of one batch under `compiler/`: shares, rates, and what there was of it.

    Shares are of all snippets, rates of those that could be judged.
    """
    counts = Counter(one.outcome for one in found)
    result = {f"compiler/{outcome}": counts[outcome] / len(found) for outcome in CompileOutcome}
    result["compiler/infra_failures"] = float(counts[CompileOutcome.INFRA_ERROR])
    compiled: defaultdict[str, list[bool]] = defaultdict(list)
    for snippet, one in zip(snippets, found, strict=True):
        if one.outcome is not CompileOutcome.INFRA_ERROR:
            compiled[snippet.language].append(one.outcome is CompileOutcome.COMPILED)
    for language, held in compiled.items():
        result[f"compiler/compile_rate_{language}"] = sum(held) / len(held)
    if judged := [one for held in compiled.values() for one in held]:
        result["compiler/compile_rate"] = sum(judged) / len(judged)
    for severity in Severity:
        number = sum(one.count(severity) for one in found)
        result[f"compiler/{severity}s_per_program"] = number / len(found)
    result["compiler/programs_per_second"] = len(found) / seconds
    return result


def _report_failures(found: Sequence[Compilation]) -> None:
    failures = [one.detail for one in found if one.outcome is CompileOutcome.INFRA_ERROR]
    if failures:
        _LOG.warning(
            "%d of %d programs could not be compiled here and are masked; the first: %s",
            len(failures),
            len(found),
            failures[0],
        )


def _known(language: str | None) -> str | None:
    return None if language is None else language_of(language)


def _readable(harness: str) -> str:
    load(harness)
    return harness


class CompilerConfig(RewardConfig):
    """A compiler decides: `CompilerReward`."""

    name: Literal["compiler"]
    language: Annotated[str | None, AfterValidator(_known)]
    """That of all programs; null reads the column `language` of the data."""
    grading: CompileGrading
    """What a program is paid that does not compile: `binary` nothing, `functions` by the share of
    its functions without an error, `errors` by their number; never more than half."""
    outcome_rewards: Annotated[dict[CompileOutcome, float], AfterValidator(require_every_outcome)]
    """The reward of each outcome. `infra_error` has none: it masks the completion."""
    warning_cost: NonNegativeFloat
    """Taken off for each warning of a program that compiles."""
    cpu_s: PositiveFloat
    """Processor seconds of one compilation; a busy machine costs nothing."""
    memory_mb: Annotated[PositiveInt, Field(ge=256)]
    """Megabytes of one compilation: address space, or the heap of a JVM or Node."""
    workers: PositiveInt | None
    """Compilations at once; null takes one per usable core."""
    harness: Annotated[str, AfterValidator(_readable)]
    """What stands around a snippet: `standard`, `none`, or a file like compilers/harness.yaml."""

    @property
    def columns(self) -> frozenset[str]:
        """The language, where the rows have to name it."""
        return frozenset({"language"} if self.language is None else ())

    def check_rows(self, values: Callable[[str], Iterable[Any]]) -> None:
        """Find the compiler of each language of the rows. Raises `ValueError`, naming each."""
        problems: list[str] = []
        with Compilers() as compilers:
            for name in sorted({str(name) for column in self.columns for name in values(column)}):
                try:
                    compilers.compiler(name)
                except ValueError as error:
                    problems.append(str(error))
        if problems:
            raise ValueError("; ".join(problems))

    def build(self) -> CompilerReward:
        """Make the reward, and find its compiler. Raises `ValueError` where it is missing."""
        reward = CompilerReward(**self.model_dump(exclude={"name", "weight"}))
        reward.probe()
        return reward
