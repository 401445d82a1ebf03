"""Text of a completion exactly as it continues its prompt.

SentencePiece tokenizers (Llama, CodeLlama) strip the first space of whatever they decode. Of a
completion that is the first column of its indentation, and the program no longer compiles.
"""

from collections.abc import Sequence
from typing import Any

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
