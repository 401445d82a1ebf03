from dataclasses import replace

import pytest
import torch

from whetstone.evaluation.sampler import SamplingParams
from whetstone.finetuning.rollout.text import TextSampler

PARAMS = SamplingParams(
    n=2, temperature=1.0, top_p=1.0, top_k=0, max_new_tokens=12, stop=(), seed=0
)


@pytest.fixture
def loaded(qwen_folder):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(qwen_folder, padding_side="left")
    return AutoModelForCausalLM.from_pretrained(qwen_folder), tokenizer


def test_prompt_and_completion_share_the_length(loaded):
    model, tokenizer = loaded
    short, long = "def f():", "def f(numbers):\n    return sum(numbers)"
    room = 4
    limit = len(tokenizer(long)["input_ids"]) + room
    prompts, params = [short, long], replace(PARAMS, n=8)
    limited = TextSampler(model, tokenizer, max_length=limit)(prompts, params)
    free = TextSampler(model, tokenizer, max_length=500)(prompts, params)
    assert limited[0] == free[0]
    assert limited[1] != free[1]
    for cut, whole in zip(limited[1], free[1], strict=True):
        assert whole.startswith(cut)


def test_a_prompt_without_room_gets_an_empty_completion(loaded):
    model, tokenizer = loaded
    long = "def f(numbers):\n    return sum(numbers)"
    sampler = TextSampler(model, tokenizer, max_length=len(tokenizer(long)["input_ids"]))
    short, none = sampler(["def f():", long], PARAMS)
    assert none == ["", ""]
    assert all(short)
    assert sampler([long], PARAMS) == [["", ""]]


def test_a_special_token_within_a_text_stays_and_the_one_that_ends_it_goes(loaded):
    model, tokenizer = loaded
    special = "<file_sep>"
    tokenizer.add_special_tokens({"additional_special_tokens": [special]})
    model.resize_token_embeddings(len(tokenizer))
    ids = {name: tokenizer.convert_tokens_to_ids(name) for name in (special, tokenizer.eos_token)}
    with torch.no_grad():  # a model that says the first, then the other
        output = model.get_output_embeddings()
        output.weight.zero_()
        model.model.norm.weight.zero_()
    calls = iter([ids[special], ids[tokenizer.eos_token]])

    def say(_module, _inputs, logits):
        logits = torch.full_like(logits, -1e9)
        logits[..., next(calls)] = 0.0
        return logits

    output.register_forward_hook(say)
    assert TextSampler(model, tokenizer)(["x"], replace(PARAMS, n=1)) == [[special]]


def test_a_chat_prompt_goes_through_the_template(loaded):
    model, tokenizer = loaded
    tokenizer.chat_template = (
        "{% for m in messages %}def {{ m['content'] }}{% endfor %}"
        "{% if add_generation_prompt %}():{% endif %}"
    )
    sampler = TextSampler(model, tokenizer)
    assert sampler(["f"], replace(PARAMS, chat=True)) == sampler(["def f():"], PARAMS)
