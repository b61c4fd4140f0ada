"""What a web source remembers of each address between listings, so that it can ask whether anything changed.

It is a cache: deleting the file costs one full fetch and nothing else.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from pathlib import Path

_VERSION = 1
_TABLE = """
CREATE TABLE IF NOT EXISTS answer (
    url TEXT PRIMARY KEY, etag TEXT, last_modified TEXT, blob TEXT NOT NULL, body_hash TEXT NOT NULL,
    media_type TEXT, charset TEXT, directives TEXT NOT NULL
) WITHOUT ROWID
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """What an address answered last."""

    url: str
    etag: str | None
    last_modified: str | None
    """The header as it came, to be sent back unchanged."""
    blob: str
    """Key of the body in the blob cache."""
    body_hash: str
    """Hash of the body, by which it is checked when it is read back."""
    media_type: str | None
    charset: str | None
    directives: str
    """Words of X-Robots-Tag, separated by commas."""


class WebState:
    """A small SQLite file; used by one thread. Nothing is locked or written before `commit`."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._pending: dict[str, Answer | None] = {}
        try:
            self._database = _open(path)
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:
            # Damaged, and all of it can be fetched again.
            for suffix in ("", "-wal", "-shm", "-journal"):
                path.with_name(path.name + suffix).unlink(missing_ok=True)
            self._database = _open(path)

    def get(self, url: str) -> Answer | None:
        """What an address answered last, if it is remembered."""
        if url in self._pending:
            return self._pending[url]
        row = self._database.execute("SELECT * FROM answer WHERE url = ?", (url,)).fetchone()
        return None if row is None else Answer(*row)

    def put(self, answer: Answer) -> None:
        """Remember an answer."""
        self._pending[answer.url] = answer

    def forget(self, url: str) -> None:
        """Forget an address."""
        self._pending[url] = None

    def keep_only(self, urls: Iterable[str]) -> None:
        """Forget every address but these."""
        kept = set(urls)
        for (url,) in self._database.execute("SELECT url FROM answer").fetchall():
            if url not in kept:
                self.forget(url)

    def commit(self) -> None:
        """Make what was put and forgotten durable, all or nothing."""
        answers = [astuple(answer) for answer in self._pending.values() if answer is not None]
        with self._database:
            self._database.executemany("DELETE FROM answer WHERE url = ?", [(url,) for url in self._pending])
            self._database.executemany("INSERT INTO answer VALUES (?, ?, ?, ?, ?, ?, ?, ?)", answers)
        self._pending.clear()

    def close(self) -> None:
        """Close without keeping what was not committed."""
        self._database.close()


def _open(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, timeout=30)
    try:
        (version,) = database.execute("PRAGMA user_version").fetchone()
        if version != _VERSION:
            database.execute("DROP TABLE IF EXISTS answer")
            database.execute(f"PRAGMA user_version = {_VERSION}")
        database.execute("PRAGMA secure_delete = ON")
        database.execute(_TABLE)
        database.commit()
    except sqlite3.Error:
        database.close()
        raise
    return database
