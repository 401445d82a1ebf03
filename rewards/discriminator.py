"""Rewards a program by a classifier: how probably it is what a person would have written.

It reads where a compiler only parses, so the two belong together: `when: compiler.compiled` asks it
about nothing else, which is the product of both. Alone it can be talked round, as every model can.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import PositiveInt, field_validator

from rewards.base import Completion, RewardConfig
from rewards.board import Board
from rewards.compiler import text_of
from rewards.compilers import Outcome, language_of
from rewards.compilers.table import MARKS
from rewards.extract import extract_code

if TYPE_CHECKING:
    from rewards.classifier import Classifier

_POSTING = "compiler"


class DiscriminatorReward:
    """The calibrated probability of each completion; a reward function for TRL.

    Columns: `stop` and `language`, as for `CompilerReward`; both may be missing.

    Args:
        path: The folder of the classifier, see `rewards.classifier.Classifier`.
        when: `compiler.compiled` asks only about completions with this outcome; None about all.
        otherwise: Reward of the others, and of a completion without code.
        batch_size: Completions at once.
        max_length: Tokens of prompt and code together.
        device: Of torch; None chooses.

    The weights are loaded when it is first called.

    """

    def __init__(
        self,
        path: Path,
        when: str | None = None,
        otherwise: float = 0.0,
        batch_size: int = 16,
        max_length: int = 1024,
        device: str | None = None,
    ) -> None:
        self.__name__ = "discriminator"
        self.none_masks_sample = True
        self._path = path.expanduser()
        if not (self._path / "config.json").is_file():
            raise ValueError(
                f"path={path}: no model lies there; give a folder with config.json, the weights and"
                " the tokenizer of a sequence classifier"
            )
        self._wanted = None if when is None else when.partition(".")[2]
        self._otherwise = otherwise
        self._batch_size, self._max_length, self._device = batch_size, max_length, device
        self._classifier: Classifier | None = None
        self._board = Board()

    def share(self, board: Board) -> None:
        """Read the compiler's outcomes from this board."""
        self._board = board

    def __call__(
        self,
        prompts: list[Any],
        completions: list[Completion],
        *,
        language: Sequence[str] | None = None,
        stop: Sequence[Sequence[str]] | None = None,
        log_metric: Callable[[str, float], None] | None = None,
        **_: Any,
    ) -> list[float | None]:
        """Give the probability of each completion that is to be looked at."""
        count = len(prompts)
        names = ["python"] * count if language is None else [language_of(one) for one in language]
        codes = [
            extract_code(completion, stops, MARKS[name])
            for completion, stops, name in zip(
                completions, stop or [()] * count, names, strict=True
            )
        ]
        outcomes = self._outcomes(prompts, completions)
        chosen = [
            index
            for index in range(count)
            if codes[index].strip() and outcomes[index] == self._wanted
        ]
        found = self._probabilities(
            [text_of(prompts[index]) for index in chosen], [codes[index] for index in chosen]
        )
        if log_metric is not None:
            log_metric("discriminator/asked", len(chosen) / count)
            if found:
                log_metric("discriminator/probability", sum(found) / len(found))
        rewards: list[float | None] = [
            None if outcome == Outcome.INFRA_ERROR else self._otherwise for outcome in outcomes
        ]
        for index, probability in zip(chosen, found, strict=True):
            rewards[index] = probability
        return rewards

    def close(self) -> None:
        """Let the weights go."""
        self._classifier = None

    def _outcomes(self, prompts: list[Any], completions: list[Completion]) -> Sequence[str | None]:
        if self._wanted is None:
            return [None] * len(prompts)
        return self._board.read(_POSTING, prompts, completions)

    def _probabilities(self, prompts: list[str], codes: list[str]) -> list[float]:
        if not codes:
            return []
        if self._classifier is None:
            from rewards.classifier import Classifier  # noqa: PLC0415 - torch is slow

            self._classifier = Classifier(self._path, self._device, self._max_length)
        return self._classifier.probabilities(prompts, codes, self._batch_size)


class DiscriminatorConfig(RewardConfig):
    """A classifier decides: `DiscriminatorReward`."""

    name: Literal["discriminator"]
    path: Path
    """Folder of a sequence classifier over (prompt, code), with its tokenizer."""
    when: str | None
    """`compiler.compiled`: ask only about what compiles, which multiplies the two; null: about
    everything, which adds them."""
    otherwise: float
    """Reward of a completion that `when` keeps from being asked about, and of one without code."""
    batch_size: PositiveInt
    """Completions at once."""
    max_length: PositiveInt
    """Tokens of prompt and code together; the prompt loses its beginning first."""
    device: str | None
    """Where it computes, such as `cpu` or `cuda:1`; null: the first GPU, or the processor."""

    @field_validator("when")
    @classmethod
    def _is_an_outcome(cls, when: str | None) -> str | None:
        if when is not None:
            reward, _, outcome = when.partition(".")
            words = [word for word in Outcome if word is not Outcome.INFRA_ERROR]
            if reward != _POSTING or outcome not in words:
                listed = ", ".join(f"{_POSTING}.{word}" for word in words)
                raise ValueError(f"expected one of: {listed}")
        return when

    @property
    def after(self) -> str | None:
        """The reward whose outcomes decide whether the classifier is asked."""
        return None if self.when is None else self.when.partition(".")[0]

    def build(self) -> DiscriminatorReward:
        """Make the reward; its weights are loaded with its first batch."""
        return DiscriminatorReward(**self.model_dump(exclude={"name", "weight"}))
