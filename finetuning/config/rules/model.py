"""Rules about the model, from small files: its id, adapters, architecture and context length."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from whetstone.finetuning.config.model_files import context_of, settings_of
from whetstone.finetuning.config.references import referred
from whetstone.finetuning.config.resolve_model import OUTPUTS, REPO, resolve_model
from whetstone.finetuning.config.schema import Config, OnlineConfig
from whetstone.finetuning.config.settings import MISSING
from whetstone.finetuning.config.trl_args import argument_types
from whetstone.finetuning.errors import ConfigError, Problem
from whetstone.finetuning.nano.context import CONTEXT_LENGTH

_REPO_FORM = "must be OWNER/NAME: letters, digits, `-`, `_` and `.`"


def model_can_be_meant(setting: str, given: str, outputs: Path = OUTPUTS) -> Iterator[Problem]:
    """Refuse what is neither a name, nor a folder, nor anything that the Hub could know."""
    if given == MISSING:
        return
    try:
        resolve_model(given, f"{setting}={given}", outputs)
    except ConfigError as error:
        yield from error.problems


def not_a_repo(setting: str, given: str) -> Iterator[Problem]:
    """Refuse what cannot be the name of a repository on the Hub."""
    if given != MISSING and not REPO.fullmatch(given):
        yield Problem(f"{setting}={given}", _REPO_FORM)


ADAPTER_CONFIG = "adapter_config.json"
_WEIGHTS = ("adapter_model.safetensors", "adapter_model.bin")


def no_adapter(folder: Path) -> Iterator[Problem]:
    """Yield why this folder is no adapter that could be folded into a base."""
    setting = f"adapter={folder}"
    if not folder.is_dir():
        yield Problem(setting, "there is no such folder")
    elif not (folder / ADAPTER_CONFIG).is_file():
        inside = folder / "adapter"
        other = f"; it is the folder of a run: adapter={inside}" if inside.is_dir() else ""
        yield Problem(
            setting, f"this folder has no {ADAPTER_CONFIG}, so it is not an adapter{other}"
        )
    elif not any((folder / name).is_file() for name in _WEIGHTS):
        yield Problem(setting, f"this folder has no weights ({_WEIGHTS[0]})")
    else:
        kind = json.loads((folder / ADAPTER_CONFIG).read_text(encoding="utf-8")).get("peft_type")
        if kind != "LORA":
            yield Problem(setting, f"this adapter is of the kind {kind}; only LoRA can be merged")


def adapter_may_exist(given: str | None) -> Iterator[Problem]:
    """Refuse what is neither a folder with an adapter nor anything that the Hub could know."""
    if given is None:
        return
    folder = Path(given).expanduser()
    looks_local = given.startswith((".", "/", "~")) or given.count("/") != 1
    if folder.is_dir() or looks_local:
        yield from no_adapter(folder)


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
        text = "set data.chat=false" if hasattr(config.data, "chat") else "give rows of text"
        yield Problem(
            f"model.path={config.model.path}",
            f"the rows are messages, and its tokenizer has no chat template; {remedy}, choose an "
            f"instruct model, or {text}",
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


def lengths_fit_context(config: Config) -> Iterator[Problem]:
    """Check a local folder and the nano model; others are checked once their files are here."""
    path = config.model.path
    if path is None:
        yield from _beyond(config, CONTEXT_LENGTH)  # it is made first, and by us
    elif referred(path) is None:
        yield from length_problems(config, Path(path).expanduser())


def length_problems(config: Config, folder: Path) -> Iterator[Problem]:
    """Yield the lengths that the model in this folder cannot read."""
    if (context := context_of(folder)) is not None:
        yield from _beyond(config, context)


def _beyond(config: Config, context: int) -> Iterator[Problem]:
    if config.collect is not None:
        return  # nothing is trained, and what is sampled ends where the context does
    samples = isinstance(config.algo, OnlineConfig)
    key = "max_completion_length" if samples else "max_length"
    length, most = config.algo.args.get(key), context - 1 if samples else context
    if isinstance(length, int) and length > most:
        words = "prompt and completion together; leave room for the prompt" if samples else "a row"
        yield Problem(
            f"algo.args.{key}={length}",
            f"the model reads {context} tokens (max_position_embeddings), {words}; at most {most}",
        )
