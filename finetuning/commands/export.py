"""`whetstone export`: a finished model in the form that mlx_lm or llama.cpp reads."""

import argparse
from pathlib import Path

from whetstone.finetuning.config.overrides import with_home
from whetstone.finetuning.config.resolve_model import resolve_model
from whetstone.finetuning.config.rules.backend import why_no_mlx
from whetstone.finetuning.errors import ConfigError, Problem
from whetstone.finetuning.export.gguf import CONVERTER, FOLDER, export_gguf, find_converter
from whetstone.finetuning.export.names import form_of

HELP = "write a model in the form that MLX or llama.cpp reads"
_MODEL = "model="


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("form", choices=["mlx", "gguf"], help="the form to write")
    parser.add_argument(
        "model", help="a folder of a model or of a run, a name of conf/model, or an id of the Hub"
    )
    parser.add_argument("--bits", type=int, choices=[4, 8], help="round the weights (mlx)")
    parser.add_argument(
        "--output",
        type=Path,
        help="what to write; otherwise beside the model, -mlx[-Nbit] or .gguf; here, where the "
        "model is of the Hub",
    )


def run(chosen: argparse.Namespace) -> None:
    """Write the form and say where it is."""
    given = with_home(chosen.model.removeprefix(_MODEL))
    model = resolve_model(given, f"{_MODEL}{given}")
    beside = Path(model.path) if Path(model.path).expanduser().is_dir() else Path(model.name)
    write = _gguf if chosen.form == "gguf" else _mlx
    print(write(model.path, model.revision, beside, chosen))


def _mlx(path: str, revision: str | None, beside: Path, chosen: argparse.Namespace) -> Path:
    if reason := why_no_mlx():
        raise ConfigError([Problem("export mlx", reason)])
    target = _free(chosen.output or form_of(beside, chosen.bits))
    from whetstone.finetuning.export.mlx import export_mlx  # noqa: PLC0415 - torch and MLX, only now

    export_mlx(_here(path, revision), target, chosen.bits)
    return target


def _gguf(path: str, revision: str | None, beside: Path, chosen: argparse.Namespace) -> Path:
    if chosen.bits is not None:
        remedy = "llama.cpp rounds by itself (llama-quantize); leave it out"
        raise ConfigError([Problem(f"--bits {chosen.bits}", remedy)])
    converter = find_converter()
    if converter is None:
        remedy = f"needs llama.cpp's {CONVERTER}; set {FOLDER} to a checkout, or put it on the PATH"
        raise ConfigError([Problem("export gguf", remedy)])
    target = _free(chosen.output or beside.with_name(f"{beside.name}.gguf"))
    export_gguf(converter, _here(path, revision), target)
    return target


def _here(path: str, revision: str | None) -> Path:
    from whetstone.finetuning.model.hub import local_folder  # noqa: PLC0415 - the Hub's client

    return local_folder(path, revision, f"{_MODEL}{path}")


def _free(target: Path) -> Path:
    target = target.expanduser()
    if target.exists():
        raise ConfigError(
            [Problem(f"--output {target}", "it already exists; choose another place")]
        )
    return target
