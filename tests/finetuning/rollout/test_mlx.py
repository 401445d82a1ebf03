"""The MLX engine against torch: weights that follow, tokens and log-probabilities that agree."""

import copy
from collections import Counter

import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

from whetstone.finetuning.rollout.base import Sampling
from whetstone.rewards.extras import not_installed

pytest.importorskip("mlx.core", reason=not_installed("mlx", "mlx"))
pytest.importorskip("mlx_lm", reason=not_installed("mlx-lm", "mlx"))

from whetstone.finetuning.rollout.mlx import MLXEngine


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


@pytest.fixture(scope="module")
def engine(model, tokenizer):
    engine = MLXEngine(model, tokenizer, torch.float32)
    engine.sync(model)
    return engine


@torch.no_grad()
def recomputed(model, prompt, rollout, temperature=1.0):
    """Log-probabilities of the completion by one plain forward pass of torch."""
    logits = model(input_ids=torch.tensor([prompt + rollout.ids])).logits[0] / temperature
    logps = logits.log_softmax(-1)[len(prompt) - 1 : -1]
    return logps.gather(1, torch.tensor(rollout.ids)[:, None])[:, 0]


def assert_agree(engine, model, prompts, n, sampling, seed=0):
    rollouts = engine.sample(prompts, n, sampling, seed)
    assert len(rollouts) == len(prompts) * n
    for index, rollout in enumerate(rollouts):
        expected = recomputed(model, prompts[index // n], rollout, sampling.temperature or 1.0)
        torch.testing.assert_close(torch.tensor(rollout.logprobs), expected, atol=1e-4, rtol=0)
    return rollouts


@pytest.mark.parametrize(("n", "temperature"), [(1, 1.0), (4, 0.5), (2, 1.7)])
def test_logprobs_are_those_of_torch(engine, model, prompts, n, temperature):
    assert_agree(engine, model, prompts, n, Sampling(20, temperature))


def test_greedy_takes_the_most_probable_token(engine, model, tokenizer, prompts):
    from whetstone.finetuning.rollout.hf import HFSampler

    greedy = Sampling(12, temperature=0.0)
    expected = HFSampler(model, tokenizer).sample(prompts, 1, greedy, seed=0)
    found = assert_agree(engine, model, prompts, 1, greedy)
    assert [rollout.ids for rollout in found] == [rollout.ids for rollout in expected]


def test_a_seed_repeats_its_draw_and_another_does_not(engine, prompts):
    first, again, other = (engine.sample(prompts, 4, Sampling(10), seed) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_completions_of_a_prompt_differ(engine, prompts):
    rollouts = engine.sample(prompts[:1], 8, Sampling(10), 0)
    assert len({tuple(rollout.ids) for rollout in rollouts}) > 1


def test_eos_ends_a_row_and_stays_in_it(engine, model, tokenizer, prompts):
    rollouts = assert_agree(engine, model, prompts, 24, Sampling(60), seed=3)
    ended = [rollout for rollout in rollouts if tokenizer.eos_token_id in rollout.ids]
    assert ended
    for rollout in ended:
        assert rollout.ids.index(tokenizer.eos_token_id) == len(rollout.ids) - 1
    assert all(len(rollout.ids) == 60 for rollout in rollouts if rollout not in ended)


def test_frequencies_are_the_probabilities(engine, model, prompts):
    n = 1000
    drawn = Counter(r.ids[0] for r in engine.sample(prompts[:1], n, Sampling(1), seed=0))
    with torch.no_grad():
        expected = model(input_ids=torch.tensor(prompts[:1])).logits[0, -1].softmax(-1)
    found = torch.zeros_like(expected)
    for token, count in drawn.items():
        found[token] = count / n
    assert (found - expected).abs().max() < 0.05


@pytest.mark.parametrize("limits", [{"top_k": 3}, {"top_p": 0.4}, {"top_k": 20, "top_p": 0.6}])
def test_limits_keep_what_torch_keeps(engine, model, tokenizer, prompts, limits):
    """Over many draws both engines show the same set of first tokens."""
    from whetstone.finetuning.rollout.hf import HFSampler

    drawn = [
        {rollout.ids[0] for rollout in one.sample(prompts[:1], 1500, Sampling(1, **limits), 0)}
        for one in (engine, HFSampler(model, tokenizer))
    ]
    rare = drawn[0] ^ drawn[1]  # tokens so improbable that 1500 draws may miss them
    assert len(drawn[0] & drawn[1]) >= 3
    assert len(rare) <= 0.1 * len(drawn[0] | drawn[1])
    if "top_p" not in limits:
        assert drawn[0] == drawn[1]


def test_a_row_may_end_after_a_stop_string(engine, tokenizer, prompts):
    free = engine.sample(prompts, 2, Sampling(40), seed=0)
    text = tokenizer.decode(free[0].ids[:4])
    stopped = engine.sample(prompts, 2, Sampling(40, stop=(text,)), seed=0)
    assert stopped[0].ids == free[0].ids[:8]


def adapted(model, **settings):
    torch.manual_seed(0)
    wrapped = get_peft_model(
        copy.deepcopy(model), LoraConfig(r=4, target_modules="all-linear", **settings)
    )
    shake(wrapped, "lora_B")
    return wrapped.eval()


def shake(model, part, scale=0.2):
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if part in name:
                parameter.add_(scale * torch.randn_like(parameter))


def test_an_adapter_is_folded_in_and_only_it_is_copied_again(model, tokenizer, prompts):
    policy = adapted(model)
    engine = MLXEngine(policy, tokenizer, torch.float32)
    engine.sync(policy)
    everything = engine.copied
    before = assert_agree(engine, policy, prompts, 2, Sampling(12))
    untouched = {name: weight.clone() for name, weight in policy.named_parameters()}
    shake(policy, "lora_")
    engine.sync(policy)
    adapted_layers = sum("lora_A" in name for name in untouched)
    assert engine.copied == adapted_layers < everything
    after = assert_agree(engine, policy, prompts, 2, Sampling(12))
    assert before != after
    for name, weight in policy.named_parameters():
        assert "lora_" in name or torch.equal(weight, untouched[name])


def test_weights_that_were_not_copied_again_are_the_old_ones(model, tokenizer, prompts):
    policy = adapted(model)
    engine = MLXEngine(policy, tokenizer, torch.float32)
    engine.sync(policy)
    shake(policy, "lora_")
    with pytest.raises(AssertionError):
        assert_agree(engine, policy, prompts, 2, Sampling(12))


def test_every_weight_follows_where_all_are_trained(model, tokenizer, prompts):
    policy = copy.deepcopy(model)
    engine = MLXEngine(policy, tokenizer, torch.float32)
    engine.sync(policy)
    shake(policy, "weight", 0.05)
    engine.sync(policy)
    assert_agree(engine, policy, prompts, 2, Sampling(12))


def test_the_critic_of_ppo_is_left_out(model, tokenizer, prompts):
    from whetstone.finetuning.model.value_head import attach_critic

    policy = copy.deepcopy(model)
    config = LoraConfig(r=4, target_modules="all-linear")
    attach_critic(policy, config, separate=True)
    policy = get_peft_model(policy, config).eval()
    shake(policy, "lora_B")
    engine = MLXEngine(policy, tokenizer, torch.float32)
    engine.sync(policy)
    engine.sync(policy)
    assert_agree(engine, policy, prompts, 2, Sampling(12))


def test_a_4_bit_base_is_written_out(qwen_folder, tokenizer, prompts):
    from whetstone.finetuning.model.device import Device
    from whetstone.finetuning.model.policy import load_policy

    device = Device("cpu", torch.float32, "test")
    base = load_policy(str(qwen_folder), device, quantization="nf4").model
    policy = get_peft_model(base, LoraConfig(r=4, target_modules=["q_proj", "down_proj"])).eval()
    shake(policy, "lora_B")
    engine = MLXEngine(policy, tokenizer, torch.float32)
    engine.sync(policy)
    assert_agree(engine, policy, prompts, 2, Sampling(12))


def test_16_bits_are_copied_as_they_are(model, tokenizer, prompts):
    policy = copy.deepcopy(model).to(torch.bfloat16)
    engine = MLXEngine(policy, tokenizer, torch.bfloat16)
    engine.sync(policy)
    (rollout,) = engine.sample(prompts[:1], 1, Sampling(8), 0)
    expected = recomputed(policy.float(), prompts[0], rollout)
    found = torch.tensor(rollout.logprobs)
    assert 0 < (found - expected).abs().max() < 0.5


def test_an_unknown_architecture_is_refused():
    from whetstone.finetuning.errors import ConfigError
    from whetstone.finetuning.rollout.mlx_model import MLXModel

    with pytest.raises(ConfigError, match=r"backend.rollout=mlx.*use backend.rollout=hf"):
        MLXModel({"model_type": "bloom"}, torch.float32)
