"""Supervised training of an encoder-decoder: the prompt is read, the completion is written.

TRL's trainers concatenate prompt and completion, which such a model cannot take; transformers' own
Seq2SeqTrainer does what is needed.
"""

from dataclasses import fields
from typing import Any

from datasets import Dataset
from transformers import DataCollatorForSeq2Seq, Seq2SeqTrainer, Seq2SeqTrainingArguments
from trl import SFTConfig

from whetstone.finetuning.algo.base import Parts
from whetstone.finetuning.algo.offline import HeldOutCallback, OfflineTrainer
from whetstone.finetuning.errors import ConfigError, Problem


class WhetstoneSeq2SeqTrainer(OfflineTrainer, Seq2SeqTrainer):
    """transformers.Seq2SeqTrainer with our clock, run folder and held-out rows."""


def build_seq2seq(parts: Parts, arguments: SFTConfig) -> WhetstoneSeq2SeqTrainer:
    """Return the trainer. Of TRL's own arguments `max_length` is kept: of each side on its own."""
    if parts.peft_config is not None:
        remedy = "an encoder-decoder is trained whole here; set model.adapter=full"
        raise ConfigError([Problem("model.adapter=lora", remedy)])
    known = {field.name for field in fields(Seq2SeqTrainingArguments) if field.init}
    values = {
        field.name: getattr(arguments, field.name)
        for field in fields(arguments)
        if field.init and field.name in known
    }
    values["per_device_eval_batch_size"] = arguments.per_device_train_batch_size
    tokenizer, model = parts.policy.tokenizer, parts.policy.model
    held_out = () if parts.held_out is None else (HeldOutCallback(parts.held_out_every_steps),)
    trainer = WhetstoneSeq2SeqTrainer(
        model=model,
        args=Seq2SeqTrainingArguments(**values),
        train_dataset=_tokenized(parts.dataset, tokenizer, arguments.max_length),
        eval_dataset=parts.held_out and _tokenized(parts.held_out, tokenizer, arguments.max_length),
        processing_class=tokenizer,
        data_collator=DataCollatorForSeq2Seq(tokenizer, model=model),
        callbacks=[parts.clock, *parts.callbacks, *held_out],
    )
    trainer.clock = parts.clock
    for callback in held_out:
        callback.attach(trainer)
    return trainer


def _tokenized(dataset: Dataset, tokenizer: Any, max_length: int | None) -> Dataset:
    def row(example: dict[str, Any]) -> dict[str, Any]:
        limit = {"truncation": max_length is not None, "max_length": max_length}
        labels = tokenizer(text_target=example["completion"], **limit)["input_ids"]
        if labels[-1:] != [tokenizer.eos_token_id]:
            labels = [*labels, tokenizer.eos_token_id]
        return {"input_ids": tokenizer(example["prompt"], **limit)["input_ids"], "labels": labels}

    return dataset.map(row, remove_columns=dataset.column_names)
