from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from whetstone.finetuning.rollout.text import decode_completions


def sentencepiece_like():
    """A tokenizer whose decoder strips the first space, as Llama's does."""
    pieces = ["<s>", "</s>", "\u2581", "a", "\u2581return", "\u2581\u2581\u2581", "1", "\n"]
    tokenizer = Tokenizer(models.WordLevel({piece: i for i, piece in enumerate(pieces)}, "a"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split("a", "isolated")
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("\u2581", " "), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>")


def test_an_indentation_keeps_its_first_column():
    tokenizer = sentencepiece_like()
    ids = [5, 4, 1]
    assert tokenizer.decode(ids, skip_special_tokens=True) == "   return"
    assert decode_completions(tokenizer, [ids]) == ["    return"]


def test_an_empty_completion_is_an_empty_text():
    assert decode_completions(sentencepiece_like(), [[1], []]) == ["", ""]
