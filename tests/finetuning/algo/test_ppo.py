"""PPO's figures, computed once more: one row at a time, unpadded, from the definitions."""

import pytest
import torch
from transformers import AutoModelForCausalLM

BETA, GAMMA, LAM = 0.3, 0.9, 0.8
SETTINGS = (
    f"algo.args.beta={BETA}",
    f"algo.gae.gamma={GAMMA}",
    f"algo.gae.lam={LAM}",
    "algo.value.coefficient=0.7",
    "algo.value.clip=0.05",
    "algo.args.num_iterations=1",
)


def core(trainer):
    model = trainer.model
    return model.get_base_model() if hasattr(model, "get_base_model") else model


def plain(trainer, batch, row):
    """Log-probabilities and values of one completion, shape (T,) each."""
    prompt = batch["prompt_ids"][row][batch["prompt_mask"][row].bool()]
    completion = batch["completion_ids"][row][batch["completion_mask"][row].bool()]
    ids = torch.cat([prompt, completion])[None]
    states = slice(len(prompt) - 1, -1)
    model = core(trainer)
    logits = model(input_ids=ids).logits[0, states]
    logps = logits.log_softmax(-1).gather(1, completion[:, None])[:, 0]
    critic = getattr(model, "value_backbone", model.base_model)
    values = model.value_head(critic(input_ids=ids).last_hidden_state)[0, states]
    return logps, values


def reference_logps(folder, batch, row):
    model = AutoModelForCausalLM.from_pretrained(folder).eval()
    prompt = batch["prompt_ids"][row][batch["prompt_mask"][row].bool()]
    completion = batch["completion_ids"][row][batch["completion_mask"][row].bool()]
    logits = model(input_ids=torch.cat([prompt, completion])[None]).logits[0, len(prompt) - 1 : -1]
    return logits.log_softmax(-1).gather(1, completion[:, None])[:, 0]


def by_the_book(score, logps, reference, values):
    """Advantages and returns of one completion, as sums over the future."""
    length = len(logps)
    rewards = [-BETA * (logps[t] - reference[t]).item() for t in range(length)]
    rewards[-1] += score
    following = [*values[1:].tolist(), 0.0]
    deltas = [rewards[t] + GAMMA * following[t] - values[t].item() for t in range(length)]
    advantages = [
        sum((GAMMA * LAM) ** (later - t) * deltas[later] for later in range(t, length))
        for t in range(length)
    ]
    return advantages, [a + v for a, v in zip(advantages, values.tolist(), strict=True)]


@pytest.mark.parametrize(
    ("adapter", "kind"),
    [("full", "shared"), ("lora", "shared"), ("full", "separate"), ("lora", "separate")],
)
@torch.no_grad()
def test_advantages_returns_losses_and_kl(
    build_trainer, first_batch, shake, qwen_folder, adapter, kind
):
    trainer = build_trainer("ppo", f"model.adapter={adapter}", f"algo.value.kind={kind}", *SETTINGS)
    shake(trainer.model, 0.05)  # away from the reference, and a head that says something
    batch = first_batch(trainer)
    texts = trainer.processing_class.batch_decode(batch["completion_ids"], skip_special_tokens=True)
    scores = trainer.reward_funcs[0](completions=texts)
    old, everything = [], []
    for row in range(16):
        logps, values = plain(trainer, batch, row)
        reference = reference_logps(qwen_folder, batch, row)
        advantages, returns = by_the_book(scores[row], logps, reference, values)
        length = len(logps)
        torch.testing.assert_close(
            batch["returns"][row, :length], torch.tensor(returns), atol=1e-4, rtol=1e-4
        )
        old.append((logps, values, torch.tensor(returns)))
        everything.append(torch.tensor(advantages))
    flat = torch.cat(everything)
    mean, deviation = flat.mean(), flat.std(correction=0)
    for row, advantages in enumerate(everything):
        torch.testing.assert_close(
            batch["advantages"][row, : len(advantages)],
            (advantages - mean) / deviation,
            atol=1e-3,
            rtol=1e-3,
        )

    shake(trainer.model, 0.02)  # as after some steps
    trainer._step_sums = torch.zeros(3)
    with torch.enable_grad():
        loss = trainer._compute_loss(trainer.model, batch).detach()
    policy, value, moved = 0.0, 0.0, 0.0
    for row, (old_logps, old_values, returns) in enumerate(old):
        logps, values = plain(trainer, batch, row)
        ratio = (logps - old_logps).exp()
        advantages = (everything[row] - mean) / deviation
        policy -= torch.min(ratio * advantages, ratio.clamp(0.8, 1.2) * advantages).sum()
        near = old_values + (values - old_values).clamp(-0.05, 0.05)
        value += 0.5 * torch.max((values - returns) ** 2, (near - returns) ** 2).sum()
        moved += (ratio - 1 - ratio.log()).sum()
    torch.testing.assert_close(loss, (policy + 0.7 * value) / len(flat), atol=1e-3, rtol=1e-3)
    value_sum, moved_sum, tokens = trainer._step_sums.tolist()
    assert tokens == len(flat)
    assert value_sum / tokens == pytest.approx(float(value) / len(flat), rel=1e-3)
    assert moved_sum / tokens == pytest.approx(float(moved) / len(flat), rel=1e-2, abs=1e-5)


def parameters(trainer):
    return {name: p.detach().clone() for name, p in trainer.model.named_parameters()}


def test_the_epochs_end_when_the_policy_has_moved_too_far(build_trainer):
    """The step that is found too far is undone, and the other epochs pass by."""
    trainer = build_trainer(
        "ppo",
        "model.adapter=full",
        "algo.args.num_iterations=4",
        "algo.args.max_steps=8",
        "algo.args.save_steps=4",
        "algo.args.learning_rate=0.01",
        "algo.args.warmup_steps=0",
        "algo.target_kl=0.0001",
    )
    trainer.train()
    rows = [row for row in trainer.state.log_history if "loss" in row]
    assert None not in rows[0].values()
    ended = [row.get("policy/ended_early") for row in rows]
    # Two batches of four epochs: the first step is on fresh samples, the second is too far.
    assert ended == [0.0, 1.0, None, None] * 2
    assert [row["grad_norm"] > 0 for row in rows] == [True, False, False, False] * 2


def test_without_a_target_every_epoch_trains(build_trainer):
    trainer = build_trainer(
        "ppo",
        "model.adapter=full",
        "algo.args.num_iterations=4",
        "algo.args.max_steps=4",
        "algo.args.save_steps=4",
        "algo.args.learning_rate=0.01",
        "algo.args.warmup_steps=0",
        "algo.target_kl=null",
    )
    trainer.train()
    rows = [row for row in trainer.state.log_history if "loss" in row]
    assert [row["grad_norm"] > 0 for row in rows] == [True] * 4
    assert rows[-1]["policy/approx_kl"] > rows[0]["policy/approx_kl"] == pytest.approx(0, abs=1e-6)


def test_a_completion_that_its_length_cut_loses_the_penalty(build_trainer):
    trainer = build_trainer("ppo", "algo.missing_eos_penalty=2.0")
    eos = trainer.processing_class.eos_token_id
    ids = torch.full((4, 12), 5)
    mask = torch.ones_like(ids)
    ids[1, 11] = eos  # ends with its last token
    mask[2, 6:] = 0  # ended at a stop word
    mask[3] = 0  # masked as truncated
    penalties = trainer._penalties({"completion_ids": ids, "completion_mask": mask})
    assert penalties.tolist() == [2.0, 0.0, 0.0, 0.0]


def test_what_nothing_judged_trains_neither_policy_nor_critic(build_trainer, first_batch):
    def every_second(completions, **_):
        return [None if index % 2 else 1.0 for index in range(len(completions))]

    trainer = build_trainer("ppo", *SETTINGS, reward=every_second)
    batch = first_batch(trainer)
    judged = batch["value_mask"].any(dim=1)
    assert judged.sum() == 8
    assert batch["advantages"][~judged].eq(0).all()
    assert batch["advantages"][judged].ne(0).any()
    # Nor do its tokens count among those that the losses are divided by.
    assert batch["num_items_in_batch"] == batch["completion_mask"][judged].sum()


def test_the_critic_has_its_own_learning_rate(build_trainer):
    trainer = build_trainer("ppo", "model.adapter=lora", "algo.value.learning_rate=0.125")
    trainer.create_optimizer()
    rates = {
        name: group["lr"]
        for group in trainer.optimizer.param_groups
        for name, parameter in trainer.model.named_parameters()
        if any(parameter is p for p in group["params"])
    }
    heads = [rate for name, rate in rates.items() if "value_head" in name]
    assert heads == [0.125, 0.125]
    assert {rate for name, rate in rates.items() if "value_head" not in name} == {5e-6}
    assert len(rates) == sum(p.requires_grad for p in trainer.model.parameters())


@pytest.mark.parametrize("kind", ["shared", pytest.param("separate", marks=pytest.mark.nightly)])
def test_gradient_checkpointing_gives_the_same_gradients(build_trainer, kind):
    def gradients(checkpointing):
        trainer = build_trainer(
            "ppo",
            "model.adapter=lora",
            f"algo.value.kind={kind}",
            f"algo.args.activation_checkpointing={str(checkpointing).lower()}",
            "algo.args.max_steps=2",
            "algo.args.num_iterations=2",
            "algo.args.learning_rate=0.001",
        )
        trainer.train()
        return parameters(trainer)

    plain_run, checkpointed = gradients(False), gradients(True)
    assert plain_run.keys() == checkpointed.keys()
    for name, value in plain_run.items():
        torch.testing.assert_close(checkpointed[name], value, atol=1e-6, rtol=1e-4)


@pytest.mark.parametrize("kind", [pytest.param("shared", marks=pytest.mark.nightly), "separate"])
def test_a_quantized_policy_trains_its_adapter_and_its_critic(build_trainer, kind):
    pytest.importorskip("bitsandbytes", reason="QLoRA needs bitsandbytes")
    from transformers import BitsAndBytesConfig

    trainer = build_trainer(
        "ppo",
        "model.adapter=lora",
        f"algo.value.kind={kind}",
        "algo.args.num_iterations=2",
        "algo.args.learning_rate=0.001",
        "algo.args.warmup_steps=0",
        quantization_config=BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type="nf4"),
    )
    before = parameters(trainer)
    trainer.train()
    moved = {
        name for name, value in parameters(trainer).items() if not torch.equal(value, before[name])
    }
    # Of the head the adapter's copy is trained, and the copy that it replaces is not.
    assert any("value_head.modules_to_save" in name for name in moved)
    assert any("lora_B" in name and "value_backbone" not in name for name in moved)
    assert any("value_backbone" in name for name in moved) is (kind == "separate")
    assert all("lora" in name or "value_head.modules_to_save" in name for name in moved)
    heads = [p for name, p in trainer.model.named_parameters() if "value_head" in name]
    assert {head.dtype for head in heads} == {torch.float32}


@pytest.mark.parametrize(("adapter", "kind"), [("full", "shared"), ("lora", "separate")])
def test_the_finished_model_has_no_critic(build_trainer, tmp_path, adapter, kind):
    from whetstone.finetuning.model.adapter import save_adapter
    from whetstone.finetuning.model.policy import Policy, save_policy

    trainer = build_trainer("ppo", f"model.adapter={adapter}", f"algo.value.kind={kind}")
    names = set(parameters(trainer))
    if adapter == "lora":
        save_adapter(trainer.model, tmp_path / "saved", "base")
        weights = tmp_path / "saved" / "adapter_model.safetensors"
        assert "value_head" not in (tmp_path / "saved" / "adapter_config.json").read_text()
    else:
        save_policy(Policy(trainer.model, trainer.processing_class), tmp_path / "saved")
        weights = tmp_path / "saved" / "model.safetensors"
    from safetensors.torch import load_file

    assert not [name for name in load_file(weights) if "value" in name and "v_proj" not in name]
    assert set(parameters(trainer)) == names  # training can go on
    if adapter == "lora":
        assert trainer.model.peft_config["default"].modules_to_save == ["value_head"]
