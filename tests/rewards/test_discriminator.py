"""The discriminator: its probabilities, what it is not asked about, and its calibration."""

import math
import random

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    PreTrainedTokenizerFast,
)

from rewards import calibration
from rewards.board import Board
from rewards.discriminator import DiscriminatorReward

WORDS = ["[PAD]", "[UNK]", "def", "f", "return", "a", "b", "+", "task"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("classifier")
    build(path, 1)
    return path


def build(path, labels):
    torch.manual_seed(0)
    vocabulary = {word: index for index, word in enumerate(WORDS)}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]"
    ).save_pretrained(path)
    config = BertConfig(
        vocab_size=len(WORDS),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=64,
        num_labels=labels,
        initializer_range=1.0,
    )
    BertForSequenceClassification(config).save_pretrained(path)


def test_probabilities_are_calibrated_and_do_not_depend_on_the_batch(folder, tmp_path):
    codes = ["return a", "return a + b + a + b", "f"]
    alone = DiscriminatorReward(folder, batch_size=1, max_length=32, device="cpu")
    together = DiscriminatorReward(folder, batch_size=3, max_length=32, device="cpu")
    plain = alone(["task"] * 3, codes)
    assert plain == pytest.approx(together(["task"] * 3, codes), abs=1e-5)
    assert len(set(plain)) == 3
    build(tmp_path, 1)
    calibration.Calibration(0.5, -1.0).save(tmp_path)
    cooler = DiscriminatorReward(tmp_path, max_length=32, device="cpu")(["task"] * 3, codes)
    for before, after in zip(plain, cooler, strict=True):
        logit = math.log(before / (1 - before))
        assert after == pytest.approx(1 / (1 + math.exp(1.0 - 0.5 * logit)), abs=1e-4)


def test_two_classes_pay_the_second(tmp_path):
    build(tmp_path, 2)
    (paid,) = DiscriminatorReward(tmp_path, max_length=32, device="cpu")(["task"], ["return a"])
    model = BertForSequenceClassification.from_pretrained(tmp_path)
    tokenizer = PreTrainedTokenizerFast.from_pretrained(tmp_path)
    with torch.inference_mode():
        logits = model(**tokenizer("task", "return a", return_tensors="pt")).logits
    assert paid == pytest.approx(logits.softmax(-1)[0, 1].item(), abs=1e-5)


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


def test_a_folder_without_a_model_is_refused_before_anything_is_loaded(tmp_path):
    with pytest.raises(ValueError, match="no model lies there"):
        DiscriminatorReward(tmp_path)


def test_a_classifier_of_many_classes_is_refused(tmp_path):
    build(tmp_path, 3)
    with pytest.raises(ValueError, match="3 classes"):
        DiscriminatorReward(tmp_path, device="cpu")(["task"], ["return a"])


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
