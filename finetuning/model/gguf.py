"""A GGUF file as a transformers folder: converted once by transformers, and kept by its content.

The folder holds the numbers of the file in float32, in which every format of llama.cpp comes out
exactly as it is computed with; what a file has rounded stays rounded. Weights that a file keeps in
blocks cannot be trained, and transformers cannot write them, so they are unpacked.
"""

import hashlib
import logging
import shutil
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

from whetstone.evaluation.files import whole_folder
from whetstone.finetuning.config.gguf_files import read_header, why_not_converted
from whetstone.finetuning.config.models_folder import MODELS_DIR_VARIABLE, models_folder
from whetstone.finetuning.errors import ConfigError, OutsideError, Problem

if TYPE_CHECKING:
    from whetstone.finetuning.model.policy import Policy

_LOG = logging.getLogger(__name__)
_BYTES = 4
"""Of a weight in float32."""


def converted_folder(file: Path, setting: str) -> Path:
    """Return the transformers folder of a GGUF file; make it where it is not there yet.

    Args:
        file: The GGUF file.
        setting: What the user typed, for messages.

    Raises:
        ConfigError: Nothing can be made of the file.
        OutsideError: The disk has no room for the folder.

    """
    if reason := why_not_converted(file):
        raise ConfigError([Problem(setting, reason)])
    status = file.stat()
    mark = _hash_of(file, status.st_size, status.st_mtime_ns)[:16]
    folder = models_folder() / "converted" / f"{file.stem}-{mark}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_name(f"{folder.name}.lock")):
        if not folder.is_dir():
            _LOG.warning("%s: converting it, which is done once; %s", file.name, folder)
            with whole_folder(folder) as draft:
                convert(file, draft)
    return folder


def convert(file: Path, folder: Path) -> None:
    """Write weights and tokenizer of a GGUF file into a folder, as `save_pretrained` leaves them.

    Args:
        file: The GGUF file; `why_not_converted` has found nothing.
        folder: An empty folder.

    Raises:
        OutsideError: The disk has no room for it.

    """
    needed = read_header(file).weights * _BYTES
    if (free := shutil.disk_usage(folder).free) < needed:
        raise OutsideError(
            f"{file.name} takes {needed / 1e9:.1f} GB as a transformers folder, and "
            f"{folder.parent} has {free / 1e9:.1f} GB free. Make room, or set "
            f"{MODELS_DIR_VARIABLE} to a folder on another disk; then give the same command again."
        )
    from whetstone.finetuning.model.policy import write_policy  # noqa: PLC0415 - torch, only now

    write_policy(_unpacked(file), folder)


def _unpacked(file: Path) -> "Policy":
    """Load a GGUF file as a plain model in float32, which can be trained and written."""
    import torch  # noqa: PLC0415
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig  # noqa: PLC0415

    from whetstone.finetuning.model.policy import Policy  # noqa: PLC0415

    model = AutoModelForCausalLM.from_pretrained(
        file.parent,
        gguf_file=file.name,
        dtype=torch.float32,
        quantization_config=GgufConfig(dequantize=True),
    )
    tokenizer = AutoTokenizer.from_pretrained(file.parent, gguf_file=file.name)
    tokenizer.model_max_length = model.config.max_position_embeddings
    return Policy(model, tokenizer)


@cache
def _hash_of(file: Path, size: int, changed: int) -> str:
    """Return a hash of the content; `size` and `changed` (ns) say that it is still the same."""
    del size, changed
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
