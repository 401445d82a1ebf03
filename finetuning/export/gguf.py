"""The GGUF form of a model, for llama.cpp: by its own converter, where there is one.

Only that one knows which models llama.cpp reads today, and how it wants them.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from whetstone.finetuning.errors import OutsideError

CONVERTER = "convert_hf_to_gguf.py"
FOLDER = "LLAMA_CPP_DIR"
"""The environment's variable that names a checkout of llama.cpp."""


def find_converter() -> Path | None:
    """Return llama.cpp's converter, from its checkout or the PATH; None where there is none."""
    beside = Path(os.environ.get(FOLDER, "")) / CONVERTER
    found = str(beside) if FOLDER in os.environ and beside.is_file() else shutil.which(CONVERTER)
    return Path(found) if found else None


def export_gguf(converter: Path, model_folder: Path, target: Path) -> None:
    """Write the GGUF file of a transformers folder; complete or not there at all.

    Raises:
        OutsideError: the converter refused the model; with its last words.

    """
    draft = target.with_name(f"{target.name}.part")
    command = [sys.executable, str(converter), str(model_folder), "--outfile", str(draft)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode or not draft.is_file():
        draft.unlink(missing_ok=True)
        words = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise OutsideError(f"llama.cpp's converter wrote no file ({converter}): {words}")
    draft.rename(target)
