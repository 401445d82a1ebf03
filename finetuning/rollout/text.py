"""The sampler as evaluation wants it: text in, text out."""

from collections.abc import Sequence
from typing import Any

from whetstone.evaluation.prompt import Prompt, messages_of, prompt_text
from whetstone.evaluation.sampler import SamplingParams
from whetstone.finetuning.rollout.base import Engine, Sampling
from whetstone.finetuning.rollout.hf import HFSampler
from whetstone.finetuning.rollout.seq2seq import sample_seq2seq


class TextSampler:
    """Implements evaluation's Sampler with an engine.

    Args:
        model: a language model, decoder-only or an encoder-decoder.
        tokenizer: its tokenizer, which pads on the left.
        max_length: tokens that prompt and completion have together; None takes what the model was
            made for. A prompt that leaves no room gets an empty completion.
        engine: what samples; None: transformers. It takes the weights as they are now.

    """

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        max_length: int | None = None,
        engine: Engine | None = None,
    ) -> None:
        self.eos: str = tokenizer.eos_token or ""
        self._model = model
        self._tokenizer = tokenizer
        self._sampler = engine or HFSampler(model, tokenizer)
        self._sampler.sync(model)
        self._max_length = max_length or getattr(model.config, "max_position_embeddings", None)

    def __call__(self, prompts: Sequence[Prompt], params: SamplingParams) -> list[list[str]]:
        """Return `params.n` completions for each prompt.

        Special tokens inside a text stay: some are stop words of a task, and what is left of the
        others is what the model wrote.
        """
        if self._model.config.is_encoder_decoder:
            texts_in = [prompt_text(prompt) for prompt in prompts]
            answers: list[list[str]] = sample_seq2seq(
                self._model, self._tokenizer, texts_in, params
            )
            return answers
        ids = self._prompt_ids(prompts, chat=params.chat)
        room = [self._room(of_prompt, params.max_new_tokens) for of_prompt in ids]
        fitting = [index for index, limit in enumerate(room) if limit > 0]
        texts = [[""] * params.n for _ in prompts]
        if not fitting:
            return texts
        sampling = Sampling(
            max_new_tokens=max(room),
            temperature=params.temperature,
            top_p=params.top_p,
            top_k=params.top_k,
            stop=params.stop,
        )
        rollouts = self._sampler.sample(
            [ids[index] for index in fitting], params.n, sampling, params.seed
        )
        decoded = decode_completions(
            self._tokenizer,
            [
                self._until_end(rollout.ids[: room[fitting[number // params.n]]])
                for number, rollout in enumerate(rollouts)
            ],
            keep_special=True,
        )
        for place, index in enumerate(fitting):
            texts[index] = decoded[place * params.n : (place + 1) * params.n]
        return texts

    def _prompt_ids(self, prompts: Sequence[Prompt], *, chat: bool) -> list[list[int]]:
        texts = [self._asked(prompt) if chat else prompt_text(prompt) for prompt in prompts]
        # A chat template writes the special tokens that the tokenizer would add.
        ids: list[list[int]] = self._tokenizer(texts, add_special_tokens=not chat)["input_ids"]
        return ids

    def _asked(self, prompt: Prompt) -> str:
        text: str = self._tokenizer.apply_chat_template(
            messages_of(prompt), add_generation_prompt=True, tokenize=False
        )
        return text

    def _room(self, prompt: list[int], max_new_tokens: int) -> int:
        if self._max_length is None:
            return max_new_tokens
        return min(max_new_tokens, self._max_length - len(prompt))

    def _until_end(self, ids: list[int]) -> list[int]:
        end = next((at for at, token in enumerate(ids) if token in self._sampler.eos), len(ids))
        return ids[:end]


_ANCHOR = "a"


def decode_completions(
    tokenizer: Any, completions: Sequence[list[int]], *, keep_special: bool = False
) -> list[str]:
    """Return one text per list of token ids, with every space, with or without special tokens."""
    anchor = tokenizer(_ANCHOR, add_special_tokens=False)["input_ids"]
    texts = tokenizer.batch_decode(
        [anchor + ids for ids in completions], skip_special_tokens=not keep_special
    )
    start = len(tokenizer.decode(anchor, skip_special_tokens=not keep_special))
    return [text[start:] for text in texts]
