"""How completions are drawn: the settings that evaluations, collecting and `generate` share."""

from typing import Annotated

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt, StrictBool

from whetstone.evaluation.sampler import SamplingParams
from whetstone.evaluation.settings import Settings
from whetstone.finetuning.config.schema.base import Section


class SamplingConfig(Section):
    """How the completions of one prompt are drawn."""

    samples: PositiveInt
    """Completions for each prompt or problem."""
    temperature: PositiveFloat
    top_p: Annotated[float, Field(gt=0, le=1)]
    top_k: NonNegativeInt
    """0: no limit."""
    max_new_tokens: PositiveInt
    """Of a completion; it also ends where the model's context does."""

    def params(
        self, seed: int, stop: tuple[str, ...] = (), *, chat: bool = False
    ) -> SamplingParams:
        """Return what a sampler is asked for.

        Args:
            seed: Every draw follows from it.
            stop: Strings at which a completion may end.
            chat: Whether prompts are put into the model's chat template.

        """
        return SamplingParams(
            n=self.samples,
            temperature=self.temperature,
            top_p=self.top_p,
            top_k=self.top_k,
            max_new_tokens=self.max_new_tokens,
            stop=stop,
            seed=seed,
            chat=chat,
        )


class TaskSamplingConfig(SamplingConfig):
    """How the problems of a task are answered to measure pass@k."""

    greedy: StrictBool
    """Also one greedy completion for each problem: the accuracy."""
    k: list[PositiveInt]
    """The k of pass@k. Those above `samples` cannot be estimated."""
    batch_size: PositiveInt
    """Completions generated at the same time."""
    limit: PositiveInt | None
    """Only the first problems of each task."""

    def settings(self, seed: int) -> Settings:
        """Return the settings of the evaluation whose every draw follows from `seed`."""
        return Settings(
            samples=self.samples,
            temperature=self.temperature,
            top_p=self.top_p,
            top_k=self.top_k,
            max_new_tokens=self.max_new_tokens,
            batch_size=self.batch_size,
            seed=seed,
            k=tuple(self.k),
            greedy=self.greedy,
        )
