"""Completions from mlx-lm: the engine for Apple's GPUs, where torch decodes slowly.

The policy stays in torch, where it is trained; its weights are copied in memory before each draw.
A prompt is read once for all of its completions. Log-probabilities are those of the distribution
that was sampled, the one of EOS included: mlx-lm's own batch function drops EOS and reports them
before temperature.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import mlx.core as mx
import torch
from mlx_lm.generate import BatchGenerator
from mlx_lm.models.cache import make_prompt_cache

from whetstone.finetuning.rollout.base import STOP_CHECK_TOKENS, Rollout, Sampling, eos_ids
from whetstone.finetuning.rollout.mlx_model import MLXModel


class MLXEngine:
    """Samples with mlx-lm from a policy of torch.

    Args:
        model: the transformers model whose architecture it has; its weights come with `sync`.
        tokenizer: its tokenizer.
        dtype: the number format that weights are copied to.

    """

    def __init__(self, model: Any, tokenizer: Any, dtype: torch.dtype) -> None:
        self.eos = eos_ids(model, tokenizer)
        self._tokenizer = tokenizer
        self._copy = MLXModel(model.config.to_dict(), dtype)
        self._statistics: dict[str, float] = {}
        self.copied = 0
        """Tensors that the last sync copied. Not logged: a resumed run begins with all of them."""

    def sync(self, model: Any) -> None:
        """Copy the weights that changed; the first time all of them."""
        start = time.perf_counter()
        self.copied = self._copy.follow(model)
        self._statistics = {"seconds/sync": time.perf_counter() - start}

    def statistics(self) -> dict[str, float]:
        """Return how long the last sync took."""
        return self._statistics

    def sample(
        self, prompts: Sequence[list[int]], n: int, sampling: Sampling, seed: int
    ) -> list[Rollout]:
        """Draw `n` completions for each prompt, as `Engine` says."""
        mx.random.seed(seed % 2**64)
        rows = [ids for ids in prompts for _ in range(n)]
        caches = [cache for ids in prompts for cache in [self._read(ids[:-1])] * n]
        generator = BatchGenerator(
            _AtTemperature(self._copy.module, sampling.temperature or 1.0),
            stop_tokens=[[token] for token in self.eos],
            sampler=_drawing(sampling),
            completion_batch_size=len(rows),
            prefill_batch_size=len(rows),
        )
        try:
            uids = generator.insert(
                [ids[-1:] for ids in rows], [sampling.max_new_tokens] * len(rows), caches
            )
            drawn = self._draw(generator, sampling.stop)
        finally:
            generator.close()
            mx.clear_cache()  # torch wants the same memory for the step that follows
        return [drawn[uid] for uid in uids]

    def _read(self, ids: list[int]) -> list[Any]:
        """Return the keys and values of a prompt; merging them into a batch copies them."""
        cache: list[Any] = make_prompt_cache(self._copy.module)
        if ids:
            self._copy.module(mx.array([ids]), cache=cache)
            mx.eval([layer.state for layer in cache])
        return cache

    def _draw(self, generator: BatchGenerator, stop: tuple[str, ...]) -> dict[int, Rollout]:
        """Run the batch to its end; rows that have ended leave it."""
        rollouts: dict[int, Rollout] = defaultdict(lambda: Rollout([], []))
        while answers := generator.next_generated():
            tokens_A = [answer.token for answer in answers]
            logps_A_V = mx.stack([answer.logprobs for answer in answers])
            logps_A_1 = mx.take_along_axis(logps_A_V, mx.array(tokens_A)[:, None], axis=1)
            logps: Any = logps_A_1[:, 0].tolist()
            for answer, logp in zip(answers, logps, strict=True):
                rollouts[answer.uid].ids.append(answer.token)
                rollouts[answer.uid].logprobs.append(logp)
            if stop and len(rollouts[answers[0].uid].ids) % STOP_CHECK_TOKENS == 0:
                going = [answer.uid for answer in answers if answer.finish_reason is None]
                ended = [uid for uid in going if self._has_stop(rollouts[uid].ids, stop)]
                generator.remove(ended)
        return rollouts

    def _has_stop(self, ids: list[int], stop: tuple[str, ...]) -> bool:
        text = self._tokenizer.decode(ids)
        return any(word in text for word in stop)


def build(model: Any, tokenizer: Any, dtype: torch.dtype) -> MLXEngine:
    """Return an engine; its weights come with `sync`."""
    return MLXEngine(model, tokenizer, dtype)


class _AtTemperature:
    """A model whose logits are divided by the temperature, so that what is reported is sampled."""

    def __init__(self, module: Any, temperature: float) -> None:
        self._module = module
        self._temperature = temperature

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        logits = self._module(*arguments, **keywords).astype(mx.float32)
        return logits / self._temperature

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)


def _drawing(sampling: Sampling) -> Callable[[Any], Any]:
    """Return how a token of each row is drawn from log-probabilities at the temperature."""
    if sampling.temperature == 0.0:
        return lambda logps_A_V: mx.argmax(logps_A_V, axis=-1)

    def draw(logps_A_V: Any) -> Any:
        kept_A_V = _nucleus(_top_k(logps_A_V, sampling.top_k), sampling.top_p)
        return mx.random.categorical(kept_A_V)

    return draw


def _top_k(logps_A_V: Any, k: int) -> Any:
    if k == 0 or k >= logps_A_V.shape[-1]:
        return logps_A_V
    threshold = mx.min(mx.topk(logps_A_V, k, axis=-1), axis=-1, keepdims=True)
    return mx.where(logps_A_V < threshold, -mx.inf, logps_A_V)


def _nucleus(logps_A_V: Any, top_p: float) -> Any:
    """Keep the smallest set of tokens whose probability reaches top_p (Holtzman et al. 2020)."""
    if top_p >= 1.0:
        return logps_A_V
    order = mx.argsort(-logps_A_V, axis=-1)
    probability = mx.softmax(mx.take_along_axis(logps_A_V, order, axis=-1), axis=-1)
    beyond = mx.cumsum(probability, axis=-1) - probability >= top_p
    places = mx.argsort(order, axis=-1)
    return mx.where(mx.take_along_axis(beyond, places, axis=-1), -mx.inf, logps_A_V)
