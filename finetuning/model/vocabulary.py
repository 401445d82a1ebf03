"""The vocabulary that an adapter was trained with, which may be another than its base's.

Whoever adds tokens gives the model rows for them. peft keeps such rows with the adapter, and
refuses to load them into a base of another size; the tokenizer that writes the tokens lies beside.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from safetensors import safe_open

from whetstone.finetuning.errors import Problem
from whetstone.finetuning.model.policy import load_tokenizer

WEIGHTS = "adapter_model.safetensors"
_PREFIX = "base_model.model."
_ROWS = ((".lora_embedding_A", 1), (".lora_B.weight", 0), (".weight", 0))
"""What ends the name of a matrix of the adapter, and which of its sides counts tokens."""
_TOKENIZER = ("tokenizer_config.json", "tokenizer.json")
_TEMPLATE = "chat_template.jinja"


def vocabulary_problems(
    adapter: Path, base: Path, model: Any, setting: str, trusted: bool
) -> Iterator[Problem]:
    """Yield why the adapter's tokens fit no copy of the base; `model` needs no weights."""
    rows = _rows(adapter, model)
    here = model.get_input_embeddings().weight.shape[0]
    if len(set(rows.values())) > 1:
        told = ", ".join(f"{count} in {name}" for name, count in sorted(rows.items()))
        yield Problem(setting, f"the adapter brings embeddings of several sizes: {told}")
        return
    count = next(iter(rows.values()), here)
    if count != here and (missing := sorted(_embeddings(model) - rows.keys())):
        yield Problem(
            setting,
            f"the adapter was trained with {count} tokens, this has {here}, and the adapter brings "
            f"no {', '.join(missing)} for the others; save it with its embeddings "
            "(save_embedding_layers=True)",
        )
    elif (most := max(_trained_tokens(adapter), default=0)) >= count:
        yield Problem(
            setting,
            f"the adapter was trained on token {most}, and this has {count}, from 0 on; save it "
            "with its embeddings (save_embedding_layers=True)",
        )
    elif (known := _tokens_beyond(adapter, base, count, trusted)) is not None:
        yield Problem(
            setting,
            f"the adapter's tokenizer has {known} tokens, and there are embeddings for {count}; "
            "save the adapter with its embeddings (save_embedding_layers=True)",
        )


def fit_vocabulary(adapter: Path, model: Any) -> None:
    """Give a copy of the base as many rows as the adapter has, which then fills them."""
    rows = set(_rows(adapter, model).values())
    if len(rows) == 1 and rows != {model.get_input_embeddings().weight.shape[0]}:
        model.resize_token_embeddings(rows.pop(), mean_resizing=False)


def tokenizer_beside(adapter: Path, of_base: Any, trust_remote_code: bool) -> Any:
    """Return the tokenizer that the adapter was trained with: its own, or that of its base.

    The base's is given the adapter's chat template, where that alone lies beside the adapter.
    """
    if _has_tokenizer(adapter):
        return load_tokenizer(adapter, trust_remote_code)
    if (adapter / _TEMPLATE).is_file():
        of_base.chat_template = (adapter / _TEMPLATE).read_text(encoding="utf-8")
    return of_base


def _has_tokenizer(adapter: Path) -> bool:
    return any((adapter / name).is_file() for name in _TOKENIZER)


def _tokens_beyond(adapter: Path, base: Path, rows: int, trusted: bool) -> int | None:
    """Return how many tokens the adapter's tokenizer has, where that is more than there are rows.

    None also where the base's own has as many: some models never use the end of theirs.
    """
    if not _has_tokenizer(adapter):
        return None
    known = len(load_tokenizer(adapter, trusted))
    return known if known > max(rows, len(load_tokenizer(base, trusted))) else None


def _trained_tokens(adapter: Path) -> list[int]:
    """Return the tokens that were trained one by one, without the rest of their matrix."""
    text = (adapter / "adapter_config.json").read_text(encoding="utf-8")
    given = json.loads(text).get("trainable_token_indices") or []
    lists = given.values() if isinstance(given, dict) else [given]
    return [int(token) for tokens in lists for token in tokens]


def _embeddings(model: Any) -> set[str]:
    """Return the names of the matrices that have a row for each token, tied ones once."""
    layers = [model.get_input_embeddings(), model.get_output_embeddings()]
    names = {id(layer): name for name, layer in model.named_modules()}
    if getattr(model.config, "tie_word_embeddings", False):
        layers = layers[:1]
    return {names[id(layer)] for layer in layers if layer is not None}


def _rows(adapter: Path, model: Any) -> dict[str, int]:
    """Return, of each matrix with tokens that the adapter brings or adapts, how many it has."""
    if not (adapter / WEIGHTS).is_file():
        return {}  # a pickle is not read before it has to be
    both = [model.get_input_embeddings(), model.get_output_embeddings()]
    names = {name for name, layer in model.named_modules() if any(layer is one for one in both)}
    found: dict[str, int] = {}
    with safe_open(adapter / WEIGHTS, framework="pt") as file:
        for key in file.keys():  # noqa: SIM118 - not a mapping
            for ending, side in _ROWS:
                name = key.removeprefix(_PREFIX).removesuffix(ending).removesuffix(".base_layer")
                if key.endswith(ending) and name in names:
                    found[name] = file.get_slice(key).get_shape()[side]
    return found
