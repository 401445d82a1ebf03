"""A trained reward model as a reward: what it learned to prefer is what it pays for.

It refuses a folder that holds no reward model when the reward is built; weights load with the
first batch.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import PositiveInt

from whetstone.rewards import score_scale
from whetstone.rewards.base import Completion, RewardConfig
from whetstone.rewards.extract import cut_at_stop

_MARK = "reward_model.json"  # whetstone.rewards.scorer has it too, and imports torch


class RewardModelReward:
    """Scores prompt and completion with a model of `algo=reward`; a reward function for TRL.

    Args:
        path: The folder of the model.
        batch_size: Completions that are scored at a time.
        device: Where: `cpu`, `cuda`, or `auto` for the GPU where there is one.
        max_length: Longer texts lose their beginning; None: no limit.
        normalize: Give mean 0 and variance 1 over the held-out completions of the model's training,
            where its folder says what they were (`scale.json`); otherwise its raw scores.

    Raises `ValueError` where the folder holds no reward model.

    Example:
        >>> reward = RewardModelReward("outputs/NAME/merged")  # doctest: +SKIP
        >>> reward(prompts=["p"], completions=["c"])  # doctest: +SKIP
        [0.3]

    """

    def __init__(
        self,
        path: str,
        batch_size: int = 16,
        device: str = "auto",
        max_length: int | None = None,
        *,
        normalize: bool = True,
    ) -> None:
        self._folder = Path(path).expanduser()
        if not (self._folder / _MARK).is_file():
            raise ValueError(
                f"path={path}: there is no reward model (no {_MARK}); train one with algo=reward "
                "and give its `merged` folder"
            )
        self.__name__ = "reward_model"
        self._batch_size = batch_size
        self._device = device
        self._max_length = max_length
        self._scale = (score_scale.load(self._folder) if normalize else None) or score_scale.Scale()
        self._scorer: Any = None

    def __call__(
        self,
        prompts: list[Any],
        completions: list[Completion],
        *,
        stop: Sequence[Sequence[str]] | None = None,
        **_: Any,
    ) -> list[float | None]:
        """Return one score per completion.

        `stop`: strings, per completion, at the earliest of which a text is cut, as a program is.
        """
        from whetstone.rewards.scorer import score  # noqa: PLC0415 - torch, only where a model is asked

        scorer = self._loaded()
        cut = [
            cut_at_stop(completion, stops) if isinstance(completion, str) else completion
            for completion, stops in zip(completions, stop or [()] * len(prompts), strict=True)
        ]
        rows = [
            token_ids(prompt, completion, scorer.tokenizer)
            for prompt, completion in zip(prompts, cut, strict=True)
        ]
        scores = score(scorer, rows, self._batch_size, self._max_length)
        return [self._scale.normalized(one) for one in scores]

    def close(self) -> None:
        """Let the weights go."""
        self._scorer = None

    def _loaded(self) -> Any:
        if self._scorer is None:
            import torch  # noqa: PLC0415 - only where a model is asked

            from whetstone.rewards.scorer import load_scorer  # noqa: PLC0415

            self._scorer = load_scorer(self._folder)
            automatic = "cuda" if torch.cuda.is_available() else "cpu"
            self._scorer.model.to(automatic if self._device == "auto" else self._device)
        return self._scorer


def token_ids(prompt: Any, completion: Completion, tokenizer: Any) -> list[int]:
    """Return what the model was trained on: the text with its end, or the conversation.

    A conversation has the marks of its template and no others: many templates write the beginning
    of a text themselves, which the tokenizer would write once more.
    """
    if isinstance(completion, str):
        ended = completion.endswith(tokenizer.eos_token)
        end = "" if ended else tokenizer.eos_token
        ids: list[int] = tokenizer(f"{prompt}{completion}{end}")["input_ids"]
        return ids
    told = tokenizer.apply_chat_template([*prompt, *completion], return_dict=True)
    conversation: list[int] = told["input_ids"]
    return conversation


class RewardModelConfig(RewardConfig):
    """What a trained reward model prefers: `RewardModelReward`."""

    name: Literal["reward_model"]
    path: str
    """The folder of the model (`merged` of an `algo=reward` run), or `stage:NAME`."""
    batch_size: PositiveInt
    """Completions that are scored at a time."""
    device: Literal["auto", "cpu", "cuda"]
    max_length: PositiveInt | None
    """Longer texts lose their beginning; null: no limit."""
    normalize: bool
    """Whether scores have mean 0 and variance 1 over the held-out rows of the model's training."""

    def build(self) -> RewardModelReward:
        """Check the folder; the weights load with the first batch."""
        return RewardModelReward(
            self.path, self.batch_size, self.device, self.max_length, normalize=self.normalize
        )
