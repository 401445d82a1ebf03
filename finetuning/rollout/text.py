"""The sampler as evaluation wants it: text in, text out."""

from collections.abc import Sequence
from typing import Any

from evaluation.sampler import SamplingParams
from finetuning.rollout.decode import decode_completions
from finetuning.rollout.hf import HFSampler, Sampling


class TextSampler:
    """Implements evaluation's Sampler with a transformers model."""

    def __init__(self, model: Any, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._sampler = HFSampler(model, tokenizer)

    def __call__(self, prompts: Sequence[str], params: SamplingParams) -> list[list[str]]:
        """Return `params.n` completions for each prompt, without special tokens."""
        sampling = Sampling(
            max_new_tokens=params.max_new_tokens,
            temperature=params.temperature,
            top_p=params.top_p,
            top_k=params.top_k,
            stop=params.stop,
        )
        ids = self._tokenizer(list(prompts))["input_ids"]
        rollouts = self._sampler.sample(ids, params.n, sampling, params.seed)
        texts = decode_completions(self._tokenizer, [rollout.ids for rollout in rollouts])
        return [texts[start : start + params.n] for start in range(0, len(texts), params.n)]
