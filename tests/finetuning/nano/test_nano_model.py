import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from whetstone.finetuning.nano import corpus
from whetstone.finetuning.nano.model import build_model
from whetstone.finetuning.nano.tokenizer import build_tokenizer

MOST_NEW_TOKENS = 56
VOCAB_SIZE = 512


@pytest.fixture(scope="module")
def rows():
    return corpus(5000, seed=0)


@pytest.fixture(scope="module")
def tokenizer(rows):
    return build_tokenizer((prompt + solution for prompt, solution in rows), VOCAB_SIZE)


def test_the_vocabulary_starts_with_the_special_tokens(tokenizer):
    assert len(tokenizer) == VOCAB_SIZE
    assert (tokenizer.pad_token_id, tokenizer.eos_token_id) == (0, 1)
    assert tokenizer.bos_token_id is None


def test_texts_come_back_unchanged(tokenizer, rows):
    texts = [text for row in rows[:2000] for text in row]
    assert tokenizer.batch_decode(tokenizer(texts)["input_ids"]) == texts
    strange = "déjà vu 🙂\t\r\n  x  == '  '\n\n"
    assert tokenizer.decode(tokenizer(strange)["input_ids"]) == strange


def test_a_digit_is_a_token(tokenizer):
    assert tokenizer.convert_ids_to_tokens(tokenizer("x % 128")["input_ids"])[-3:] == [*"128"]


def test_prompt_and_answer_meet_at_a_token_boundary(tokenizer, rows):
    for prompt, solution in rows[:500]:
        joint = tokenizer(prompt + solution)["input_ids"]
        assert joint == tokenizer(prompt)["input_ids"] + tokenizer(solution)["input_ids"]


@pytest.mark.parametrize(
    "size", [5000, pytest.param(51_200, marks=pytest.mark.nightly)], ids=["some", "the preset's"]
)
def test_lengths_fit_the_generation_limit_and_the_context(tokenizer, size):
    prompts, answers = (
        [len(ids) for ids in tokenizer(list(texts))["input_ids"]]
        for texts in zip(*corpus(size, seed=0), strict=True)
    )
    assert max(answers) + 1 <= MOST_NEW_TOKENS, "with <eos>"
    assert max(prompts) + MOST_NEW_TOKENS <= tokenizer.model_max_length
    assert sum(prompts) / len(prompts) == pytest.approx(32.3, abs=1)
    assert sum(answers) / len(answers) == pytest.approx(30.6, abs=1)


def test_training_the_tokenizer_again_gives_the_same_one(tokenizer, rows):
    again = build_tokenizer((prompt + solution for prompt, solution in rows), VOCAB_SIZE)
    assert again.backend_tokenizer.to_str() == tokenizer.backend_tokenizer.to_str()


def test_the_model_has_its_size():
    model = build_model(VOCAB_SIZE, seed=0)
    assert model.num_parameters() == 270_816
    assert model.dtype == torch.float32
    assert model.lm_head.weight is model.model.embed_tokens.weight


def test_the_seed_decides_the_weights_and_nothing_else_moves():
    state = torch.get_rng_state()
    weights = [build_model(VOCAB_SIZE, seed).lm_head.weight for seed in (0, 0, 1)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])
    assert torch.equal(torch.get_rng_state(), state)


def test_saved_and_loaded_it_generates_from_a_padded_batch(tmp_path, tokenizer):
    tokenizer.save_pretrained(tmp_path)
    build_model(VOCAB_SIZE, seed=0).save_pretrained(tmp_path)
    tokenizer = AutoTokenizer.from_pretrained(tmp_path)
    model = AutoModelForCausalLM.from_pretrained(tmp_path)
    prompts = ["Write a function f(nums)", "f"]
    batch = tokenizer(prompts, padding=True, return_tensors="pt")
    together = model.generate(**batch, max_new_tokens=4, do_sample=False)
    alone = model.generate(
        **tokenizer(prompts[1], return_tensors="pt"), max_new_tokens=4, do_sample=False
    )
    assert batch["input_ids"][1, 0] == tokenizer.pad_token_id
    assert torch.equal(together[1, -4:], alone[0, -4:])
