"""The samples file: what an evaluation has finished, so that nothing is generated twice.

One header line, then one line per judged completion, chunk after chunk in the order of the plan. A
chunk that a kill cut short is dropped whole. Lines of other settings, or out of order, are refused.
"""

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from evaluation.errors import ResumeRefused
from evaluation.generate import Chunk, Kind
from rewards.sandbox import Verdict


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


class Journal:
    """An append-only file of samples under a header that says which evaluation they belong to."""

    def __init__(self, path: Path, header: dict[str, Any]) -> None:
        self.path = path
        self.header = header

    def finished(self, chunks: Sequence[Chunk]) -> list[list[Sample]]:
        """Return the samples of each finished chunk, without what a kill cut short.

        Raises:
            ResumeRefused: when the file belongs to other settings, or is damaged.

        """
        lines = self._whole_lines()
        if lines:
            check_same(self.path, _loaded(self.path, 1, lines[0]), self.header)
        samples = [_sample(self.path, at, line) for at, line in enumerate(lines[1:], start=2)]
        return self._by_chunk(samples, chunks)

    def append(self, samples: Iterable[Sample]) -> None:
        """Add one chunk and wait until it is on the disk."""
        with self.path.open("ab") as file:
            file.write(b"".join(_line(asdict(sample)) for sample in samples))
            file.flush()
            os.fsync(file.fileno())

    def rewrite(self, finished: Iterable[Iterable[Sample]]) -> None:
        """Make the file hold those chunks and no more, in one step."""
        rows = (asdict(sample) for samples in finished for sample in samples)
        write_atomically(self.path, b"".join(map(_line, [self.header, *rows])))

    def _whole_lines(self) -> list[bytes]:
        """Every line that was written to its end."""
        return self.path.read_bytes().split(b"\n")[:-1] if self.path.exists() else []

    def _by_chunk(self, samples: list[Sample], chunks: Sequence[Chunk]) -> list[list[Sample]]:
        finished: list[list[Sample]] = []
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


def check_same(path: Path, found: dict[str, Any], wanted: dict[str, Any]) -> None:
    """Refuse a file that belongs to another evaluation, and name what differs.

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


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file that is, at every moment, either the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".draft")
    with draft.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


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


def _sample(path: Path, number: int, line: bytes) -> Sample:
    row = _loaded(path, number, line)
    try:
        row["kind"] = Kind(row["kind"])
        row["verdict"] = Verdict(row["verdict"])
        return Sample(**row)
    except (KeyError, ValueError, TypeError) as error:
        raise _damaged(path, number) from error


def _damaged(path: Path, number: int) -> ResumeRefused:
    return ResumeRefused(
        f"{path}, line {number} is not the sample that belongs there: the file was changed or "
        "damaged. Delete it to begin anew, or evaluate into another folder."
    )
