"""The discriminator: its probabilities, what it is not asked about, and what a refresh teaches."""

import logging
import math
import random
import shutil
from types import SimpleNamespace

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

from whetstone.rewards import calibration
from whetstone.rewards.audit.command import audit_all
from whetstone.rewards.compiler import OUTCOME_REWARDS, CompilerConfig
from whetstone.rewards.composition import Board
from whetstone.rewards.discriminator import (
    NO_REFRESH,
    DiscriminatorConfig,
    DiscriminatorReward,
    RefreshConfig,
)
from whetstone.rewards.pairs import Pair, extras, read_replay, warning_of
from whetstone.rewards.scorer import load_scorer, make_scorer, save_scorer, score

WORDS = ["[PAD]", "[UNK]", "[END]", "def", "f", "return", "a", "b", "+", "task"]


def language_model(folder):
    torch.manual_seed(0)
    vocabulary = {word: index for index, word in enumerate(WORDS)}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", eos_token="[END]"
    ).save_pretrained(folder)
    config = Qwen2Config(
        vocab_size=len(WORDS),
        hidden_size=16,
        intermediate_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=2,
        initializer_range=1.0,
        pad_token_id=0,
        eos_token_id=2,
    )
    Qwen2ForCausalLM(config).save_pretrained(folder)


@pytest.fixture(scope="module")
def scorer(tmp_path_factory):
    base = tmp_path_factory.mktemp("base")
    language_model(base)
    return make_scorer(base, "linear", seed=0)


@pytest.fixture
def folder(scorer, tmp_path):
    save_scorer(scorer, tmp_path / "judge", extras(calibration.Calibration(0.5, -1.0), [], 0))
    return tmp_path / "judge"


def test_probabilities_are_calibrated_and_do_not_depend_on_the_batch(folder):
    codes = ["return a", "return a + b + a + b", "f"]
    alone = DiscriminatorReward(folder, batch_size=1, max_length=32, device="cpu")
    together = DiscriminatorReward(folder, batch_size=3, max_length=32, device="cpu")
    paid = alone(["task "] * 3, codes)
    assert paid == pytest.approx(together(["task "] * 3, codes), abs=1e-5)
    assert len(set(paid)) == 3
    scorer = load_scorer(folder)
    logits = score(scorer, scorer.read([f"task {code}[END]" for code in codes]), 3, 32)
    for logit, probability in zip(logits, paid, strict=True):
        assert probability == pytest.approx(1 / (1 + math.exp(1.0 - 0.5 * logit)), abs=1e-4)


def test_blank_lines_around_the_code_say_nothing(folder):
    reward = DiscriminatorReward(folder, max_length=32, device="cpu")
    plain, padded = reward(["task "] * 2, ["return a", "\n\nreturn a  \n\n"])
    assert plain == pytest.approx(padded, abs=1e-6)


def test_it_is_asked_about_what_compiles_only(folder):
    board = Board()
    reward = DiscriminatorReward(
        folder, when="compiler.compiled", otherwise=-0.5, max_length=32, device="cpu"
    )
    reward.share(board)
    codes = ["return a", "return", "f", "  "]
    with pytest.raises(LookupError):
        reward(["task"] * 4, codes)
    board.post("compiler", ["task"] * 4, codes, ["compiled", "errors", "infra_error", "compiled"])
    logged = {}
    paid = reward(["task"] * 4, codes, log_metric=logged.__setitem__)
    assert 0 < paid[0] < 1
    assert paid[1:] == [-0.5, None, -0.5]
    assert logged["discriminator/asked"] == 0.25


def test_an_answer_that_says_nothing_is_not_asked_about(folder):
    reward = DiscriminatorReward(folder, otherwise=-0.5, max_length=32, device="cpu")
    prompt = "def f ( a ) :\n    # adds\n"
    codes = ["    return a + b\n", "    pass\n", "# task\n", prompt, "    return None\n"]
    paid = reward([prompt] * 5, codes, prefix=[prompt] * 5, language=["python"] * 5)
    assert 0 < paid[0] < 1
    assert paid[1:] == [-0.5] * 4


def test_no_pair_of_a_reference_that_measures_is_learned_from():
    pairs = [Pair("task", f"return {n % 7}", f"return {n}") for n in range(70)]
    sides = {
        pair.reference: {one.held_back for one in pairs if one.reference == pair.reference}
        for pair in pairs
    }
    assert all(len(side) == 1 for side in sides.values())
    assert {True, False} == set.union(*sides.values())


def test_a_folder_without_a_discriminator_is_refused_before_anything_is_loaded(tmp_path):
    with pytest.raises(ValueError, match=r"algo\.loss=bce"):
        DiscriminatorReward(tmp_path)


def test_a_folder_without_a_calibration_says_so(folder, caplog):
    (folder / calibration.FILE).unlink()
    DiscriminatorReward(folder, device="cpu")(["task"], ["return a"])
    assert "tend to be too sure" in caplog.text


def test_a_calibration_finds_the_scale_that_made_the_labels():
    draw = random.Random(0)
    logits = [draw.gauss(0, 4) for _ in range(4000)]
    chances = [1 / (1 + math.exp(-(0.4 * logit - 0.7))) for logit in logits]
    labels = [draw.random() < chance for chance in chances]
    found = calibration.fit(logits, labels)
    assert found.scale == pytest.approx(0.4, abs=0.04)
    assert found.bias == pytest.approx(-0.7, abs=0.1)
    with pytest.raises(ValueError, match="positive and negative"):
        calibration.fit(logits, [True] * len(logits))


def test_a_separable_calibration_stays_finite():
    found = calibration.fit([-900.0, -800.0, 800.0, 900.0], [False, False, True, True])
    assert 0.5 < found.probability(800.0) < 1
    assert 0 < found.probability(-800.0) < 0.5


@pytest.mark.parametrize("spread", [0.0, 0.01, 3.0, 300.0])
def test_a_calibration_is_the_best_line_for_platts_targets(spread):
    draw = random.Random(1)
    logits = [draw.gauss(20, spread) for _ in range(50)]
    labels = [draw.random() < 0.3 for _ in logits]
    positive = sum(labels)
    high, low = (positive + 1) / (positive + 2), 1 / (52 - positive)
    found = calibration.fit(logits, labels)
    rest = [
        found.probability(logit) - (high if label else low)
        for logit, label in zip(logits, labels, strict=True)
    ]
    assert sum(rest) == pytest.approx(0, abs=1e-6)
    by_logit = sum(one * (logit - 20) for one, logit in zip(rest, logits, strict=True))
    assert by_logit == pytest.approx(0, abs=1e-5 * (spread or 1))


def test_the_audit_asks_it_with_its_compiler(folder, capsys):
    values = {
        "compiler": {"language": "python", "grading": "binary", "warning_cost": 0.0, "cpu_s": 5.0}
        | {"memory_mb": 512, "workers": 1, "harness": "standard", "weight": 0.0}
        | {"outcome_rewards": OUTCOME_REWARDS, "name": "compiler"},
        "discriminator": {"name": "discriminator", "weight": 1.0, "path": folder, "otherwise": 0.0}
        | {"when": "compiler.compiled", "batch_size": 4, "max_length": 32, "device": "cpu"}
        | {"refresh": NO_REFRESH},
    }
    both = [CompilerConfig(**values["compiler"]), DiscriminatorConfig(**values["discriminator"])]
    assert audit_all(both, unsafe=False, tests_column="tests")
    assert "compiler x discriminator" in capsys.readouterr().out


REFRESH = RefreshConfig(every_steps=2, learning_rate=0.02, replay=1.0)


def batch(step, count=24):
    """Completions whose tell is that they return b; every one is another."""
    draw = random.Random(step)
    prompts = [f"task {'+ ' * draw.randrange(6)}" for _ in range(count)]
    codes = ["return b " + " ".join(draw.choices(["a", "+", "f"], k=4)) for _ in range(count)]
    written = ["return a " + " ".join(draw.choices(["a", "+", "f"], k=4)) for _ in range(count)]
    return prompts, codes, written


def ask(reward, step, save_steps=100):
    prompts, codes, written = batch(step)
    logged = {}
    state = SimpleNamespace(global_step=step, save_steps=save_steps)
    paid = reward(
        prompts, codes, reference=written, trainer_state=state, log_metric=logged.__setitem__
    )
    return paid, logged


def refreshed(folder, run, **settings):
    reward = DiscriminatorReward(
        folder, max_length=32, device="cpu", refresh=REFRESH, batch_size=8, **settings
    )
    reward.keep_in(run)
    return reward


def test_it_learns_every_so_many_steps_and_logs_how_it_did_before(folder, tmp_path):
    reward = refreshed(folder, tmp_path / "run")
    accuracies = []
    for step in range(13):
        _, logged = ask(reward, step)
        assert ("discriminator/accuracy" in logged) == (step in {2, 4, 6, 8, 10, 12})
        accuracies += [logged[name] for name in logged if name == "discriminator/accuracy"]
    assert accuracies[0] < 0.8
    assert accuracies[-1] > 0.95
    paid, _ = ask(reward, 13)
    assert max(paid) < 0.5


def test_a_continued_run_has_the_discriminator_of_its_step(folder, tmp_path):
    reward = refreshed(folder, tmp_path / "run")
    whole = [ask(reward, step) for step in range(9)]
    shutil.rmtree(tmp_path / "run" / "discriminator" / "step-8")
    # Killed after step 8, and continued from a checkpoint at step 5: step 6 is done again.
    again = refreshed(folder, tmp_path / "run")
    for step in range(5, 9):
        paid, logged = ask(again, step)
        assert paid == pytest.approx(whole[step][0], abs=1e-5)
        assert logged == pytest.approx(whole[step][1], abs=1e-5)


def test_only_what_a_checkpoint_may_ask_for_is_kept(folder, tmp_path):
    reward = refreshed(folder, tmp_path / "run")
    for step in range(13):
        ask(reward, step, save_steps=2)
    kept = {path.name for path in (tmp_path / "run" / "discriminator").iterdir()}
    assert kept == {"step-6", "step-8", "step-10", "step-12"}


def test_old_pairs_are_learned_again(scorer, tmp_path):
    old = [Pair("task ", f"return a {'a ' * n}", f"f {'a ' * n}") for n in range(12)]
    save_scorer(scorer, tmp_path / "judge", extras(None, old, 0))
    reward = refreshed(tmp_path / "judge", tmp_path / "run")
    for step in range(3):
        ask(reward, step)
    kept = read_replay(tmp_path / "run" / "discriminator" / "step-2")
    # What it was trained on cannot measure it, so only what was held back since then does.
    assert {pair for pair in old if not pair.held_back} <= set(kept)
    assert not {pair for pair in old if pair.held_back} & set(kept)
    assert len(kept) > len(old)
    assert read_replay(tmp_path / "judge") == old


def test_a_refresh_needs_references(folder):
    reward = DiscriminatorReward(folder, device="cpu", refresh=REFRESH)
    with pytest.raises(ValueError, match="column `reference`"):
        reward(["task"], ["return a"])


@pytest.mark.parametrize(
    ("accuracy", "words"), [(1.0, "near 0"), (0.5, "near chance"), (0.8, None)]
)
def test_a_discriminator_that_teaches_nothing_is_told(accuracy, words):
    told = warning_of(accuracy)
    assert told is None if words is None else words in told


def test_the_log_warns_of_one_that_is_always_right(folder, tmp_path, caplog):
    reward = refreshed(folder, tmp_path / "run")
    with caplog.at_level(logging.WARNING):
        for step in range(15):
            ask(reward, step)
    assert "tells written code from generated" in caplog.text
