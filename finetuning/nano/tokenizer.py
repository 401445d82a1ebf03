"""The tokenizer of the nano model: byte-level BPE trained on the corpus.

Digits stand alone, so a constant is copied from prompt to answer as one token; a word takes the
space before it along, and an indentation takes its newline. Bytes are the alphabet, so any text
can be encoded and comes back unchanged.
"""

from collections.abc import Iterable
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from whetstone.finetuning.nano.context import CONTEXT_LENGTH

PAD = "<pad>"
EOS = "<eos>"
CHAT_TEMPLATE = Path(__file__).with_name("chat.jinja")
"""Text as it is, a tool call as JSON, and the end of text after what the assistant says."""

SPECIAL_TOKENS = (PAD, EOS)
"""In the order of their ids."""

PIECES = r" ?[A-Za-z_]+|[0-9]|\n *| ?[^\sA-Za-z0-9_]+| +"


def build_tokenizer(texts: Iterable[str], vocab_size: int) -> PreTrainedTokenizerFast:
    """Train a tokenizer on texts.

    `vocab_size` counts the two special tokens, the 256 bytes and the merges. Prompts are padded on
    the left, as generation wants them; nothing is added to a text, so who trains appends `<eos>`.
    """
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PIECES), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=PAD,
        eos_token=EOS,
        padding_side="left",
        model_max_length=CONTEXT_LENGTH,
        # A Llama takes no token types.
        model_input_names=["input_ids", "attention_mask"],
        clean_up_tokenization_spaces=False,
        chat_template=CHAT_TEMPLATE.read_text(encoding="utf-8"),
    )
