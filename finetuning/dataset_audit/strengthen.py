"""The story of `whetstone strengthen`: load, look for tests, write a new data set, tell.

What was found for a problem is on the disk before it counts, so the same command goes on after a
kill. The data set itself is never written to.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console

from whetstone.evaluation.audit.examine import Findings
from whetstone.evaluation.files import write_atomically
from whetstone.evaluation.strengthen.strengthen import (
    NO_SURVIVOR,
    Search,
    Strengthened,
    strengthen,
)
from whetstone.finetuning.artifacts.run_dir import locked
from whetstone.finetuning.config.schema.commands import StrengthenSettings
from whetstone.finetuning.dataset_audit.findings import as_line, known_findings
from whetstone.finetuning.dataset_audit.problems import TestedRow, tested_rows
from whetstone.finetuning.dataset_audit.run import FINDINGS, audit_folder, how_tried
from whetstone.finetuning.report.console import bare_table, tell, tell_place
from whetstone.finetuning.runtime.progress import CountProgress
from whetstone.rewards.sandbox import Sandbox

STRENGTHENED = "strengthen.jsonl"
"""A line for each problem: what was tried, the tests that were added, or why none were."""
COUNT = "added_tests"
"""The column that says how many tests of a row this command has added."""
_SEARCH = {"inputs", "seed"}
_AT_ONCE = 8
"""Problems that are looked at side by side."""


def strengthen_data(settings: StrengthenSettings, console: Console) -> Path:
    """Add tests to a data set; return the file of the new one."""
    rows = tested_rows(settings.data, settings.limit)
    name = Path(settings.data).stem
    folder = settings.output or settings.outputs / "strengthened" / name
    console.print(f"strengthen: {len(rows)} problems of {settings.data}", highlight=False)
    with locked(folder, setting="output"):
        found = _found(folder / STRENGTHENED, rows, settings, console)
        path = folder / f"{name}-strengthened.jsonl"
        write_atomically(path, "".join(map(as_line, map(_with_tests, rows, found))))
    _show(console, found)
    tell_place(console, "data", str(path))
    tell(console, headline(found))
    return path


def headline(found: Sequence[Strengthened]) -> str:
    """Say in one sentence how many tests were added, and what they are worth."""
    added, problems = sum(len(one.added) for one in found), sum(bool(one.added) for one in found)
    killed, survived = sum(one.killed for one in found), sum(one.survived for one in found)
    counts = _counted(added, "test"), _counted(problems, "problem"), _counted(killed, "survivor")
    return "{} added to {}; {} of {} killed".format(*counts, survived)


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}{'s' * (number != 1)}"


def _found(
    path: Path, rows: Sequence[TestedRow], settings: StrengthenSettings, console: Console
) -> list[Strengthened]:
    """Look at the problems that were not looked at yet, some at a time."""
    how = how_tried(settings, settings.mutants) | settings.model_dump(include=_SEARCH)
    known = {row["mark"]: Strengthened(**row) for row in known_findings(path, how)}
    known = _of_audit(settings) | known
    left = {row.problem.mark: row for row in rows if row.problem.mark not in known}
    search = Search(settings.timeout_s, settings.mutants, settings.inputs, settings.seed)
    limits = settings.workers, settings.timeout_s, settings.memory_mb
    with (
        CountProgress("strengthen", "problems", console) as progress,
        path.open("a", encoding="utf-8") as file,
        Sandbox(*limits, packages=settings.packages) as sandbox,
        _threads() as threads,
    ):
        looking = [
            threads.submit(strengthen, sandbox, one.problem, one.row, search)
            for one in left.values()
        ]
        for done, future in enumerate(as_completed(looking), 1):
            found = future.result()
            known[found.mark] = found
            file.write(as_line({"how": how, **asdict(found)}))
            file.flush()
            progress(len(rows) - len(left) + done, len(rows))
    return [known[row.problem.mark] for row in rows]


@contextmanager
def _threads() -> Iterator[Executor]:
    """Yield threads that begin nothing more once something has gone wrong."""
    threads = ThreadPoolExecutor(_AT_ONCE)
    try:
        yield threads
    finally:
        threads.shutdown(cancel_futures=True)


def _of_audit(settings: StrengthenSettings) -> dict[str, Strengthened]:
    """Return the problems of which an audit of the data says that no mutant survives."""
    path = audit_folder(settings.outputs, settings.data) / FINDINGS
    found = (Findings(**row) for row in known_findings(path, how_tried(settings, settings.mutants)))
    return {
        one.mark: Strengthened(one.id, one.mark, one.mutants, reason=NO_SURVIVOR)
        for one in found
        if one.mutants and not one.survived
    }


def _with_tests(tested: TestedRow, found: Strengthened) -> Mapping[str, Any]:
    """Return the row with the tests that were added, and how many."""
    before = tested.row.get(COUNT) or 0
    tests = found.tests or tested.row["tests"]
    return {**tested.row, "tests": tests, COUNT: before + len(found.added)}


def _show(console: Console, found: Sequence[Strengthened]) -> None:
    counts = Counter(_in_short(one) for one in found)
    table = bare_table("", "problems", numbers_from=1)
    for reason, count in counts.most_common():
        table.add_row(reason, str(count))
    console.print(table)


def _in_short(one: Strengthened) -> str:
    return one.reason.partition(":")[0] or "tests added"
