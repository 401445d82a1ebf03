"""The harness's files: generations and references as lists, results with their config."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from whetstone.evaluation.errors import EvaluationError
from whetstone.evaluation.files import write_atomically

Generations = list[list[str]]
"""For each problem, in the order of the data set, its programs."""


class BadGenerations(EvaluationError):  # noqa: N818 - named as its neighbours in whetstone.evaluation.errors
    """A generations file is missing, or is not a list of lists of text."""


def task_path(given: str, task: str, suffix: str = "") -> Path:
    """Return `generations_mbpp.json` for `generations.json` and mbpp, as upstream does."""
    path = Path(given)
    return path.with_name(f"{path.stem}_{task}{suffix}.json")


def read_generations(path: str) -> Generations:
    """Read a file that the harness, or we, wrote.

    Raises:
        BadGenerations: with what is wrong with it.

    """
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BadGenerations(f"{path}: there is no such file of generations") from None
    except IsADirectoryError:
        raise BadGenerations(f"{path} is a folder; name the file of generations in it") from None
    except ValueError as error:
        raise BadGenerations(f"{path} is not JSON: {error}") from error
    if not isinstance(content, list) or not all(_is_texts(samples) for samples in content):
        raise BadGenerations(f"{path}: expected a list with a list of programs for each problem")
    return content


def write_generations(path: Path, generations: Sequence[Sequence[str]]) -> None:
    """Write generations in one step."""
    write_atomically(path, json.dumps(generations).encode())
    print(f"generations were saved at {path}")


def write_references(path: Path, references: Sequence[str]) -> None:
    """Write references in one step."""
    write_atomically(path, json.dumps(references).encode())
    print(f"references were saved at {path}")


def write_results(path: Path, results: dict[str, Any]) -> str:
    """Write `{task: {pass@k}, "config": {...}}`; return what was written."""
    text = json.dumps(results, indent=2)
    write_atomically(path, text.encode())
    return text


def _is_texts(samples: object) -> bool:
    return isinstance(samples, list) and all(isinstance(text, str) for text in samples)
