"""Completions from a transformers model: prefill once per prompt, finished rows leave the batch.

`generate` prefills every copy of a prompt and carries finished rows to the end of the longest.
For groups of completions of one prompt this saves both, and the log-probability of every sampled
token comes along. Works with any decoder-only model that has a KV cache: every number comes from
the model's own forward, nothing of it is re-implemented.
"""

import inspect
from collections.abc import Sequence
from typing import Any

import torch
from peft import PeftModel
from transformers import DynamicCache

from whetstone.finetuning.rollout.base import STOP_CHECK_TOKENS, Rollout, Sampling, eos_ids


class HFSampler:
    """Samples from a causal language model of transformers, LoRA-wrapped or not."""

    def __init__(self, model: Any, tokenizer: Any) -> None:
        self._model = model
        self._tokenizer = tokenizer
        self._pad = tokenizer.pad_token_id
        self.eos = eos_ids(model, tokenizer)

    def sync(self, model: Any) -> None:
        """Sample from this model from now on: its weights are used where they are."""
        self._model = model

    def statistics(self) -> dict[str, float]:
        """Return nothing: there is nothing to copy."""
        return {}

    @torch.no_grad()
    def sample(
        self, prompts: Sequence[list[int]], n: int, sampling: Sampling, seed: int
    ) -> list[Rollout]:
        """Draw `n` completions for each prompt, as `Engine` says."""
        training = self._model.training
        self._model.eval()
        try:
            return _Batch(self._model, self._tokenizer, self._pad, self.eos, sampling).run(
                prompts, n, seed
            )
        finally:
            self._model.train(training)


def build(model: Any, tokenizer: Any, dtype: torch.dtype) -> HFSampler:
    """Return a sampler; the number format is the model's own."""
    del dtype
    return HFSampler(model, tokenizer)


class _Batch:
    """The state of one batch: B = P * n rows, of which A are still active.

    Shape suffixes: P prompts, B rows, A active rows, L prompt length, T tokens so far,
    N new tokens, V vocabulary.
    """

    def __init__(
        self, model: Any, tokenizer: Any, pad: int, eos: list[int], sampling: Sampling
    ) -> None:
        self._model = model
        self._tokenizer = tokenizer
        self._pad = pad
        self._sampling = sampling
        self._device = next(model.parameters()).device
        self._eos = torch.tensor(eos, device=self._device)
        self._cache = _cache_argument(model)

    def run(self, prompts: Sequence[list[int]], n: int, seed: int) -> list[Rollout]:
        generator = torch.Generator(device=_dice(self._device)).manual_seed(seed)
        limit = self._sampling.max_new_tokens
        logits_A_V, cache, mask_A_T = self._prefill(prompts, n)
        rows = len(prompts) * n
        ids_B_N = torch.full((rows, limit), self._pad, device=self._device)
        logprobs_B_N = torch.zeros((rows, limit), device=self._device)
        lengths_B = torch.full((rows,), limit, device=self._device)
        active_A = torch.arange(rows, device=self._device)
        for step in range(limit):
            token_A, logprob_A = self._draw(logits_A_V, generator)
            ids_B_N[active_A, step] = token_A
            logprobs_B_N[active_A, step] = logprob_A
            ended_A = torch.isin(token_A, self._eos)
            if self._sampling.stop and (step + 1) % STOP_CHECK_TOKENS == 0:
                ended_A |= self._has_stop(ids_B_N[active_A, : step + 1])
            lengths_B[active_A[ended_A]] = step + 1
            if step + 1 == limit or bool(ended_A.all()):
                break
            if bool(ended_A.any()):
                going = (~ended_A).nonzero()[:, 0]
                active_A, token_A, mask_A_T = active_A[going], token_A[going], mask_A_T[going]
                cache.batch_select_indices(going)
            mask_A_T = torch.nn.functional.pad(mask_A_T, (0, 1), value=1)
            logits_A_V = self._step(token_A, cache, mask_A_T)
        return [
            Rollout(ids[:length], logprobs[:length])
            for ids, logprobs, length in zip(
                ids_B_N.tolist(), logprobs_B_N.tolist(), lengths_B.tolist(), strict=True
            )
        ]

    def _prefill(self, prompts: Sequence[list[int]], n: int) -> tuple[Any, Any, Any]:
        """Run each prompt once, then copy its keys and values for its n completions."""
        longest = max(len(ids) for ids in prompts)
        ids_P_L = torch.full((len(prompts), longest), self._pad, device=self._device)
        mask_P_L = torch.zeros_like(ids_P_L)
        for row, ids in enumerate(prompts):
            ids_P_L[row, longest - len(ids) :] = torch.tensor(ids, device=self._device)
            mask_P_L[row, longest - len(ids) :] = 1
        cache = DynamicCache(config=self._model.config)
        output = self._model(
            input_ids=ids_P_L,
            attention_mask=mask_P_L,
            position_ids=(mask_P_L.cumsum(-1) - 1).clamp(min=0),
            use_cache=True,
            logits_to_keep=1,
            **{self._cache: cache},
        )
        cache.batch_repeat_interleave(n)
        return (
            output.logits[:, -1].repeat_interleave(n, 0),
            cache,
            mask_P_L.repeat_interleave(n, 0),
        )

    def _step(self, token_A: Any, cache: Any, mask_A_T: Any) -> Any:
        output = self._model(
            input_ids=token_A[:, None],
            attention_mask=mask_A_T,
            position_ids=mask_A_T.sum(-1, keepdim=True) - 1,
            use_cache=True,
            **{self._cache: cache},
        )
        return output.logits[:, -1]

    def _draw(self, logits_A_V: Any, generator: torch.Generator) -> tuple[Any, Any]:
        """Return one token per row and its log-probability."""
        temperature = self._sampling.temperature
        logps_A_V = (logits_A_V.float() / (temperature or 1.0)).log_softmax(-1)
        if temperature == 0.0:
            token_A = logps_A_V.argmax(-1)
        else:
            kept_A_V = _nucleus(_top_k(logps_A_V, self._sampling.top_k), self._sampling.top_p)
            token_A = _inverse_transform(kept_A_V, generator)
        return token_A, logps_A_V.gather(1, token_A[:, None])[:, 0]

    def _has_stop(self, ids_A_T: Any) -> Any:
        texts = self._tokenizer.batch_decode(ids_A_T)
        found = [any(stop in text for stop in self._sampling.stop) for text in texts]
        return torch.tensor(found, device=self._device)


def _cache_argument(model: Any) -> str:
    """Return what this model calls its cache.

    transformers renamed it in 5.24 and warns of the old name at each step. The model is asked, for
    its code may be older than the library, and a forward takes a name that it does not know in
    silence.
    """
    causal = model.get_base_model() if isinstance(model, PeftModel) else model
    return "cache" if "cache" in inspect.signature(causal.forward).parameters else "past_key_values"


def _inverse_transform(logps_A_V: Any, generator: torch.Generator) -> Any:
    """Draw one token per row with one random number per row.

    Noise for every token of the vocabulary costs more than a forward step of a small model. The
    sum is in double precision: a float's error grows to the probability of a rare token.
    """
    cdf_A_V = logps_A_V.to(_dice(logps_A_V.device)).exp().cumsum(-1, dtype=torch.float64)
    point_A_1 = torch.rand(
        (len(cdf_A_V), 1), dtype=torch.float64, device=cdf_A_V.device, generator=generator
    )
    # right=True steps over tokens of probability zero.
    token_A_1 = torch.searchsorted(cdf_A_V, point_A_1 * cdf_A_V[:, -1:], right=True)
    return token_A_1[:, 0].clamp(max=cdf_A_V.shape[-1] - 1).to(logps_A_V.device)


def _dice(device: torch.device) -> torch.device:
    """Return where tokens are drawn: Apple's GPUs have no double precision."""
    return torch.device("cpu") if device.type == "mps" else device


def _top_k(logps_A_V: Any, k: int) -> Any:
    if k == 0 or k >= logps_A_V.shape[-1]:
        return logps_A_V
    threshold = logps_A_V.topk(k, -1).values[:, -1:]
    return logps_A_V.masked_fill(logps_A_V < threshold, -torch.inf)


def _nucleus(logps_A_V: Any, top_p: float) -> Any:
    """Keep the smallest set of tokens whose probability reaches top_p (Holtzman et al. 2020)."""
    if top_p >= 1.0:
        return logps_A_V
    ordered, index = logps_A_V.sort(-1, descending=True)
    probability = ordered.softmax(-1)
    beyond = probability.cumsum(-1) - probability >= top_p
    return logps_A_V.masked_fill(beyond.scatter(-1, index, beyond), -torch.inf)
