import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from whetstone.finetuning.model.parity import TEXTS, compare, predictions


@pytest.fixture
def tokenizer(qwen_folder):
    return AutoTokenizer.from_pretrained(qwen_folder)


def model(folder):
    return AutoModelForCausalLM.from_pretrained(folder)


def test_a_model_agrees_with_itself(qwen_folder, tokenizer):
    one = predictions(model(qwen_folder), tokenizer)
    assert len(one) == len(TEXTS)
    parity = compare(one, predictions(model(qwen_folder), tokenizer))
    assert parity.max_logit_difference == 0.0
    assert parity.within(1e-12)


def test_a_changed_weight_is_seen(qwen_folder, tokenizer):
    changed = model(qwen_folder)
    changed.model.layers[1].mlp.down_proj.weight.data *= 1.1
    one, two = (predictions(m, tokenizer) for m in (model(qwen_folder), changed))
    parity = compare(one, two)
    assert parity.max_logit_difference > 1e-2
    assert not parity.within(1e-5)


def test_dropout_is_off_and_the_mode_comes_back(qwen_folder, tokenizer):
    trained = model(qwen_folder)
    trained.model.layers[0].self_attn.attention_dropout = 0.5
    trained.train()
    first, second = predictions(trained, tokenizer), predictions(trained, tokenizer)
    assert compare(first, second).max_logit_difference == 0.0
    assert trained.training


def test_numbers_that_are_none_are_never_the_same():
    logits = [torch.zeros(3, 5)]
    broken = [torch.full((3, 5), torch.nan)]
    assert not compare(logits, broken).within(1e9)


def test_the_divergence_is_the_known_one():
    p, q = torch.tensor([[0.75, 0.25]]), torch.tensor([[0.5, 0.5]])
    expected = 0.75 * torch.tensor(1.5).log() + 0.25 * torch.tensor(0.5).log()
    assert compare([p.log()], [q.log()]).kl == pytest.approx(float(expected))


def test_the_divergence_of_nearly_equal_logits_is_not_negative():
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn((64, 512), generator=generator)
    nearly = logits + 1e-6 * torch.randn((64, 512), generator=generator)
    assert compare([logits], [nearly]).kl > 0.0
