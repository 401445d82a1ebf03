"""Encoder-decoder models: they learn from rows, and are refused for everything else."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from finetuning.config.model_files import settings_of
from finetuning.config.schema import Config
from finetuning.config.trl_args import argument_types
from finetuning.errors import Problem

_TEMPLATE = "chat_template_path"
_TEMPLATE_FILES = ("chat_template.jinja", "additional_chat_templates")
_TOKENIZER = "tokenizer_config.json"
_KNOWN = re.compile(r"(^|[/_-])(code|flan-|m)?(t5p?|bart)(?![a-z0-9])", re.IGNORECASE)
"""In the names of encoder-decoders on the Hub: told before anything is downloaded."""


def encoder_decoders_are_supervised(config: Config) -> Iterator[Problem]:
    """Check a local folder, or a name; others of the Hub are checked once their files are here."""
    path = config.model.path
    if path is None:
        return
    folder = Path(path).expanduser()
    if is_encoder_decoder(folder) or (not folder.exists() and _KNOWN.search(path)):
        yield from _refused(config)


def architecture_problems(config: Config, folder: Path) -> Iterator[Problem]:
    """Yield what an encoder-decoder in this folder cannot do."""
    if is_encoder_decoder(folder):
        yield from _refused(config)


def _refused(config: Config) -> Iterator[Problem]:
    setting = f"model.path={config.model.path}"
    if config.collect is None and config.algo.name != "sft":
        yield Problem(
            setting,
            f"this is an encoder-decoder model, and algo={config.algo.name} needs a decoder-only "
            "one such as model=qwen; algo=sft trains this one",
        )
    elif config.collect is None and config.model.adapter == "lora":
        yield Problem(setting, "an encoder-decoder is trained whole; add model.adapter=full")
    elif config.collect is None and config.algo.args.get("packing"):
        yield Problem("algo.args.packing=True", "an encoder-decoder reads a row at a time; false")


def template_problems(
    config: Config, row: Mapping[str, Any], *, has_template: bool
) -> Iterator[Problem]:
    """Yield that a row of messages cannot be written, because no chat template says how."""
    is_chat = "messages" in row or isinstance(row.get("prompt"), list)
    if is_chat and not has_template and not config.algo.args.get(_TEMPLATE):
        takes = _TEMPLATE in argument_types(config.algo.name)
        remedy = f"set algo.args.{_TEMPLATE}=FILE" if takes else "save chat_template.jinja there"
        yield Problem(
            f"model.path={config.model.path}",
            f"the rows are messages, and its tokenizer has no chat template; {remedy}, choose an "
            "instruct model, or give rows of text",
        )


def brings_template(folder: Path) -> bool:
    """Tell whether the tokenizer of a model's folder has a chat template; True if in doubt."""
    if any((folder / name).exists() for name in _TEMPLATE_FILES):
        return True
    try:
        settings = json.loads((folder / _TOKENIZER).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return True  # its class may have one
    return bool(settings.get("chat_template"))


def is_encoder_decoder(folder: Path) -> bool:
    """Tell what the config.json of a model's folder says; False where there is none to read."""
    return bool(settings_of(folder).get("is_encoder_decoder"))
