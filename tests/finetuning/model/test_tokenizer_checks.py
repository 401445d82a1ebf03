"""Rows that the model cannot read: prompts beyond its context, tokens beyond its embedding."""

import pytest

from whetstone.finetuning.model.tokenizer_checks import too_long, vocabulary_problems
from whetstone.finetuning.nano.tokenizer import build_tokenizer


@pytest.fixture(scope="module")
def tokenizer():
    return build_tokenizer(["def f(nums):\n    return sum(nums)\n"] * 4, 276)


def test_prompts_that_leave_no_room_are_counted(tokenizer):
    tokens = len(tokenizer("7" * 40)["input_ids"])
    found = too_long(["7", "7" * 40, "7" * 33], tokenizer, completion=32, context=64)
    assert (found.count, found.of, found.longest) == (2, 3, tokens)
    assert found.problem.setting == "algo.args.max_completion_length=32"
    assert "2 of 3 prompts" in found.problem.message
    assert f"longest has {tokens} tokens, and the model reads 64" in found.problem.message
    assert too_long(["7" * 32], tokenizer, completion=32, context=64) is None


def test_messages_are_counted_as_the_model_is_asked(tokenizer):
    message = [{"role": "user", "content": "7" * 40}]
    assert too_long([message], tokenizer, completion=32, context=64).count == 1
    assert too_long([message], tokenizer, completion=8, context=64) is None


def test_marks_beyond_the_embedding(tokenizer):
    (problem,) = vocabulary_problems("model.path=f", [], tokenizer, 1)  # <eos> is token 1
    assert "writes `<eos>` as token 1, and the model knows 1" in problem.message
    assert f"resize_token_embeddings({len(tokenizer)})" in problem.message


def test_only_tokens_that_are_read_count(tokenizer):
    last = tokenizer.convert_ids_to_tokens(len(tokenizer) - 1)
    size = len(tokenizer) - 1
    text = tokenizer.convert_tokens_to_string([last])
    assert [*vocabulary_problems("model.path=f", [{"prompt": "7"}], tokenizer, size)] == []
    for row in ({"text": text}, {"prompt": [{"role": "user", "content": text}]}):
        (problem,) = vocabulary_problems("model.path=f", [row], tokenizer, size)
        assert f"as token {size}" in problem.message
    assert [*vocabulary_problems("model.path=f", [{"text": text}], tokenizer, size + 1)] == []
