"""Keeps every graded sample, as a data set that `datasets.load_dataset` reads.

Rows are appended as they come, so a kill costs the last one at most. A continued run grades some
steps again; their rows are known by their id and not written twice. All samples of a prompt are in
one split, or a model that was trained on one would be measured on the same problem.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

FOLDER = "datasets"
_SPLITS = ("train", "validation", "evaluation")
_CARD = """\
---
{header}---

# Graded programs

Programs of a model in training, graded by a teacher: `{model}` ({provider}), by a rubric of
{dimensions}. Collected by Whetstone.

| column | |
|---|---|
| `step` | of the training run; null outside of one |
| `prompt`, `language` | the problem |
| `student_code`, `student_score`, `student_grades` | the program, score and grades, 0 to 1 |
| `teacher_code`, `teacher_score`, `teacher_grades` | the teacher's own; null without one |
| `reward` | what the program was paid |
| `reason`, `manipulation` | the teacher's words, and whether the program addresses its grader |
| `verdict` | of the program's tests, where they ran before |

All samples of a prompt are in one split. Grades are those of a language model: opinions, no
measurements.
"""


@dataclass(frozen=True)
class TeacherRow:
    """One row; the columns are described in the card."""

    step: int | None
    prompt: str
    language: str
    student_code: str
    student_score: float
    student_grades: dict[str, float]
    teacher_code: str | None
    teacher_score: float | None
    teacher_grades: dict[str, float] | None
    reward: float | None
    reason: str
    manipulation: bool
    verdict: str | None


class Collector:
    """Appends rows to `datasets/` in a run's folder.

    Args:
        folder: The run's.
        shares: Share of the prompts for validation and for evaluation.
        dimensions: Of the rubric.
        teacher: Model and provider, for the card.

    """

    def __init__(
        self,
        folder: Path,
        shares: tuple[float, float],
        dimensions: Sequence[str],
        teacher: tuple[str, str],
    ) -> None:
        self._folder = folder / FOLDER
        self._shares = shares
        self._dimensions = list(dimensions)
        self._teacher = teacher
        self._folder.mkdir(parents=True, exist_ok=True)
        self._known = {row["id"] for split in _SPLITS for row in _whole_rows(self._file(split))}

    def add(self, samples: Iterable[TeacherRow]) -> None:
        """Append the rows that are not there yet."""
        lines: dict[str, list[str]] = {split: [] for split in _SPLITS}
        for sample, key in _with_ids(samples):
            if key not in self._known:
                self._known.add(key)
                row = json.dumps({"id": key, **asdict(sample)})
                lines[self._split_of(sample.prompt)].append(f"{row}\n")
        for split, rows in lines.items():
            if rows:
                with self._file(split).open("a", encoding="utf-8") as file:
                    file.write("".join(rows))
        self._write_card()

    def _file(self, split: str) -> Path:
        return self._folder / f"{split}.jsonl"

    def _split_of(self, prompt: str) -> str:
        """Draw a split by the prompt's content: the same in every run and process."""
        drawn = int(_digest(prompt)[:12], 16) / 16**12
        validation, evaluation = self._shares
        if drawn < validation:
            return "validation"
        return "evaluation" if drawn < validation + evaluation else "train"

    def _write_card(self) -> None:
        """Write the card; a split without rows is not in it, since nothing could load it."""
        there = [split for split in _SPLITS if self._file(split).is_file()]
        header = {
            "tags": ["code", "reinforcement-learning", "whetstone"],
            "configs": [
                {
                    "config_name": "default",
                    "data_files": [{"split": s, "path": f"{s}.jsonl"} for s in there],
                }
            ],
            "dataset_info": {"features": _features(self._dimensions)},
        }
        model, provider = self._teacher
        text = _CARD.format(
            header=yaml.safe_dump(header, sort_keys=False),
            model=model,
            provider=provider,
            dimensions=", ".join(self._dimensions),
        )
        (self._folder / "README.md").write_text(text, encoding="utf-8")


def _whole_rows(file: Path) -> list[dict[str, Any]]:
    """Return the rows of a file, and cut off a last one that a kill has torn."""
    if not file.is_file():
        return []
    text = file.read_bytes()
    whole = text[: text.rfind(b"\n") + 1]
    if len(whole) < len(text):
        file.write_bytes(whole)
    return [json.loads(line) for line in whole.splitlines()]


def _with_ids(samples: Iterable[TeacherRow]) -> Iterable[tuple[TeacherRow, str]]:
    """Pair samples with ids; equal programs of one step are told apart by their number."""
    seen: dict[str, int] = {}
    for sample in samples:
        base = _digest(repr((sample.step, sample.prompt, sample.student_code)))
        seen[base] = seen.get(base, -1) + 1
        yield sample, f"{base[:24]}-{seen[base]}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def _features(dimensions: Sequence[str]) -> list[dict[str, Any]]:
    """Name the types of the columns, since a column may begin with a thousand nulls."""

    def grades() -> list[dict[str, str]]:  # a new list each time: YAML would link equal ones
        return [{"name": name, "dtype": "float64"} for name in dimensions]

    return [
        {"name": "id", "dtype": "string"},
        {"name": "step", "dtype": "int64"},
        *({"name": name, "dtype": "string"} for name in ("prompt", "language", "student_code")),
        {"name": "student_score", "dtype": "float64"},
        {"name": "student_grades", "struct": grades()},
        {"name": "teacher_code", "dtype": "string"},
        {"name": "teacher_score", "dtype": "float64"},
        {"name": "teacher_grades", "struct": grades()},
        {"name": "reward", "dtype": "float64"},
        {"name": "reason", "dtype": "string"},
        {"name": "manipulation", "dtype": "bool"},
        {"name": "verdict", "dtype": "string"},
    ]
