import warnings

import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

from whetstone.finetuning.rollout.base import Sampling
from whetstone.finetuning.rollout.hf import HFSampler


@pytest.fixture(scope="module")
def tokenizer(qwen_folder):
    return AutoTokenizer.from_pretrained(qwen_folder)


@pytest.fixture(scope="module")
def model(qwen_folder):
    return AutoModelForCausalLM.from_pretrained(qwen_folder).eval()


@pytest.fixture(scope="module")
def prompts(tokenizer):
    texts = ["Write a function f(nums)\n", "f", "return the sum of the squares in nums.\n"]
    return tokenizer(texts)["input_ids"]


@torch.no_grad()
def recomputed(model, prompt, rollout, temperature=1.0):
    """Log-probabilities of the completion by one plain forward pass, without a cache."""
    logits = model(input_ids=torch.tensor([prompt + rollout.ids])).logits[0] / temperature
    logps = logits.log_softmax(-1)[len(prompt) - 1 : -1]
    return logps.gather(1, torch.tensor(rollout.ids)[:, None])[:, 0]


@pytest.mark.parametrize("temperature", [1.0, 0.5])
@pytest.mark.parametrize("n", [1, 4])
def test_logprobs_are_those_of_the_model(model, tokenizer, prompts, n, temperature):
    sampling = Sampling(max_new_tokens=20, temperature=temperature)
    rollouts = HFSampler(model, tokenizer).sample(prompts, n, sampling, seed=1)
    assert len(rollouts) == len(prompts) * n
    for index, rollout in enumerate(rollouts):
        expected = recomputed(model, prompts[index // n], rollout, temperature)
        torch.testing.assert_close(torch.tensor(rollout.logprobs), expected, atol=2e-5, rtol=0)


def test_logprobs_through_an_adapter(model, tokenizer, prompts, qwen_folder):
    torch.manual_seed(1)
    base = AutoModelForCausalLM.from_pretrained(qwen_folder)
    config = LoraConfig(r=4, target_modules="all-linear", init_lora_weights=False)
    adapted = get_peft_model(base, config).eval()
    rollouts = HFSampler(adapted, tokenizer).sample(prompts, 2, Sampling(12), seed=0)
    differs = False
    for index, rollout in enumerate(rollouts):
        expected = recomputed(adapted, prompts[index // 2], rollout)
        torch.testing.assert_close(torch.tensor(rollout.logprobs), expected, atol=2e-5, rtol=0)
        without = recomputed(model, prompts[index // 2], rollout)
        differs |= not torch.allclose(without, expected, atol=1e-3)
    assert differs


@pytest.mark.parametrize("adapted", [False, True])
def test_sampling_warns_of_nothing(tokenizer, prompts, qwen_folder, adapted):
    policy = AutoModelForCausalLM.from_pretrained(qwen_folder)
    if adapted:
        policy = get_peft_model(policy, LoraConfig(r=4, target_modules="all-linear"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        HFSampler(policy, tokenizer).sample(prompts, 2, Sampling(4), seed=0)


def test_greedy_is_what_generate_gives(model, tokenizer, prompts):
    rollouts = HFSampler(model, tokenizer).sample(
        prompts, 1, Sampling(max_new_tokens=15, temperature=0.0), seed=0
    )
    for prompt, rollout in zip(prompts, rollouts, strict=True):
        ids = torch.tensor([prompt])
        generated = model.generate(
            ids, attention_mask=torch.ones_like(ids), max_new_tokens=15, do_sample=False
        )[0, len(prompt) :].tolist()
        assert rollout.ids == generated


def test_the_draw_depends_on_the_seed_and_on_nothing_else(model, tokenizer, prompts):
    sampler = HFSampler(model, tokenizer)
    torch.manual_seed(0)
    first = sampler.sample(prompts, 3, Sampling(10), seed=5)
    state = torch.get_rng_state()
    torch.manual_seed(99)
    assert sampler.sample(prompts, 3, Sampling(10), seed=5) == first
    assert sampler.sample(prompts, 3, Sampling(10), seed=6) != first
    torch.manual_seed(0)
    assert torch.equal(torch.get_rng_state(), state)


def test_the_mode_of_the_model_is_left_as_it_was(model, tokenizer, prompts):
    model.train()
    HFSampler(model, tokenizer).sample(prompts, 1, Sampling(2), seed=0)
    assert model.training
    model.eval()


def test_eos_ends_a_row_and_stays_in_it(model, tokenizer, prompts):
    eos = tokenizer.eos_token_id
    rollouts = HFSampler(model, tokenizer).sample(prompts, 64, Sampling(60), seed=3)
    ended = [rollout for rollout in rollouts if eos in rollout.ids]
    assert ended, "no row of this random model ended; the test needs another seed"
    for rollout in ended:
        assert rollout.ids.index(eos) == len(rollout.ids) - 1
    assert all(len(rollout.ids) == len(rollout.logprobs) >= 1 for rollout in rollouts)


def test_draws_follow_the_distribution(model, tokenizer, prompts):
    n = 4000
    rollouts = HFSampler(model, tokenizer).sample(prompts[:1], n, Sampling(1), seed=0)
    with torch.no_grad():
        expected = model(input_ids=torch.tensor(prompts[:1])).logits[0, -1].softmax(-1)
    counts = torch.bincount(
        torch.tensor([rollout.ids[0] for rollout in rollouts]), minlength=len(expected)
    )
    deviation = (expected * (1 - expected) / n).sqrt()
    assert ((counts / n - expected).abs() < 5 * deviation + 1 / n).all()


def test_top_k_and_top_p_keep_the_most_probable(model, tokenizer, prompts):
    with torch.no_grad():
        probability = model(input_ids=torch.tensor(prompts[:1])).logits[0, -1].softmax(-1)
    order = probability.argsort(descending=True)
    sampler = HFSampler(model, tokenizer)
    drawn = {r.ids[0] for r in sampler.sample(prompts[:1], 500, Sampling(1, top_k=3), seed=0)}
    assert drawn == set(order[:3].tolist())
    size = int((probability[order].cumsum(0) < 0.3).sum()) + 1
    drawn = {r.ids[0] for r in sampler.sample(prompts[:1], 2000, Sampling(1, top_p=0.3), seed=0)}
    assert drawn <= set(order[:size].tolist())
    assert order[0].item() in drawn


def test_a_stop_string_ends_a_row_early(model, tokenizer, prompts):
    free = HFSampler(model, tokenizer).sample(prompts, 2, Sampling(40), seed=0)
    text = tokenizer.decode(free[0].ids[:4])
    stopped = HFSampler(model, tokenizer).sample(prompts, 2, Sampling(40, stop=(text,)), seed=0)
    assert len(free[0].ids) > 8
    assert len(stopped[0].ids) == 8
    assert text in tokenizer.decode(stopped[0].ids)
