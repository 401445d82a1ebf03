"""A user's own rows. Every bad one is reported with file, line and field, before anything loads."""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from glob import iglob
from itertools import islice
from pathlib import Path

from whetstone.evaluation.lines import NotRow, NotText, numbered_lines, row_of
from whetstone.finetuning.errors import ConfigError, Problem, RowProblem
from whetstone.finetuning.formats.columns import Columns, wrong_names
from whetstone.finetuning.formats.dataset_type import Need
from whetstone.finetuning.formats.fields import (
    ANSWERS,
    MAY_LACK,
    Row,
    forms,
    prompt_key,
    with_tests_as_text,
    without_nulls,
    wrong_fields,
    wrong_tests,
)

TRAIN = "train.jsonl"
VALIDATION = "validation.jsonl"
"""The files of a folder of rows, as `whetstone collect` writes it."""
MOST_SHOWN = 20
Imports = frozenset[str] | None
_LOOKED_AT = 100
_KINDS = (Need.PREFERENCES, Need.LABELS, Need.COMPLETIONS, Need.PROMPTS, Need.TEXT)
"""From rows with the most fields to those that fit many files."""


def train_file(path: Path) -> Path:
    """Return the file of rows: the path itself, or the one in a collected folder."""
    return path / TRAIN if path.is_dir() else path


def read_rows(path: Path, need: Need, *, imports: Imports = None) -> list[Row]:
    """Read a JSONL file, or `train.jsonl` of a folder.

    Args:
        path: The file or folder.
        need: What the rows are for.
        imports: Modules that tests can import, where a reward runs them; None where none does.

    Raises:
        ConfigError: with the bad rows, all at once.

    """
    path = train_file(path)
    rows: list[tuple[str, Row]] = []
    problems: list[Problem] = []
    try:
        for number, line in numbered_lines(path):
            try:
                rows.append((f"{path}:{number}", row_of(line)))
            except NotRow as error:
                problems += [RowProblem(f"{path}:{number}", reason) for reason in error.reasons]
    except NotText as error:
        problems.append(RowProblem(f"{path}:1", str(error)))
    return check_rows(str(path), rows, need, imports=imports, problems=problems)


def matches(pattern: str) -> Iterator[Path]:
    """Yield what is below a folder, or what a pattern such as `src/**/*.py` finds."""
    path = Path(pattern).expanduser()
    if path.is_dir():
        return path.rglob("*")
    return map(Path, iglob(str(path), recursive=True))  # noqa: PTH207 - it may be absolute


def looks_like(path: Path, need: Need, *, imports: Imports = None) -> Need | None:
    """Return what the rows of a file are rather meant for, or None if they may be for `need`.

    One sentence about the file then says more than a complaint about each of its lines. A single
    row that has all fields for `need` tells that the others only lack some.
    """
    kinds: Counter[Need] = Counter()
    for row in map(with_tests_as_text, first_rows(path)):
        reasons = [*wrong_fields(row, need), *_wrong_tests(row, imports)]
        if not any("missing" in reason for reason in reasons):
            return None
        kinds.update(
            next(([kind] for kind in _KINDS if kind is not need and _has_fields(row, kind)), [])
        )
    return kinds.most_common(1)[0][0] if kinds else None


def first_rows(path: Path) -> Iterator[Row]:
    """Yield the first hundred rows of a file that can be read at all."""
    try:
        for _, line in islice(numbered_lines(path), _LOOKED_AT):
            with suppress(NotRow):
                yield row_of(line)
    except NotText:
        return  # read_rows says so


def _has_fields(row: Row, need: Need) -> bool:
    return not any(
        "missing" in reason or "expected" in reason for reason in wrong_fields(row, need)
    )


def check_rows(
    source: str,
    rows: Iterable[tuple[str, Row]],
    need: Need,
    *,
    imports: Imports = None,
    problems: Iterable[Problem] = (),
) -> list[Row]:
    """Return the rows, each of which came with its place (`FILE:LINE`).

    Raises:
        ConfigError: for bad rows, these and those already known, in the order of their places.

    """
    good: list[Row] = []
    found = list(problems)
    table = _Table(need)
    for place, given in rows:
        row = with_tests_as_text(without_nulls(given, need))
        reasons = [*wrong_fields(row, need), *_wrong_tests(row, imports)]
        reasons = reasons or table.misfits(row)
        found += [RowProblem(place, reason) for reason in reasons]
        if not reasons:
            good.append(row)
    if found:
        found.sort(key=lambda problem: _line(problem.setting))
        hidden = len(found) - MOST_SHOWN
        more = [RowProblem(source, f"and {hidden} more", hidden)] if hidden > 0 else []
        raise ConfigError([*found[:MOST_SHOWN], *more])
    if not good:
        raise ConfigError([Problem(f"data.train={source}", "the file has no rows")])
    for field in ANSWERS[need]:
        if all(_repeats_its_prompt(row, field) for row in good):
            remedy = f"{field} begins with prompt in every row, and TRL puts prompt before it again"
            raise ConfigError([Problem(f"data.train={source}", f"{remedy}; take it out there")])
    return _filled(good, MAY_LACK[need])


def _filled(rows: list[Row], may_lack: Collection[str]) -> list[Row]:
    """Give all rows the fields that some have, as a table wants it."""
    names = set().union(*(row.keys() for row in rows)) & set(may_lack)
    if all(names <= row.keys() for row in rows):
        return rows
    return [{**row, **dict.fromkeys(sorted(names - row.keys()))} for row in rows]


class _Table:
    """What the rows of a file have together: a row must fit those before it."""

    def __init__(self, need: Need) -> None:
        self._need = need
        self._columns = Columns()
        self._names: Collection[str] = ()
        self._written: dict[str, str] = {}

    def misfits(self, row: Row) -> list[str]:
        """Return why a row does not fit; the first one that does says what others must be like."""
        if not self._names:
            if wrong := [*wrong_names(row, self._need)]:
                return wrong
            self._names, self._written = row.keys(), forms(row, self._need)
        if row.keys() != self._names and (
            differing := (row.keys() ^ set(self._names)) - MAY_LACK[self._need]
        ):
            odd = ", ".join(sorted(differing))
            return [f"field {odd}: in some rows only; every row needs the same fields"]
        reasons = [
            f"field {field}: {form} here, {self._written[field]} in other rows; choose one"
            for field, form in forms(row, self._need).items()
            if form != self._written.get(field, form)
        ]
        if "messages" not in {*self._written.values(), *self._names}:  # chats are kept as JSON
            reasons += self._columns.misfits(row)
        return reasons


def _repeats_its_prompt(row: Row, field: str) -> bool:
    answer, prompt = row.get(field), row.get("prompt")
    return isinstance(prompt, str) and isinstance(answer, str) and answer.startswith(prompt)


def _wrong_tests(row: Row, imports: Imports) -> Iterable[str]:
    return () if imports is None else wrong_tests(row, imports)


def hold_out(rows: list[Row], wanted: int) -> tuple[list[Row], list[Row]]:
    """Split off whole prompts until `wanted` rows are held out, at most a tenth of all.

    The order of the rows says nothing about which: prompts are taken by the hash of their text.
    """
    most = min(wanted, len(rows) // 10)
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(prompt_key(row), []).append(row)
    taken: set[str] = set()
    count = 0
    for key in sorted(groups, key=_digest):
        if count + len(groups[key]) <= most:
            taken.add(key)
            count += len(groups[key])
    kept = [row for row in rows if prompt_key(row) not in taken]
    return kept, [row for row in rows if prompt_key(row) in taken]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _line(place: str) -> int:
    number = place.rpartition(":")[2]
    return int(number) if number.isdigit() else 0


_NEEDED = frozenset({"prompt", "completion", "verdict"})


def is_of_base(row: Row) -> bool:
    """Tell whether a row is one of a base data set."""
    return row.keys() >= _NEEDED


def read_base(folder: Path) -> list[list[Row]]:
    """Return the rows of a base data set by prompt, in the order of its files.

    Raises:
        ConfigError: this is no base data set, or a file of it is broken.

    """
    groups: dict[str, list[Row]] = {}
    for name in (TRAIN, VALIDATION):
        path = folder / name
        for number, line in numbered_lines(path) if path.is_file() else ():
            try:
                row = row_of(line)
            except NotRow as error:
                reason = f"{error}; collect it again, or take the line out"
                raise ConfigError([RowProblem(f"{path}:{number}", reason)]) from error
            if not is_of_base(row):
                remedy = (
                    "its rows have no prompt, completion and verdict: give a collect=base folder"
                )
                raise ConfigError([Problem(f"collect.base={folder}", remedy)])
            groups.setdefault(row["prompt"], []).append(row)
    return list(groups.values())
