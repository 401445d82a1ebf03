"""Completions from an encoder-decoder: transformers' own generation, seeded by the draw.

Our sampler shares the prefill of a prompt among its completions, which these models have not: the
prompt is what the encoder reads, and the decoder starts from nothing.
"""

from collections.abc import Sequence
from typing import Any

import torch

from whetstone.evaluation.sampler import SamplingParams


def sample_seq2seq(
    model: Any, tokenizer: Any, prompts: Sequence[str], params: SamplingParams
) -> list[list[str]]:
    """Return `params.n` completions for each prompt, without special tokens."""
    batch = tokenizer(list(prompts), padding=True, return_tensors="pt").to(model.device)
    drawn = {
        "do_sample": True,
        "temperature": params.temperature,
        "top_p": params.top_p,
        "top_k": params.top_k,
        "num_return_sequences": params.n,
    }
    training = model.training
    model.eval()
    try:
        with torch.no_grad(), torch.random.fork_rng():
            torch.manual_seed(params.seed % 2**63)
            ids_B_T = model.generate(
                input_ids=batch["input_ids"],
                attention_mask=batch["attention_mask"],
                max_new_tokens=params.max_new_tokens,
                **(drawn if params.temperature else {"do_sample": False}),
            )
    finally:
        model.train(training)
    texts = tokenizer.batch_decode(ids_B_T, skip_special_tokens=True)
    if not params.temperature:
        return [[text] * params.n for text in texts]
    return [texts[start : start + params.n] for start in range(0, len(texts), params.n)]
