"""What marks the beginning and the end of a text reaches a model once, and the end is learned.

The tokenizer is like Llama's: it writes `<s>` itself, and pads with what ends a text.
"""

import json

import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast, Trainer
from trl import GRPOTrainer

from whetstone.rewards.reward_model import token_ids

CHAT = (
    "{{ bos_token }}{% for message in messages %}<|turn|>{{ message.role }}\n"
    "{{ message.content }}<|done|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|turn|>assistant\n{% endif %}"
)
TEXTS = [
    {"prompt": f"Add {n} to a.\n", "completion": f"def f(a):\n    return a + {n}\n"} for n in "1234"
]


def spoken(row, **answers):
    """A row as a chat: what is asked, and one answer for each column."""
    said = {name: [{"role": "assistant", "content": text}] for name, text in answers.items()}
    return {"prompt": [{"role": "user", "content": row["prompt"]}], **said}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    inner = Tokenizer(models.BPE())
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    marks = ["<s>", "</s>", "<|turn|>", "<|done|>"]
    trainer = trainers.BpeTrainer(
        vocab_size=400, special_tokens=marks, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
    )
    inner.train_from_iterator([row["prompt"] + row["completion"] for row in TEXTS], trainer)
    inner.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A $B", special_tokens=[("<s>", 0)]
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=inner, bos_token="<s>", eos_token="</s>", pad_token="</s>"
    )
    torch.manual_seed(0)
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=32,
            intermediate_size=64,
            num_hidden_layers=2,
            num_attention_heads=2,
            max_position_embeddings=1024,
            bos_token_id=0,
            eos_token_id=1,
            pad_token_id=1,
        )
    )
    made = tmp_path_factory.mktemp("llama")
    model.save_pretrained(made)
    tokenizer.save_pretrained(made)
    return made


@pytest.fixture
def first_batch(folder, train, unmeasured, tmp_path, monkeypatch):
    """Train on rows; return what the first step was given, and the tokenizer that wrote it."""
    seen = []

    def watch(owner, name):
        inner = getattr(owner, name)

        def watched(trainer, *given):
            result = inner(trainer, *given)
            batches = [one for one in (result, *given) if isinstance(one, dict)]
            seen.extend((trainer.processing_class, batch) for batch in batches)
            return result

        monkeypatch.setattr(owner, name, watched)

    watch(Trainer, "training_step")
    watch(GRPOTrainer, "_generate_and_score_completions")

    def run(algo, rows, *more):
        path = tmp_path / "rows.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        source = [f"model.path={folder}", "data=jsonl", f"data.train={path}"]
        train(f"algo={algo}", "model=qwen", *source, "debug=true", *unmeasured, *more)
        return seen[0]

    return run


@pytest.fixture
def chat(folder):
    """Give the model a template that writes `<s>` as well."""
    file = folder / "chat_template.jinja"
    file.write_text(CHAT)
    yield
    file.unlink()


def where(tokenizer, ids, kept):
    return [tokenizer.decode(row[mask]) for row, mask in zip(ids, kept.bool(), strict=True)]


def test_the_end_is_learned_although_texts_are_padded_with_it(first_batch):
    rows = [*TEXTS[:3], {"prompt": "Nothing.\n", "completion": "pass\n"}]
    tokenizer, batch = first_batch("sft", rows)
    learned = where(tokenizer, batch["input_ids"], batch["labels"] >= 0)
    assert sorted(learned) == sorted(f"{row['completion']}</s>" for row in rows)
    read = where(tokenizer, batch["input_ids"], batch["attention_mask"])
    assert sorted(read) == sorted(f"<s>{row['prompt']}{row['completion']}</s>" for row in rows)


@pytest.mark.usefixtures("chat")
@pytest.mark.parametrize(
    "algo", ["dpo", *(pytest.param(name, marks=pytest.mark.nightly) for name in ("sft", "kto"))]
)
def test_a_chat_begins_once_and_its_end_is_learned(first_batch, algo):
    def row(number, text):
        code = text["completion"]
        if algo == "dpo":
            return spoken(text, chosen=code, rejected="no\n")
        return spoken(text, completion=code) | ({"label": number < 2} if algo == "kto" else {})

    rows = [row(number, text) for number, text in enumerate(TEXTS)]
    tokenizer, batch = first_batch(algo, rows)
    learned = batch["labels"] >= 0 if algo == "sft" else batch["completion_mask"]
    answers = [text["completion"] for text in TEXTS] + ["no\n"] * 4 * (algo == "dpo")
    found = where(tokenizer, batch["input_ids"], learned)
    assert sorted(found) == sorted(f"{answer}<|done|>\n" for answer in answers)
    read = where(tokenizer, batch["input_ids"], batch["attention_mask"])
    assert all(text.startswith("<s><|turn|>user") and text.count("<s>") == 1 for text in read)


@pytest.mark.usefixtures("chat")
def test_an_answer_is_sampled_after_one_beginning(first_batch):
    more = ["reward=random", "algo.args.max_completion_length=8"]
    tokenizer, batch = first_batch("grpo", [spoken(text) for text in TEXTS], *more)
    read = where(tokenizer, batch["prompt_ids"], batch["prompt_mask"])
    asked = {f"<s><|turn|>user\n{text['prompt']}<|done|>\n<|turn|>assistant\n" for text in TEXTS}
    assert set(read) <= asked


@pytest.mark.usefixtures("chat")
def test_a_conversation_is_scored_as_it_was_trained_on(first_batch):
    rows = [spoken(text, chosen=text["completion"], rejected="no\n") for text in TEXTS]
    tokenizer, batch = first_batch("reward", rows)
    kept = batch["attention_mask"].bool()
    trained = [ids[mask].tolist() for ids, mask in zip(batch["input_ids"], kept, strict=True)]
    scored = [
        token_ids(row["prompt"], row[kind], tokenizer)
        for row in rows
        for kind in ("chosen", "rejected")
    ]
    assert sorted(trained) == sorted(scored)
