"""Each family that is trained here says the same in mlx-lm as in transformers."""

import json
from functools import cache
from types import SimpleNamespace

import pytest
import torch
import transformers

from whetstone.rewards.extras import not_installed

mx = pytest.importorskip("mlx.core", reason=not_installed("mlx", "mlx"))
pytest.importorskip("mlx_lm", reason=not_installed("mlx-lm", "mlx"))

SIZES = {
    "vocab_size": 96,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 256,
    "initializer_range": 0.3,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
# No model's default in mlx-lm, so that one that is not handed over shows.
ROPE = {"rope_type": "default", "rope_theta": 3000.0}
LLAMA_3 = {
    "rope_type": "llama3",
    "rope_theta": 3000.0,
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 64,
}
LINEAR = {"rope_type": "linear", "rope_theta": 3000.0, "factor": 4.0}
GEMMA_3 = {
    "head_dim": 16,
    "query_pre_attn_scalar": 16,
    "hidden_size": 64,  # mlx-lm rounds the square root of others to bfloat16
    "num_hidden_layers": 4,
    "_sliding_window_pattern": 2,
    "layer_types": ["sliding_attention", "full_attention"] * 2,
    "rope_parameters": {
        "full_attention": LINEAR,
        "sliding_attention": {"rope_type": "default", "rope_theta": 500.0},
    },
}
FAMILIES = {
    "llama": ("Llama", {"rope_parameters": ROPE}),
    "llama, tied": ("Llama", {"rope_parameters": ROPE, "tie_word_embeddings": True}),
    "llama 3": ("Llama", {"rope_parameters": LLAMA_3}),
    "codellama": ("Llama", {"rope_parameters": {**ROPE, "rope_theta": 1e6}}),
    "deepseek coder": ("Llama", {"rope_parameters": LINEAR}),
    "qwen2": ("Qwen2", {"rope_parameters": ROPE}),
    "qwen3": ("Qwen3", {"rope_parameters": ROPE, "head_dim": 16}),
    "gemma": ("Gemma", {"rope_parameters": ROPE, "head_dim": 16}),
    "gemma2": ("Gemma2", {"rope_parameters": ROPE, "head_dim": 16, "query_pre_attn_scalar": 16}),
    "phi": ("Phi", {"rope_parameters": {**ROPE, "partial_rotary_factor": 0.5}}),
    "phi3": ("Phi3", {"rope_parameters": ROPE}),
    "starcoder2": ("Starcoder2", {"rope_parameters": ROPE}),
    "gemma3": ("Gemma3", GEMMA_3),
}


@cache
def build(family):
    name, settings = FAMILIES[family]
    named = getattr(transformers, f"{name}TextConfig" if family == "gemma3" else f"{name}Config")
    config = named(**{**SIZES, **settings})
    torch.manual_seed(0)
    causal = getattr(transformers, f"{name}ForCausalLM")
    return causal._from_config(config, attn_implementation="eager").eval()


@pytest.mark.parametrize("family", FAMILIES)
def test_logits_agree(family):
    from whetstone.finetuning.rollout.mlx_model import MLXModel

    model = build(family)
    ids = torch.randint(3, 96, (2, 24), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        expected = model(input_ids=ids).logits
    copy = MLXModel(model.config.to_dict(), torch.float32)
    copy.follow(model)
    found = torch.tensor(copy.module(mx.array(ids.tolist())).tolist())
    assert expected.std() > 0.1  # the model tells tokens and positions apart
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=0)


@pytest.mark.parametrize("family", FAMILIES)
def test_transformers_reads_older_names_as_the_new_ones(family, tmp_path):
    from whetstone.finetuning.model.rope_compat import with_older_names

    config = build(family).config
    values = with_older_names(config.to_dict())
    (tmp_path / "config.json").write_text(json.dumps(values))
    read = transformers.AutoConfig.from_pretrained(tmp_path)
    positions = ("rope_parameters", "layer_types", "_sliding_window_pattern")
    for name in positions:
        assert _plain(getattr(read, name, None)) == _plain(getattr(config, name, None))


def _plain(value):
    """Leave out the older name of `rope_type`, which says the same."""
    if not isinstance(value, dict):
        return value
    return {key: _plain(entry) for key, entry in value.items() if key != "type"}


@pytest.mark.parametrize("family", FAMILIES)
def test_what_is_sampled_has_the_probability_that_torch_gives_it(family):
    """With a cache, in one batch with prompts of other lengths, below temperature 1."""
    from whetstone.finetuning.rollout.base import Sampling
    from whetstone.finetuning.rollout.mlx import MLXEngine

    model = build(family)
    engine = MLXEngine(model, SimpleNamespace(eos_token_id=2), torch.float32)
    engine.sync(model)
    prompts = [[5, 6, 7, 8, 9, 10, 11], [4], [20, 21, 22]]
    rollouts = engine.sample(prompts, 2, Sampling(10, temperature=0.8), seed=0)
    for row, rollout in enumerate(rollouts):
        prompt, ids = prompts[row // 2], torch.tensor(rollout.ids)
        with torch.no_grad():
            logits = model(input_ids=torch.tensor([prompt + rollout.ids])).logits[0] / 0.8
        logps = logits.log_softmax(-1)[len(prompt) - 1 : -1].gather(1, ids[:, None])[:, 0]
        torch.testing.assert_close(torch.tensor(rollout.logprobs), logps, atol=1e-4, rtol=0)
