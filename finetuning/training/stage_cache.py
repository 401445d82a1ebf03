"""What the result of a stage depends on, as one hash: the name of a cached stage.

Two stages with the same hash would come to the same weights on the same machine. Leaves out what
only watches or writes (evaluations, trackers, folders), and what the stage does not use.
"""

import sys
from pathlib import Path
from typing import Any

import torch
import transformers
import trl

from whetstone.finetuning.artifacts.run_name import digest
from whetstone.finetuning.config import Config
from whetstone.finetuning.config.model_files import files_of
from whetstone.finetuning.config.schema import NanoData
from whetstone.finetuning.data.build import build_dataset
from whetstone.finetuning.formats.dataset_type import Need
from whetstone.finetuning.model.device import Device, choose_device
from whetstone.finetuning.rollout.engines import choose_rollout

_PACKAGE = Path(__file__).resolve().parents[1]
_ROOMS = ("algo", "data", "hooks", "model", "nano", "rollout")


def content_hash(config: Config) -> str:
    """Hash settings, rows, starting weights, device, sources and versions."""
    need = config.algo.need
    used = {"seed", "algo"} | ({"reward"} if need is Need.PROMPTS else set())
    # The hooks that decide when training ends and with which weights.
    hooks = config.hooks.model_dump(mode="json", include={"watch", "best", "early_stop"})
    device = choose_device(config.backend)
    return digest(
        {
            "settings": config.model_dump(mode="json", include=used),
            "hooks": hooks,
            "model": _model(config),
            "rows": _rows(config, need),
            "device": [device.kind, str(device.dtype)],
            "rollout": _sampler(config, need, device),
            "sources": {
                path.relative_to(_PACKAGE).as_posix(): path.read_text(encoding="utf-8")
                for room in _ROOMS
                for path in sorted((_PACKAGE / room).glob("*.py"))
            },
            "versions": [
                *sys.version_info[:2],
                torch.__version__,
                transformers.__version__,
                trl.__version__,
            ],
        }
    )


def _rows(config: Config, need: Need) -> list[Any]:
    """Return the rows, or what they follow from where making them takes long.

    The corpus of the nano world follows from these and from the sources, which count anyway.
    """
    data = config.data
    if isinstance(data, NanoData) and need in {Need.COMPLETIONS, Need.TEXT}:
        return [need.value, data.corpus_size, data.limit, config.seed]
    rows: list[Any] = build_dataset(data, need, config.seed).to_list()
    return rows


def _sampler(config: Config, need: Need, device: Device) -> str | None:
    """Name what draws completions; None where none are drawn before the stage has ended."""
    samples = need is Need.PROMPTS or config.hooks.watch.every_steps
    return choose_rollout(config.backend.rollout, device).name if samples else None


def _model(config: Config) -> dict[str, Any]:
    model = config.model.model_dump(mode="json")
    if config.model.adapter == "full":
        del model["lora"]
    if config.model.path and (files := files_of(Path(config.model.path).expanduser())):
        model["files"] = [[path.name, *_state(path)] for path in files]
    return model


def _state(path: Path) -> tuple[int, int]:
    """Return size and time of change: weights are too large to be read for a name."""
    status = path.stat()
    return status.st_size, status.st_mtime_ns
