"""The samples file: what an evaluation has finished, so that nothing is generated twice.

One header line, then one line per completion, chunk after chunk in the order of the plan. A
chunk that a kill cut short is dropped whole. Lines of other settings, or out of order, are refused.
"""

import json
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from whetstone.evaluation.errors import ResumeRefused
from whetstone.evaluation.files import write_atomically
from whetstone.evaluation.generate import Chunk, Kind
from whetstone.rewards.sandbox import Verdict


@dataclass(frozen=True, slots=True)
class Sample:
    """A completion as the sampler gave it, before it was cut, and what the sandbox said of it."""

    problem: str
    kind: Kind
    index: int
    completion: str
    verdict: Verdict
    passed_tests: int
    total_tests: int


def sample_of(row: dict[str, Any]) -> Sample:
    """Return a line's sample. Raises KeyError, ValueError or TypeError where it is none."""
    kind, verdict = Kind(row["kind"]), Verdict(row["verdict"])
    return Sample(**{**row, "kind": kind, "verdict": verdict})


class JournalLine(Protocol):
    """A line of a journal, a dataclass; these three say where in the plan it belongs."""

    @property
    def problem(self) -> str:
        """The problem's id."""

    @property
    def kind(self) -> Kind:
        """How it was decoded."""

    @property
    def index(self) -> int:
        """Which of the problem's completions it is."""


RowT = TypeVar("RowT", bound=JournalLine)


class Journal(Generic[RowT]):
    """An append-only file of rows under a header that says which evaluation they belong to.

    Args:
        path: the file.
        header: `task`, `fingerprint` and `settings`, from `whetstone.evaluation.settings.header`.
        row_of: makes a row of a line's values, as `sample_of` does.

    """

    def __init__(
        self, path: Path, header: dict[str, Any], row_of: Callable[[dict[str, Any]], RowT]
    ) -> None:
        self.path = path
        self.header = header
        self._row_of = row_of

    def finished(self, chunks: Sequence[Chunk]) -> list[list[RowT]]:
        """Return the rows of each finished chunk, without what a kill cut short.

        Raises:
            ResumeRefused: when the file belongs to other settings, or is damaged.

        """
        lines = _whole_lines(self.path)
        if lines:
            check_same(self.path, _loaded(self.path, 1, lines[0]), self.header)
        rows = [
            _row(self.path, at, line, self._row_of) for at, line in enumerate(lines[1:], start=2)
        ]
        return self._by_chunk(rows, chunks)

    def append(self, rows: Iterable[RowT]) -> None:
        """Add one chunk and wait until it is on the disk."""
        with self.path.open("ab") as file:
            file.write(b"".join(_line(_values(row)) for row in rows))
            file.flush()
            os.fsync(file.fileno())

    def rewrite(self, finished: Iterable[Iterable[RowT]]) -> None:
        """Make the file hold those chunks and no more, in one step."""
        rows = (_values(row) for rows in finished for row in rows)
        write_atomically(self.path, b"".join(map(_line, [self.header, *rows])))

    def _by_chunk(self, samples: list[RowT], chunks: Sequence[Chunk]) -> list[list[RowT]]:
        finished: list[list[RowT]] = []
        end = 0
        for chunk in chunks:
            wanted = chunk.keys()
            found = samples[end : end + len(wanted)]
            for at, (sample, key) in enumerate(zip(found, wanted, strict=False), start=end):
                if (sample.problem, sample.kind, sample.index) != key:
                    raise _damaged(self.path, _line_of(at))
            if len(found) < len(wanted):
                return finished
            finished.append(found)
            end += len(wanted)
        if len(samples) > end:
            raise _damaged(self.path, _line_of(end))
        return finished


def read_samples(path: Path) -> tuple[dict[str, Any], list[Sample]]:
    """Read the header and the samples of an evaluation that has ended.

    Raises:
        ResumeRefused: when the file is damaged.

    """
    return read_rows(path, sample_of)


def read_rows(
    path: Path, row_of: Callable[[dict[str, Any]], RowT]
) -> tuple[dict[str, Any], list[RowT]]:
    """Read the header and the rows of a journal that has ended.

    Raises:
        ResumeRefused: when the file is damaged.

    """
    lines = _whole_lines(path)
    if not lines:
        raise _damaged(path, 1)
    rows = [_row(path, at, line, row_of) for at, line in enumerate(lines[1:], start=2)]
    return _loaded(path, 1, lines[0]), rows


def check_same(path: Path, found: dict[str, Any], wanted: dict[str, Any]) -> None:
    """Refuse a file that belongs to another evaluation, and name what differs.

    Args:
        path: The file, for the message.
        found: The header that stands in it.
        wanted: The header of this evaluation.

    Raises:
        ResumeRefused: unless the fingerprints are equal.

    """
    if found.get("fingerprint") == wanted["fingerprint"]:
        return
    before = found.get("settings", {})
    changed = [
        f"{name} {before.get(name)} -> {value}"
        for name, value in wanted["settings"].items()
        if before.get(name) != value
    ]
    difference = ", ".join(changed) or "the task's problems, stop words or time limit"
    raise ResumeRefused(
        f"{path} belongs to another evaluation of {wanted['task']}: {difference} changed. "
        "Restore that, or evaluate into another folder."
    )


def _line_of(sample: int) -> int:
    """Line number, from 1 and after the header, of the sample at that place, from 0."""
    return sample + 2


def _line(content: dict[str, Any]) -> bytes:
    return json.dumps(content).encode() + b"\n"


def _loaded(path: Path, number: int, line: bytes) -> dict[str, Any]:
    try:
        content = json.loads(line)
    except ValueError as error:
        raise _damaged(path, number) from error
    if not isinstance(content, dict):
        raise _damaged(path, number)
    return content


def _row(path: Path, number: int, line: bytes, row_of: Callable[[dict[str, Any]], RowT]) -> RowT:
    try:
        return row_of(_loaded(path, number, line))
    except (KeyError, ValueError, TypeError) as error:
        raise _damaged(path, number) from error


def _whole_lines(path: Path) -> list[bytes]:
    """Every line that was written to its end."""
    return path.read_bytes().split(b"\n")[:-1] if path.exists() else []


def _values(row: Any) -> dict[str, Any]:
    return asdict(row)


def _damaged(path: Path, number: int) -> ResumeRefused:
    return ResumeRefused(
        f"{path}, line {number} is not the sample that belongs there: the file was changed or "
        "damaged. Delete it to begin anew, or evaluate into another folder."
    )
