"""`whetstone export mlx`: a finished model in the form that mlx_lm reads."""

import argparse
from importlib.util import find_spec
from pathlib import Path

from finetuning.errors import ConfigError, Problem
from finetuning.export.names import form_of

HELP = "write a model in the form that MLX reads, as it is or in 4 or 8 bits"
_MERGED = "merged"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("form", choices=["mlx"], help="the form to write")
    parser.add_argument("model", type=Path, help="the folder of a model, or of a run")
    parser.add_argument("--bits", type=int, choices=[4, 8], help="round the weights")
    parser.add_argument(
        "--output", type=Path, help="the folder to write; otherwise beside the model, -mlx[-Nbit]"
    )


def run(chosen: argparse.Namespace) -> None:
    """Write the folder and say where it is."""
    folder: Path = chosen.model.expanduser()
    folder = folder / _MERGED if (folder / _MERGED).is_dir() else folder
    if not (folder / "config.json").is_file():
        raise ConfigError([Problem(str(folder), "this is no folder of a model or of a run")])
    if find_spec("mlx_lm") is None:
        remedy = "mlx-lm is not installed; pip install 'whetstone[mlx]'"
        raise ConfigError([Problem("export mlx", remedy)])
    target: Path = chosen.output or form_of(folder, chosen.bits)
    if target.exists():
        raise ConfigError([Problem(f"--output {target}", "it exists; choose another folder")])
    from finetuning.export.mlx import export_mlx  # noqa: PLC0415 - torch and MLX, only now

    export_mlx(folder, target, chosen.bits)
    print(target)
