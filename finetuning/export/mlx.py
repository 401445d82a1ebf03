"""The MLX form of a model: what `mlx_lm` loads on an Apple computer, as it is or in 4 or 8 bits.

mlx-lm's own converter reads a transformers folder too, but keeps its configuration, and with it the
rotary base that mlx-lm does not find there (finetuning/model/rope_compat.py).
"""

import json
import shutil
from pathlib import Path
from typing import Any

from mlx_lm.utils import load_model, quantize_model, save_config, save_model

from whetstone.evaluation.files import whole_folder
from whetstone.finetuning.errors import ConfigError, Problem
from whetstone.finetuning.export.names import Bits
from whetstone.finetuning.model.policy import load_tokenizer
from whetstone.finetuning.model.rope_compat import Settings, with_older_names
from whetstone.finetuning.rollout.mlx_model import MLXModel

_GENERATION = "generation_config.json"
_GROUP, _SMALL_GROUP = 64, 32  # weights that share a scale; a row must hold whole groups


def export_mlx(model_folder: Path, target: Path, bits: Bits | None = None) -> None:
    """Write the MLX form of a transformers folder.

    Args:
        model_folder: weights and tokenizer as `save_pretrained` leaves them.
        target: where to; complete or not there at all, also when killed midway.
        bits: round the weights of linear layers and embeddings; None keeps them.

    Raises:
        ConfigError: mlx-lm does not know the architecture, or the folder is no whole model.

    """
    config = json.loads((model_folder / "config.json").read_text(encoding="utf-8"))
    try:
        module, settings = load_model(
            model_folder, lazy=True, model_config=with_older_names(config)
        )
    except (ValueError, FileNotFoundError) as error:
        raise ConfigError([Problem(f"model={model_folder}", str(error))]) from error
    if bits is not None:
        whole = settings["hidden_size"] % _GROUP == 0
        module, settings = quantize_model(module, settings, _GROUP if whole else _SMALL_GROUP, bits)
    with whole_folder(target) as draft:
        _write(module, settings, load_tokenizer(model_folder), draft)
        if (model_folder / _GENERATION).is_file():
            shutil.copy(model_folder / _GENERATION, draft / _GENERATION)


def export_live(model: Any, tokenizer: Any, target: Path) -> None:
    """Write the MLX form of a model under training, its adapter folded in."""
    copy = MLXModel(model.config.to_dict(), model.dtype)
    copy.follow(model)
    with whole_folder(target) as draft:
        _write(copy.module, copy.settings, tokenizer, draft)
        model.generation_config.save_pretrained(draft)


def _write(module: Any, settings: Settings, tokenizer: Any, folder: Path) -> None:
    save_model(folder, module)
    save_config(dict(settings), folder / "config.json")
    tokenizer.save_pretrained(folder)
