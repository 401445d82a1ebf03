"""Encoder-decoder models: they learn from rows, and are refused for everything else."""

import json
from collections.abc import Iterator
from pathlib import Path

from finetuning.config.schema import Config
from finetuning.errors import Problem


def encoder_decoders_are_supervised(config: Config) -> Iterator[Problem]:
    """Check a local folder; a model of the Hub is checked once its files are here."""
    if config.model.path is not None:
        yield from architecture_problems(config, Path(config.model.path).expanduser())


def architecture_problems(config: Config, folder: Path) -> Iterator[Problem]:
    """Yield what an encoder-decoder in this folder cannot do."""
    if not is_encoder_decoder(folder):
        return
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


def is_encoder_decoder(folder: Path) -> bool:
    """Tell what the config.json of a model's folder says; False where there is none to read."""
    path = folder / "config.json"
    if not path.is_file():
        return False
    try:
        return bool(json.loads(path.read_text(encoding="utf-8")).get("is_encoder_decoder"))
    except json.JSONDecodeError:
        return False
