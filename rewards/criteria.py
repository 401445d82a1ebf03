"""Preferences by criteria: correctness, readability, efficiency, style, each between 0 and 1.

The four of the usual RLHF guides, made of what can be looked up: tests that run, and the source as
it is parsed. A program that does not parse gets 0 on each. What only a person can say (is the name
apt?) is not guessed at.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, PositiveFloat, PositiveInt

from whetstone.rewards.base import Completion, RewardConfig
from whetstone.rewards.code_style import efficiency, parses, readability
from whetstone.rewards.programs import asked_of, programs
from whetstone.rewards.quality import find_ruff, qualities
from whetstone.rewards.sandbox import AnyTests, Job, Result, Sandbox, Verdict
from whetstone.rewards.sandbox.helpers import with_helpers
from whetstone.rewards.sandbox.packages import usable_modules
from whetstone.rewards.stdio.columns import read_columns, sources
from whetstone.rewards.tests_source import LIBRARY, require_carried

CRITERIA = ("correctness", "readability", "efficiency", "style")
WEIGHTS: Mapping[str, float] = MappingProxyType(
    {"correctness": 0.4, "readability": 0.2, "efficiency": 0.2, "style": 0.2}
)


def require_criteria(weights: Mapping[str, float]) -> dict[str, float]:
    """Refuse weights that leave a criterion to chance, are negative, or all zero.

    Raises:
        ValueError: They are.

    """
    if set(weights) != set(CRITERIA):
        raise ValueError(f"weights must name {', '.join(CRITERIA)}, each once")
    if min(weights.values()) < 0 or not any(weights.values()):
        raise ValueError("weights are 0 or more, and one of them is more")
    return dict(weights)


class CriteriaReward:
    """Weighs four criteria into one number between 0 and 1; a reward function for TRL.

    Takes the columns of `ExecutionReward` (`tests`, `prefix`, `stop`, `entry_points`), and tells
    each criterion to `log_extra` under its name.

    Args:
        weights: Of each criterion; they are divided by their sum. One of 0 is not looked at.
        timeout_s, memory_mb, workers, packages: Those of `Sandbox`.

    Example:
        >>> reward = CriteriaReward()
        >>> right, wrong = reward(
        ...     prompts=["Complete: def one():"] * 2,
        ...     prefix=["def one(): "] * 2,
        ...     completions=["return 1", "return 2"],
        ...     tests=["assert one() == 1"] * 2,
        ... )
        >>> right > wrong
        True
        >>> reward.close()

    """

    def __init__(
        self,
        weights: Mapping[str, float] = WEIGHTS,
        timeout_s: float = 3.0,
        memory_mb: int = 512,
        workers: int | None = None,
        packages: Iterable[str] = (),
    ) -> None:
        self.__name__ = "criteria"
        self.none_masks_sample = True  # None means that the sandbox failed
        total = sum(require_criteria(weights).values())
        self._weights = {name: weight / total for name, weight in weights.items() if weight}
        self._ruff = find_ruff() if "style" in self._weights else ""
        self._limits = (workers, timeout_s, memory_mb)
        self._packages = tuple(packages)
        self._sandbox: Sandbox | None = None

    def __call__(
        self,
        prompts: list[Any],
        completions: list[Completion],
        *,
        tests: Sequence[str | Sequence[Mapping[str, Any]]] | None = None,
        prefix: Sequence[str] | None = None,
        stop: Sequence[Sequence[str]] | None = None,
        entry_points: Sequence[Sequence[str]] | None = None,
        log_extra: Callable[[str, list[Any]], None] | None = None,
        **columns: Any,
    ) -> list[float | None]:
        """Judge every program by every criterion that has a weight."""
        count = len(prompts)
        before = prefix or [""] * count
        read = None if tests is None else read_columns(tests, entry_points, columns)
        asked = None if read is None else sources(read)
        written = programs(
            completions, prefix=prefix, stop=stop, tests=asked, entry_points=entry_points
        )
        scores: dict[str, list[float | None]] = {}
        if "correctness" in self._weights:
            scores["correctness"] = self._correctness(written, before, read, entry_points)
        if "readability" in self._weights:
            scores["readability"] = [readability(program) for program in written]
        if "efficiency" in self._weights:
            scores["efficiency"] = [efficiency(program) for program in written]
        if "style" in self._weights:
            style = qualities(written, self._ruff)
            scores["style"] = [
                score if parses(program) else 0.0
                for program, score in zip(written, style, strict=True)
            ]
        if log_extra is not None:
            for name, values in scores.items():
                log_extra(name, list(values))
        return [self._total({name: scores[name][i] for name in scores}) for i in range(count)]

    def close(self) -> None:
        """End the processes of the sandbox."""
        if self._sandbox is not None:
            self._sandbox.close()
            self._sandbox = None

    def _total(self, scores: Mapping[str, float | None]) -> float | None:
        known = {name: value for name, value in scores.items() if value is not None}
        if len(known) < len(scores):
            return None
        return sum(self._weights[name] * value for name, value in known.items())

    def _correctness(
        self,
        written: list[str],
        before: Sequence[str],
        tests: Sequence[AnyTests] | None,
        entry_points: Sequence[Sequence[str]] | None,
    ) -> list[float | None]:
        if tests is None:
            raise ValueError(
                "the criterion `correctness` needs a dataset column `tests`; add it, or set "
                "weights.correctness=0"
            )
        names = asked_of(entry_points, len(written))
        jobs = [
            Job(program, with_helpers(above, test), entry_points=known)
            for program, above, test, known in zip(written, before, tests, names, strict=True)
        ]
        if self._sandbox is None:
            self._sandbox = Sandbox(*self._limits, packages=self._packages)
        return [_share(result) for result in self._sandbox.run_many(jobs)]


def _share(result: Result) -> float | None:
    """Return the share of tests that passed; None where the sandbox could not tell."""
    if result.verdict is Verdict.INFRA_ERROR:
        return None
    if result.verdict is Verdict.PASSED:
        return 1.0
    # Not all of them passed, whatever a program that was stopped midway had shown until then.
    return result.passed_tests / (result.total_tests + 1) if result.total_tests else 0.0


class CriteriaConfig(RewardConfig):
    """Four criteria weighed into one: `CriteriaReward`."""

    name: Literal["criteria"]
    weights: Annotated[dict[str, float], AfterValidator(require_criteria)]
    """Of `correctness`, `readability`, `efficiency` and `style`."""
    timeout_s: PositiveFloat
    """Seconds that a program may run."""
    memory_mb: PositiveInt
    """Megabytes of address space of a program."""
    workers: PositiveInt | None
    """Server processes of the sandbox; null takes one per usable core."""
    packages: list[str]
    """Installed packages that programs and tests may import, by the names of their modules."""

    @property
    def columns(self) -> frozenset[str]:
        """What a program is run against, where correctness counts."""
        return frozenset({"tests"} if self.weights["correctness"] else ())

    def check_rows(self, values: Callable[[str], Iterable[Any]]) -> None:
        """Refuse tests that cannot be carried: here all of them run apart from their program."""
        if self.weights["correctness"]:
            remedy = "only reward=execution runs such tests, beside their program"
            require_carried(values("tests"), usable_modules(tuple(self.packages)), remedy)

    @property
    def imports(self) -> frozenset[str] | None:
        """What the sandbox has, where correctness counts."""
        if not self.weights["correctness"]:
            return None
        return LIBRARY | usable_modules(tuple(self.packages))

    def build(self) -> CriteriaReward:
        """Make the reward; its processes start with its first batch."""
        return CriteriaReward(**self.model_dump(exclude={"name", "weight"}))
