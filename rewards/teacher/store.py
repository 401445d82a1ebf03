"""Answers that were paid for, on disk, shared by all runs and processes of this machine.

SQLite: it is in the standard library, survives a kill at any moment and locks between processes.
An answer lies under the hash of everything it depends on, so nothing ever has to be invalidated.
Who is about to ask claims the key first; a claim is a lease that its holder renews, so that one who
died does not block the others. Refuses to guess about a damaged file: it says so by its name.
"""

import json
import os
import secrets
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from whetstone.rewards.base import RunStopped
from whetstone.rewards.teacher.request import Answer, Usage

LEASE_S = 15.0
"""A claim that was not renewed for so long is free: its holder is dead, or was stopped."""
_BUSY_S = 60.0
_TABLES = """
CREATE TABLE IF NOT EXISTS answers (
    key TEXT PRIMARY KEY, fields TEXT NOT NULL, usage TEXT NOT NULL, created REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS claims (
    key TEXT PRIMARY KEY, owner TEXT NOT NULL, expires REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS batched (
    key TEXT PRIMARY KEY, batch TEXT NOT NULL
) WITHOUT ROWID;
"""


class StoreFailedError(RunStopped):
    """The disk does not take or give answers any more."""


class Store:
    """The answers in one file.

    Belongs to the thread that made it. Raises `ValueError` for a file that is no store of ours.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._owner = f"{os.getpid()}-{secrets.token_hex(8)}"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None)
            self._connection.execute("PRAGMA journal_mode=WAL")
            # A power cut may take the last answers, never the file.
            self._connection.execute("PRAGMA synchronous=NORMAL")
            self._connection.executescript(_TABLES)
        except (sqlite3.Error, OSError) as error:
            raise ValueError(f"cache={path}: {error}; choose another file") from error

    def close(self) -> None:
        """Give up all claims, and close the file."""
        with self._failures():
            self._connection.execute("DELETE FROM claims WHERE owner = ?", (self._owner,))
        self._connection.close()

    def get(self, key: str) -> Answer | None:
        """Return what was stored under a key."""
        with self._failures():
            row = self._connection.execute(
                "SELECT fields, usage FROM answers WHERE key = ?", (key,)
            ).fetchone()
        if row is None:
            return None
        fields: dict[str, Any] = json.loads(row[0])
        usage = json.loads(row[1])
        return Answer(fields, None if usage is None else Usage(**usage))

    def get_or_claim(self, key: str) -> Answer | bool:
        """Return the answer, or True where the key is now ours to ask, or False where another's.

        One transaction: between looking and claiming nobody else can do either.
        """
        now = time.time()
        with self._failures(), self._transaction():
            if (answer := self.get(key)) is not None:
                return answer
            claimed = self._connection.execute(
                "INSERT INTO claims VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE SET"
                " owner = excluded.owner, expires = excluded.expires"
                " WHERE claims.expires < ? OR claims.owner = excluded.owner",
                (key, self._owner, now + LEASE_S, now),
            )
            return claimed.rowcount == 1

    def put(self, key: str, answer: Answer) -> None:
        """Store an answer and give up its claim."""
        usage = None if answer.usage is None else asdict(answer.usage)
        row = (key, json.dumps(answer.fields), json.dumps(usage), time.time())
        with self._failures(), self._transaction():
            self._connection.execute("INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?)", row)
            self._connection.execute("DELETE FROM claims WHERE key = ?", (key,))
            self._connection.execute("DELETE FROM batched WHERE key = ?", (key,))

    def batch_of(self, key: str) -> str | None:
        """Return the batch in which a question was sent that has no stored answer yet."""
        with self._failures():
            row = self._connection.execute(
                "SELECT batch FROM batched WHERE key = ?", (key,)
            ).fetchone()
        return None if row is None else str(row[0])

    def note_batch(self, batch: str, keys: Iterable[str]) -> None:
        """Keep the batch in which these questions were sent, for whoever asks them next."""
        rows = [(key, batch) for key in keys]
        with self._failures(), self._transaction():
            self._connection.executemany("INSERT OR REPLACE INTO batched VALUES (?, ?)", rows)

    def forget_batch(self, key: str) -> None:
        """Let a question be sent again."""
        with self._failures():
            self._connection.execute("DELETE FROM batched WHERE key = ?", (key,))

    def release(self, key: str) -> None:
        """Give up a claim without an answer."""
        with self._failures():
            self._connection.execute(
                "DELETE FROM claims WHERE key = ? AND owner = ?", (key, self._owner)
            )

    def renew(self) -> None:
        """Prolong all claims of ours."""
        with self._failures():
            self._connection.execute(
                "UPDATE claims SET expires = ? WHERE owner = ?",
                (time.time() + LEASE_S, self._owner),
            )

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    @contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise StoreFailedError(f"the teacher's cache {self._path} fails: {error}") from error
