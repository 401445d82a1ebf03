"""What a run has spent, on disk beside it, so that a continued run goes on counting.

Every process of a run adds to the same file. Without a folder the count lives in memory.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from whetstone.rewards.base import RunStopped

FILE = "teacher.sqlite"
_BUSY_S = 60.0
_TABLE = """
CREATE TABLE IF NOT EXISTS spent (
    one INTEGER PRIMARY KEY CHECK (one = 1), calls INTEGER, hits INTEGER, unscored INTEGER,
    input_tokens INTEGER, output_tokens INTEGER, dollars REAL
);
INSERT OR IGNORE INTO spent VALUES (1, 0, 0, 0, 0, 0, NULL);
"""


@dataclass(frozen=True)
class Spending:
    """Sums over a run, its interrupted sessions included."""

    calls: int = 0
    """Requests that were answered, usefully or not, or may have been billed without an answer."""
    hits: int = 0
    """Answers that were there already."""
    unscored: int = 0
    """Samples that could not be graded, and were masked."""
    input_tokens: int = 0
    output_tokens: int = 0
    dollars: float | None = None
    """None where the price is not known, which is not 0."""


class LedgerFailedError(RunStopped):
    """The disk does not take the count any more: nothing is spent that nobody counts."""


class Ledger:
    """Adds up. Belongs to the thread that made it."""

    def __init__(self, folder: Path | None) -> None:
        self._place = ":memory:" if folder is None else str(folder / FILE)
        with self._failures():
            self._connection = sqlite3.connect(self._place, timeout=_BUSY_S, isolation_level=None)
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA synchronous=NORMAL")
            self._connection.executescript(_TABLE)

    def add(self, spending: Spending) -> None:
        """Add to the sums."""
        with self._failures():
            self._connection.execute(
                "UPDATE spent SET calls = calls + :calls, hits = hits + :hits,"
                " unscored = unscored + :unscored, input_tokens = input_tokens + :input_tokens,"
                " output_tokens = output_tokens + :output_tokens,"
                " dollars = CASE WHEN :dollars IS NULL THEN dollars"
                " ELSE COALESCE(dollars, 0) + :dollars END",
                asdict(spending),
            )

    def total(self) -> Spending:
        """Return the sums."""
        with self._failures():
            return _total(self._connection)

    @contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            message = f"the count of what the teacher has cost, {self._place}, fails: {error}"
            raise LedgerFailedError(message) from error

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


def read_spending(folder: Path) -> Spending | None:
    """Return what the run in this folder has spent; None where no teacher was asked."""
    if not (folder / FILE).is_file():
        return None
    ledger = Ledger(folder)
    try:
        return ledger.total()
    finally:
        ledger.close()


def _total(connection: sqlite3.Connection) -> Spending:
    row = connection.execute(
        "SELECT calls, hits, unscored, input_tokens, output_tokens, dollars FROM spent"
    ).fetchone()
    return Spending(*row)
