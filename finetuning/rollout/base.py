"""What every engine takes and returns: prompt ids in, completion ids and log-probabilities out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

STOP_CHECK_TOKENS = 8  # decoding text costs more than a forward step of a small model


@dataclass(frozen=True)
class Sampling:
    """How tokens are drawn."""

    max_new_tokens: int
    temperature: float = 1.0
    """0.0 takes the most probable token."""
    top_p: float = 1.0
    top_k: int = 0
    """0: no limit."""
    stop: tuple[str, ...] = ()
    """A row may end once one of these strings is in its text; the text is not cut here."""


@dataclass(frozen=True)
class Rollout:
    """One completion: token ids with their EOS, and the log-probability of each under the sampler.

    Log-probabilities are those of the distribution sampled from, after temperature and before
    top-p and top-k, in nats, one for each id.
    """

    ids: list[int]
    logprobs: list[float]


class Engine(Protocol):
    """Draws completions from a policy that somebody else trains."""

    eos: list[int]
    """Ids of the tokens that end a completion."""

    def sync(self, model: Any) -> None:
        """Take the weights of this transformers model, LoRA-wrapped or not, as they are now."""

    def sample(
        self, prompts: Sequence[list[int]], n: int, sampling: Sampling, seed: int
    ) -> list[Rollout]:
        """Draw `n` completions for each prompt.

        Args:
            prompts: P lists of token ids.
            n: completions for each prompt.
            sampling: how tokens are drawn.
            seed: the draw depends on this, the prompts and the weights, and on nothing else.

        Returns:
            P * n rollouts, those of one prompt next to each other.

        """

    def statistics(self) -> dict[str, float]:
        """Return figures of the last sync, by the name under which they are logged."""


class BuildEngine(Protocol):
    """The function `build` of an engine's module."""

    def __call__(self, model: Any, tokenizer: Any, dtype: Any) -> Engine:
        """Return an engine for a transformers model; `dtype` is torch's, of the weights."""


def eos_ids(model: Any, tokenizer: Any) -> list[int]:
    """Return the ids that end a completion: the model's own and the tokenizer's."""
    configured = getattr(model.generation_config, "eos_token_id", None)
    ids = configured if isinstance(configured, list) else [configured]
    return sorted({token for token in [*ids, tokenizer.eos_token_id] if token is not None})
