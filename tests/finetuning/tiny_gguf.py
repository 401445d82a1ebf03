"""A GGUF file of a tiny model, written as llama.cpp's converter writes one of a Llama."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from gguf import GGMLQuantizationType, GGUFWriter, TokenType, quantize
from transformers import LlamaConfig, LlamaForCausalLM

from whetstone.finetuning.nano import corpus
from whetstone.finetuning.nano.tokenizer import build_tokenizer

CHAT = "{% for message in messages %}{{ message['content'] }}\n{% endfor %}"
HEADS, GROUPS = 4, 2
_NAMES = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
}


def tiny_llama() -> tuple[Any, Any]:
    """A random Llama with grouped-query attention and tied embeddings, and its tokenizer."""
    tokenizer = build_tokenizer([a + b for a, b in corpus(200, 0)], 320)
    torch.manual_seed(0)
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=32,
            intermediate_size=64,
            num_hidden_layers=2,
            num_attention_heads=HEADS,
            num_key_value_heads=GROUPS,
            max_position_embeddings=256,
            initializer_range=0.2,
            tie_word_embeddings=True,
            rope_theta=10000.0,
        )
    )
    return model.eval(), tokenizer


def write_gguf(
    path: Path,
    model: Any,
    tokenizer: Any,
    kind: GGMLQuantizationType = GGMLQuantizationType.F32,
    architecture: str = "llama",
) -> Path:
    """Write the model; matrices in the format `kind`, the rest in float32."""
    writer, config = GGUFWriter(path, architecture), model.config
    writer.add_name("a tiny one")
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(GROUPS)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(10000.0)
    writer.add_rope_dimension_count(config.hidden_size // HEADS)
    writer.add_vocab_size(config.vocab_size)
    _add_tokenizer(writer, tokenizer)
    for name, weight in model.state_dict().items():
        if name != "lm_head.weight":  # tied
            _add_tensor(writer, name, weight.numpy(), kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _add_tokenizer(writer: GGUFWriter, tokenizer: Any) -> None:
    known = json.loads(tokenizer.backend_tokenizer.to_str())
    tokens = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    special = set(tokenizer.all_special_tokens)
    kinds = [TokenType.CONTROL if token in special else TokenType.NORMAL for token, _ in tokens]
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list([token for token, _ in tokens])
    writer.add_token_types(kinds)
    writer.add_token_merges([" ".join(pair) for pair in known["model"]["merges"]])
    writer.add_eos_token_id(tokenizer.eos_token_id)
    writer.add_bos_token_id(tokenizer.eos_token_id)
    writer.add_pad_token_id(tokenizer.pad_token_id)
    writer.add_chat_template(CHAT)


def _add_tensor(
    writer: GGUFWriter, name: str, weight: np.ndarray, kind: GGMLQuantizationType
) -> None:
    name = name.removeprefix("model.")
    for theirs, short in _NAMES.items():
        name = name.replace(theirs, short)
    name = name.replace("layers.", "blk.").replace("embed_tokens", "token_embd")
    name = "output_norm.weight" if name == "norm.weight" else name
    heads = {"attn_q": HEADS, "attn_k": GROUPS}.get(name.split(".")[-2])
    if heads:  # llama.cpp pairs neighbours where transformers pairs halves
        halves = weight.reshape(heads, 2, weight.shape[0] // heads // 2, weight.shape[1])
        weight = halves.swapaxes(1, 2).reshape(weight.shape)
    if weight.ndim == 1 or kind is GGMLQuantizationType.F32:
        writer.add_tensor(name, np.ascontiguousarray(weight))
    else:
        packed = quantize(np.ascontiguousarray(weight), kind)
        writer.add_tensor(name, packed, raw_dtype=kind)
