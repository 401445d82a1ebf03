"""The nano model: a Llama small enough to learn the nano world on two CPU cores in minutes.

It is a stock `LlamaForCausalLM`, so that whatever trains, samples, merges or serves it is tested
on the same class as real models. There is one size on purpose: another one would be another
experiment, with other learning rates.
"""

import torch
from transformers import LlamaConfig, LlamaForCausalLM

from whetstone.finetuning.nano.context import CONTEXT_LENGTH
from whetstone.finetuning.nano.tokenizer import EOS, PAD, SPECIAL_TOKENS


def build_model(vocab_size: int, seed: int) -> LlamaForCausalLM:
    """Return an untrained model in float32: 270,816 parameters for a vocabulary of 512.

    Equal seeds give equal weights; the caller's random state is left as it was.
    """
    pad, eos = SPECIAL_TOKENS.index(PAD), SPECIAL_TOKENS.index(EOS)
    config = LlamaConfig(
        vocab_size=vocab_size,
        hidden_size=96,
        intermediate_size=256,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=4,
        max_position_embeddings=CONTEXT_LENGTH,
        tie_word_embeddings=True,
        # Wider than the usual 0.02, which is meant for widths in the thousands.
        initializer_range=0.05,
        pad_token_id=pad,
        eos_token_id=eos,
        bos_token_id=None,
        dtype=torch.float32,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return LlamaForCausalLM(config)
