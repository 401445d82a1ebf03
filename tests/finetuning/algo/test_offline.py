"""The algorithms that do not sample: small real runs, resumed ones, and what they leave behind."""

import json
import shutil
from statistics import fmean, pstdev

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification

from whetstone.finetuning.algo.kto import balanced_weights
from whetstone.finetuning.artifacts.metrics import read_metrics
from whetstone.finetuning.config import load
from whetstone.finetuning.data.conversations import turns
from whetstone.finetuning.data.nano import nano_held_out
from whetstone.finetuning.errors import ConfigError
from whetstone.finetuning.formats.dataset_type import Need
from whetstone.rewards import calibration
from whetstone.rewards.discriminator import DiscriminatorReward
from whetstone.rewards.pairs import read_replay
from whetstone.rewards.reward_model import RewardModelReward
from whetstone.rewards.scorer import MlpHead, load_scorer

ONE_STAGE = [
    "tracker=none",
    "model=nano",
    "pipeline=single",
    "hooks.evaluate.tasks=[]",
    "hooks.watch.every_steps=2",
    "data.watch_task=null",
    "data.corpus_size=64",
    "data.train_problems=12",
    "data.held_out=16",
    "algo.args.max_steps=4",
    "algo.args.save_steps=2",
    "algo.args.logging_steps=1",
    "algo.args.per_device_train_batch_size=8",
]
TIMED = ("seconds/", "train_")
ALGORITHMS = [
    ["algo=pretrain"],
    ["algo=sft"],
    ["algo=dpo"],
    ["algo=kto"],
    ["algo=reward"],
    ["algo=reward", "algo.head=mlp", "algo.loss=hinge"],
    ["algo=reward", "algo.loss=bce"],
]


# What each is trained with in the quick run; with the other it is trained in the nightly one.
QUICK = {"pretrain": "full", "sft": "lora", "dpo": "full", "kto": "lora", "reward": "lora"}


def named(overrides):
    return "-".join(part.rpartition("=")[2] for part in overrides)


def cases():
    for algo in ALGORITHMS:
        name = named(algo)
        # With a head of its own the base is frozen, and an adapter is refused.
        for adapter in ("full", "lora") if "mlp" not in name else ("full",):
            marks = [] if QUICK.get(name) == adapter else [pytest.mark.nightly]
            yield pytest.param(algo, adapter, id=f"{adapter}-{name}", marks=marks)


def figures(folder):
    return [
        {key: value for key, value in row.items() if not key.startswith(TIMED)}
        for row in read_metrics(folder / "metrics.jsonl")
        if {key for key in row if not key.startswith(TIMED)} - {"step", "epoch"}
    ]


def undo_the_end(folder):
    """Leave what a kill after step 3 would have left: a checkpoint at step 2 and rows beyond it."""
    for name in ("report.json", "report.html"):
        (folder / name).unlink()
    shutil.rmtree(folder / "merged")
    shutil.rmtree(folder / "checkpoints" / "checkpoint-4")


@pytest.mark.parametrize(("algo", "adapter"), cases())
def test_it_runs_and_continues_to_the_same_figures(train, qwen_folder, algo, adapter):
    settings = [*ONE_STAGE, *algo, f"model.path={qwen_folder}", f"model.adapter={adapter}"]
    folder, report, _ = train(*settings, "run.name=x")
    first = figures(folder)
    measured = [row["step"] for row in first if "eval_loss" in row]
    assert measured == [0, 2, 4]
    assert set(report["before"]["held_out"]) == set(report["after"]["held_out"])
    assert report["after"]["held_out"]["loss"] != report["before"]["held_out"]["loss"]

    undo_the_end(folder)
    again, report_again, screen = train(*settings, "run.name=x")
    assert again == folder
    assert "continuing from" in screen
    assert report_again["after"] == report["after"]
    assert len(figures(folder)) == len(first)
    for ours, theirs in zip(figures(folder), first, strict=True):
        assert ours == pytest.approx(theirs, abs=1e-5)


def test_a_reward_model_reloads_as_what_it_was(train, qwen_folder):
    settings = [*ONE_STAGE, "algo=reward", f"model.path={qwen_folder}", "model.adapter=full"]
    folder, _, _ = train(*settings, "algo.head=mlp", "algo.loss=hinge", "run.name=mlp")
    scorer = load_scorer(folder / "merged")
    assert isinstance(scorer.model.score, MlpHead)
    checkpoint = folder / "checkpoints" / "checkpoint-4"
    from safetensors.torch import load_file

    trained = load_file(checkpoint / "model.safetensors")
    for name, value in scorer.model.score.state_dict().items():
        assert torch.equal(trained[f"score.{name}"], value)
    base = AutoModelForCausalLM.from_pretrained(qwen_folder)
    frozen = base.get_submodule("model").state_dict()
    for name, value in scorer.model.get_submodule("model").state_dict().items():
        assert torch.equal(frozen[name], value), "the base was to be frozen"
    with pytest.raises((OSError, ValueError)):  # never a fresh head in silence
        AutoModelForSequenceClassification.from_pretrained(folder / "merged")


def test_a_linear_head_is_a_plain_transformers_folder(train, qwen_folder):
    settings = [*ONE_STAGE, "algo=reward", f"model.path={qwen_folder}", "model.adapter=lora"]
    folder, _, _ = train(*settings, "run.name=linear")
    ours = load_scorer(folder / "merged").model
    plain = AutoModelForSequenceClassification.from_pretrained(folder / "merged").eval()
    ids = torch.arange(2, 30)[None]
    with torch.no_grad():
        assert torch.equal(ours(ids).logits, plain(ids).logits)
    assert (folder / "adapter" / "adapter_model.safetensors").is_file()
    reward = RewardModelReward(str(folder / "merged"), batch_size=2, device="cpu")
    texts = ["def f(x):\n    return x\n", "def f(x):\n    return 1\n", "x"]
    scores = reward(prompts=["a", "b", "c"], completions=texts)
    one_by_one = [
        reward(prompts=[p], completions=[c])[0] for p, c in zip("abc", texts, strict=True)
    ]
    assert scores == pytest.approx(one_by_one, abs=1e-5), "padding changed a score"

    # Where it was measured its scores have mean 0 and variance 1: a KL coefficient knows its scale.
    raw = RewardModelReward(str(folder / "merged"), device="cpu", normalize=False)
    kept = json.loads((folder / "merged" / "scale.json").read_text())
    rows = nano_held_out(load(settings).main.data, Need.PREFERENCES)
    prompts = [row["prompt"] for row in rows] * 2
    answers = [row[kind] for kind in ("chosen", "rejected") for row in rows]
    assert fmean(raw(prompts, answers)) == pytest.approx(kept["mean"], abs=1e-5)
    assert pstdev(raw(prompts, answers)) == pytest.approx(kept["deviation"], rel=1e-4)
    assert fmean(reward(prompts, answers)) == pytest.approx(0, abs=1e-4)
    assert pstdev(reward(prompts, answers)) == pytest.approx(1, rel=1e-3)


def test_the_discriminator_that_was_trained_is_the_one_that_judges(train, qwen_folder):
    longer = ("algo.args.max_steps=", "data.train_problems=")
    settings = [setting for setting in ONE_STAGE if not setting.startswith(longer)]
    settings += ["algo.args.max_steps=30", "data.train_problems=60", "algo.args.learning_rate=3e-3"]
    settings += ["algo=reward", "algo.loss=bce", f"model.path={qwen_folder}", "model.adapter=full"]
    settings += ["algo.mismatched=0.0"]  # more than 30 steps teach
    folder, report, _ = train(*settings, "run.name=judge")
    held_out = report["before"]["held_out"], report["after"]["held_out"]
    assert held_out[1]["loss"] < held_out[0]["loss"]
    pairs = read_replay(folder / "merged")
    assert pairs
    reward = DiscriminatorReward(folder / "merged", max_length=256, device="cpu")
    written = reward([pair.prompt for pair in pairs], [pair.reference for pair in pairs])
    sampled = reward([pair.prompt for pair in pairs], [pair.completion for pair in pairs])
    assert all(0 < value < 1 for value in [*written, *sampled])
    assert sum(written) > sum(sampled)
    assert calibration.load(folder / "merged") is not None


def test_a_base_data_set_without_references_trains_no_discriminator(tmp_path):
    rows = tmp_path / "train.jsonl"
    rows.write_text(json.dumps({"prompt": "p", "completion": "c", "reference": None}) + "\n")
    settings = ["model=qwen", "algo=reward", "algo.loss=bce", "data=jsonl", f"data.train={rows}"]
    with pytest.raises(ConfigError, match="field reference: expected str"):
        load(settings)


def test_weights_of_unbalanced_labels():
    assert balanced_weights([True] * 2 + [False] * 6) == (3.0, 1.0)
    assert balanced_weights([True] * 6 + [False] * 2) == (1.0, 3.0)
    with pytest.raises(ConfigError, match="all 3 labels are true"):
        balanced_weights([True] * 3)


def test_every_turn_of_the_assistant_is_a_row():
    messages = [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "b"},
        {"role": "tool", "content": "c"},
        {"role": "assistant", "content": "d"},
    ]
    rows = list(turns({"messages": messages, "tools": []}))
    assert [row["completion"] for row in rows] == [messages[1:2], messages[3:]]
    assert [row["prompt"] for row in rows] == [messages[:1], messages[:3]]
    assert all(row["tools"] == [] for row in rows)


def test_chat_rows_with_tool_calls_train(train, qwen_folder, tmp_path):
    rows = tmp_path / "chat.jsonl"
    calls = [("sum", {"nums": [1, 2]}), ("add", {"a": 1, "b": 2})] * 8
    rows.write_text(
        "".join(
            json.dumps(
                {
                    "messages": [
                        {"role": "user", "content": "Call.\n"},
                        {
                            "role": "assistant",
                            "content": "",
                            "tool_calls": [
                                {"type": "function", "function": {"name": n, "arguments": a}}
                            ],
                        },
                    ]
                }
            )
            + "\n"
            for n, a in calls
        )
    )
    folder, _, _ = train(
        "tracker=none",
        "model=qwen",
        f"model.path={qwen_folder}",
        "model.adapter=full",
        "algo=sft",
        "data=jsonl",
        f"data.train={rows}",
        "debug=true",
        "run.name=chat",
        "algo.args.max_steps=50",
        "algo.args.learning_rate=0.01",
        "algo.args.warmup_steps=0",
    )
    from whetstone.finetuning.model.device import AS_STORED
    from whetstone.finetuning.model.policy import load_policy
    from whetstone.finetuning.rollout.base import Sampling
    from whetstone.finetuning.rollout.hf import HFSampler

    policy = load_policy(str(folder / "merged"), AS_STORED)
    ids = policy.tokenizer.apply_chat_template(
        [{"role": "user", "content": "Call.\n"}], add_generation_prompt=True, return_dict=False
    )
    (rollout,) = HFSampler(policy.model, policy.tokenizer).sample(
        [ids], 1, Sampling(max_new_tokens=64, temperature=0.0), seed=0
    )
    said = policy.tokenizer.decode(rollout.ids, skip_special_tokens=True)
    assert json.loads(said)["arguments"] in [arguments for _, arguments in calls]


@pytest.mark.nightly
def test_an_encoder_decoder_learns_from_rows(train, tmp_path):
    from transformers import T5Config, T5ForConditionalGeneration

    from whetstone.finetuning.nano import corpus
    from whetstone.finetuning.nano.tokenizer import build_tokenizer

    tokenizer = build_tokenizer([a + b for a, b in corpus(200, 0)], 512)
    torch.manual_seed(0)
    model = T5ForConditionalGeneration(
        T5Config(
            vocab_size=len(tokenizer),
            d_model=32,
            d_kv=8,
            d_ff=64,
            num_layers=1,
            num_heads=4,
            pad_token_id=tokenizer.pad_token_id,
            eos_token_id=tokenizer.eos_token_id,
            decoder_start_token_id=tokenizer.pad_token_id,
        )
    )
    model.save_pretrained(tmp_path / "t5")
    tokenizer.save_pretrained(tmp_path / "t5")
    rows = [{"prompt": f"Say {n}.\n", "completion": f"    return {n}\n"} for n in (1, 2)] * 8
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "eval.jsonl").write_text(
        json.dumps({"prompt": "Say 1.\n", "prefix": "def one():\n", "tests": "assert one() == 1"})
    )
    folder, report, _ = train(
        "tracker=none",
        "model=codet5p",
        f"model.path={tmp_path / 't5'}",
        "algo=sft",
        "data=jsonl",
        f"data.train={tmp_path / 'rows.jsonl'}",
        f"data.eval_tasks=[{tmp_path / 'eval.jsonl'}]",
        "debug=true",
        "hooks.evaluate.samples=1",
        "hooks.evaluate.k=[1]",
        "hooks.evaluate.before=false",
        "algo.args.max_steps=80",
        "algo.args.learning_rate=0.02",
        "algo.args.warmup_steps=0",
        "algo.args.save_steps=80",
        "run.name=t5",
    )
    losses = [row["loss"] for row in read_metrics(folder / "metrics.jsonl") if "loss" in row]
    assert losses[-1] < 0.3 < losses[0]
    (scores,) = report["after"].values()
    assert scores["greedy"] == 1.0
