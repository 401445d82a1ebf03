"""`whetstone export`: a finished model in the form that mlx_lm or llama.cpp reads."""

import argparse
from pathlib import Path

from finetuning.config.rules.backend import why_no_mlx
from finetuning.errors import ConfigError, Problem
from finetuning.export.gguf import CONVERTER, FOLDER, export_gguf, find_converter
from finetuning.export.names import form_of

HELP = "write a model in the form that MLX or llama.cpp reads"
_MERGED = "merged"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("form", choices=["mlx", "gguf"], help="the form to write")
    parser.add_argument("model", type=Path, help="the folder of a model, or of a run")
    parser.add_argument("--bits", type=int, choices=[4, 8], help="round the weights (mlx)")
    parser.add_argument(
        "--output",
        type=Path,
        help="what to write; otherwise beside the model, -mlx[-Nbit] or .gguf",
    )


def run(chosen: argparse.Namespace) -> None:
    """Write the form and say where it is."""
    folder: Path = chosen.model.expanduser()
    folder = folder / _MERGED if (folder / _MERGED).is_dir() else folder
    if not (folder / "config.json").is_file():
        raise ConfigError([Problem(str(folder), "this is no folder of a model or of a run")])
    write = _to_gguf if chosen.form == "gguf" else _to_mlx
    print(write(folder, chosen))


def _to_mlx(folder: Path, chosen: argparse.Namespace) -> Path:
    if reason := why_no_mlx():
        raise ConfigError([Problem("export mlx", reason)])
    target = _free(chosen.output or form_of(folder, chosen.bits))
    from finetuning.export.mlx import export_mlx  # noqa: PLC0415 - torch and MLX, only now

    export_mlx(folder, target, chosen.bits)
    return target


def _to_gguf(folder: Path, chosen: argparse.Namespace) -> Path:
    if chosen.bits is not None:
        remedy = "llama.cpp rounds by itself (llama-quantize); leave it out"
        raise ConfigError([Problem(f"--bits {chosen.bits}", remedy)])
    converter = find_converter()
    if converter is None:
        remedy = f"needs llama.cpp's {CONVERTER}; set {FOLDER} to a checkout, or put it on the PATH"
        raise ConfigError([Problem("export gguf", remedy)])
    target = _free(chosen.output or folder.with_name(f"{folder.name}.gguf"))
    export_gguf(converter, folder, target)
    return target


def _free(target: Path) -> Path:
    if target.exists():
        raise ConfigError([Problem(f"--output {target}", "it exists; choose another place")])
    return target
