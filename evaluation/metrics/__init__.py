"""Modules for the `evaluate` library: `evaluate.load(code_eval_folder())`."""

from pathlib import Path


def code_eval_folder() -> str:
    """Return the folder of the `code_eval` metric."""
    return str(Path(__file__).parent / "code_eval")
