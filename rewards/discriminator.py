"""Rewards a program by a classifier: how probably it is what a person would have written.

It reads where a compiler only parses, so the two belong together: `when: compiler.compiled` asks it
about nothing else, which is the product of both. Alone it can be talked round, as every model can.
`algo=reward algo.loss=bce` trains one; what it saved is what is loaded here.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    field_validator,
)

from whetstone.rewards.base import Completion, RewardConfig
from whetstone.rewards.compiler import text_of
from whetstone.rewards.compilers import CompileOutcome, Snippet, language_of
from whetstone.rewards.compilers.reader import read_all
from whetstone.rewards.composition import Board
from whetstone.rewards.extract import shown, trimmed
from whetstone.rewards.programs import programs

if TYPE_CHECKING:
    from whetstone.rewards.refresh import Refresher

_POSTING = "compiler"
_MARK = "reward_model.json"  # whetstone.rewards.scorer has it too, and imports torch
_FOLDER = "discriminator"


class RefreshConfig(BaseModel):
    """How a discriminator goes on learning during reinforcement."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    every_steps: NonNegativeInt
    """Steps of the policy between two lessons; 0: it stays as it is. Needs the column `reference`
    in the data."""
    learning_rate: PositiveFloat
    replay: NonNegativeFloat
    """Old pairs that are learned again for each fresh one."""


NO_REFRESH = RefreshConfig(every_steps=0, learning_rate=1e-5, replay=1.0)


class DiscriminatorReward:
    """The calibrated probability of each completion; a reward function for TRL.

    Columns: `language`, `prefix`, `suffix` and `stop`, as for `CompilerReward`; all may be missing.
    `reference`, where it is to be refreshed.

    Args:
        path: The folder of the classifier: `merged` of a run with `algo=reward algo.loss=bce`.
        when: `compiler.compiled` asks only about completions with this outcome; None about all.
        otherwise: Reward of the others, and of a completion that says nothing: no code, or, where
            the language is known, comments, the prompt again and bodies that do nothing.
        batch_size: Completions at once.
        max_length: Tokens of prompt and code together; the beginning is cut off.
        device: Of torch; None chooses.
        refresh: How it goes on learning.

    The weights are loaded when it is first called.

    Example:
        >>> reward = DiscriminatorReward(Path("outputs/NAME/merged"))  # doctest: +SKIP
        >>> reward(prompts=["Write one()."], completions=["def one(): ..."])  # doctest: +SKIP
        [0.8]

    """

    def __init__(
        self,
        path: Path,
        when: str | None = None,
        otherwise: float = 0.0,
        batch_size: int = 16,
        max_length: int = 1024,
        device: str | None = None,
        refresh: RefreshConfig = NO_REFRESH,
    ) -> None:
        self.__name__ = "discriminator"
        self.none_masks_sample = True
        self._path = path.expanduser()
        if not (self._path / _MARK).is_file():
            raise ValueError(
                f"path={path}: there is no discriminator (no {_MARK}); train one with algo=reward"
                " algo.loss=bce and give its `merged` folder"
            )
        self._wanted = None if when is None else when.partition(".")[2]
        self._otherwise = otherwise
        self._batch_size, self._max_length, self._device = batch_size, max_length, device
        self._refresh = refresh
        self._folder: Path | None = None
        self._loaded: Refresher | None = None
        self._board = Board()

    def share(self, board: Board) -> None:
        """Read the compiler's outcomes from this board."""
        self._board = board

    def keep_in(self, folder: Path) -> None:
        """Keep what a refresh teaches in the run's folder, so that a continued run has it."""
        self._folder = folder / _FOLDER

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
        reference: Sequence[str] | None = None,
        trainer_state: Any = None,
        log_metric: Callable[[str, float], None] | None = None,
        **_: Any,
    ) -> list[float | None]:
        """Give the probability of each completion that is to be looked at.

        Raises `ValueError` where it is to be refreshed and the data have no references.
        """
        if self._refresh.every_steps and reference is None:
            raise ValueError("refresh.every_steps needs a dataset column `reference`; set it to 0")
        count = len(prompts)
        names = ["python"] * count if language is None else [language_of(one) for one in language]
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
        outcomes = self._outcomes(prompts, completions)
        said = _say_something(snippets, is_language_known=language is not None)
        chosen = [at for at in range(count) if said[at] and outcomes[at] == self._wanted]
        step = 0 if trainer_state is None else int(trainer_state.global_step)
        found = self._probabilities([snippets[index] for index in chosen], step)
        if log_metric is not None:
            log_metric("discriminator/asked", len(chosen) / count)
            if found:
                log_metric("discriminator/probability", sum(found) / len(found))
        if self._refresh.every_steps and reference is not None:
            triples = [(snippets[at].prompt, reference[at], snippets[at].code) for at in chosen]
            accuracy = self._learn(triples, step, getattr(trainer_state, "save_steps", None))
            if accuracy is not None and log_metric is not None:
                log_metric("discriminator/accuracy", accuracy)
        rewards: list[float | None] = [
            None if outcome == CompileOutcome.INFRA_ERROR else self._otherwise
            for outcome in outcomes
        ]
        for index, probability in zip(chosen, found, strict=True):
            rewards[index] = probability
        return rewards

    def close(self) -> None:
        """Let the weights go."""
        self._loaded = None

    def _outcomes(self, prompts: list[Any], completions: list[Completion]) -> Sequence[str | None]:
        if self._wanted is None:
            return [None] * len(prompts)
        return self._board.read(_POSTING, prompts, completions)

    def _probabilities(self, snippets: Sequence[Snippet], step: int) -> list[float]:
        if not snippets:
            return []
        from whetstone.rewards.scorer import score  # noqa: PLC0415 - torch is slow

        judge = self._judge(step)
        eos = judge.scorer.tokenizer.eos_token
        texts = [shown(snippet.prompt, snippet.code) + eos for snippet in snippets]
        rows = judge.scorer.read(texts)
        logits = score(judge.scorer, rows, self._batch_size, self._max_length)
        return [judge.calibration.probability(logit) for logit in logits]

    def _learn(
        self, triples: Sequence[tuple[str, str, str]], step: int, save_steps: int | None
    ) -> float | None:
        from whetstone.rewards.pairs import Pair  # noqa: PLC0415 - torch is slow

        judge = self._judge(step)
        if not judge.is_due(step):
            return None
        told = [Pair(*triple) for triple in triples if trimmed(triple[1]) != trimmed(triple[2])]
        return judge.learn(list(dict.fromkeys(told)), step, save_steps)

    def _judge(self, step: int) -> "Refresher":
        """Return the classifier as it was before this step."""
        if self._loaded is None:
            from whetstone.rewards.refresh import Learning, load_refresher  # noqa: PLC0415 - torch is slow

            refresh = self._refresh
            learning = Learning(
                refresh.every_steps,
                refresh.learning_rate,
                refresh.replay,
                self._batch_size,
                self._max_length,
            )
            self._loaded = load_refresher(self._path, self._device, learning, self._folder, step)
        return self._loaded


class DiscriminatorConfig(RewardConfig):
    """A classifier decides: `DiscriminatorReward`."""

    name: Literal["discriminator"]
    path: Path
    """Folder of a classifier over (prompt, code): `merged` of a run with `algo.loss=bce`, or
    `stage:NAME`."""
    when: str | None
    """`compiler.compiled`: ask only about what compiles, which multiplies the two; null: about
    everything, which adds them."""
    otherwise: float
    """Reward of a completion that `when` keeps from being asked about, and of one that says
    nothing: no code, or, where rows have a `language`, comments, the prompt again and bodies that
    do nothing."""
    batch_size: PositiveInt
    """Completions at once."""
    max_length: PositiveInt
    """Tokens of prompt and code together; a longer text loses its beginning."""
    device: str | None
    """Where it computes, such as `cpu` or `cuda:1`; null: the first GPU, or the processor."""
    refresh: RefreshConfig

    @field_validator("when")
    @classmethod
    def _is_an_outcome(cls, when: str | None) -> str | None:
        if when is not None:
            reward, _, outcome = when.partition(".")
            words = [word for word in CompileOutcome if word is not CompileOutcome.INFRA_ERROR]
            if reward != _POSTING or outcome not in words:
                listed = ", ".join(f"{_POSTING}.{word}" for word in words)
                raise ValueError(f"expected one of: {listed}")
        return when

    @property
    def after(self) -> str | None:
        """The reward whose outcomes decide whether the classifier is asked."""
        return None if self.when is None else self.when.partition(".")[0]

    @property
    def columns(self) -> frozenset[str]:
        """What a lesson sets the completions against."""
        return frozenset({"reference"} if self.refresh.every_steps else ())

    def build(self) -> DiscriminatorReward:
        """Make the reward; its weights are loaded with its first batch."""
        settings = self.model_dump(exclude={"name", "weight", "refresh"})
        return DiscriminatorReward(**settings, refresh=self.refresh)


def _say_something(snippets: Sequence[Snippet], *, is_language_known: bool) -> list[bool]:
    """Tell which programs say anything; without their language, which are more than blanks."""
    if not is_language_known:
        return [bool(one.code.strip()) for one in snippets]
    return [one is not None and one.says_something for one in read_all(snippets)]
