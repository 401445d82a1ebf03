"""The control: a reward that knows nothing about the completion.

A policy that improves under it improves for a reason other than its reward. It refuses to look: not
even the length of a completion may reach the draw.
"""

import random
from typing import Annotated, Any, Literal

from pydantic import Field

from whetstone.rewards.base import Completion, RewardConfig


class RandomReward:
    """Gives 1.0 with a fixed probability, else 0.0; a reward function for TRL.

    A draw depends on the seed, the trainer's step and the place in the batch, and on nothing else,
    so a resumed run draws what the uninterrupted one would have. Outside a trainer the number of
    earlier calls stands for the step.

    Example:
        >>> RandomReward(probability=1.0)(prompts=["p"], completions=["c"])
        [1.0]

    """

    def __init__(self, probability: float = 0.5, seed: int = 0) -> None:
        if not 0 <= probability <= 1:
            raise ValueError(f"probability={probability}: it lies between 0 and 1")
        self.__name__ = "random"
        self._probability = probability
        self._seed = seed
        self._calls = 0

    def __call__(
        self,
        prompts: list[Any],
        completions: list[Completion],  # noqa: ARG002 - TRL passes them by name
        *,
        trainer_state: Any = None,
        **_: Any,
    ) -> list[float | None]:
        """Draw one reward per prompt. `trainer_state` is TRL's, with its `global_step`."""
        step = self._calls if trainer_state is None else trainer_state.global_step
        self._calls += 1
        return [float(self._draw(step, index) < self._probability) for index in range(len(prompts))]

    def close(self) -> None:
        """Nothing to release."""

    def _draw(self, step: int, index: int) -> float:
        """Uniform in [0, 1). A string seeds by its content, equally in every process."""
        return random.Random(f"{self._seed}/{step}/{index}").random()


class RandomConfig(RewardConfig):
    """A reward without information: `RandomReward`."""

    name: Literal["random"]
    probability: Annotated[float, Field(ge=0, le=1)]
    """How often a completion gets 1.0 instead of 0.0."""
    seed: int
    """Other seeds give other draws."""

    def build(self) -> RandomReward:
        """Make the reward."""
        return RandomReward(self.probability, self.seed)
