"""What stays out although its source still lists it, known only by keyed hashes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import sqlalchemy as sa

from headrace.ledger.erasure.keyring import SUBJECT, Keyring
from headrace.ledger.storage.rows import delete_in, insert_new
from headrace.ledger.storage.tables.erasure import suppressions as table

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.ledger.storage.writer import Write

KIND = "kept_out"


class Suppressed:
    """Answers whether a document stays out. Empty, it costs nothing."""

    def __init__(self, keyring: Keyring, hashes: frozenset[str]) -> None:
        self._keyring = keyring
        self._hashes = hashes

    def __bool__(self) -> bool:
        return bool(self._hashes)

    def source(self, corpus: str, source: str) -> bool:
        """Whether everything of a source was forgotten."""
        return self._holds("source", corpus, source)

    def document(self, corpus: str, uri: str) -> bool:
        """Whether a document was forgotten by its name."""
        return self._holds("uri", corpus, uri)

    def content(self, corpus: str, revision: str, *, names: Sequence[str]) -> bool:
        """Whether these bytes were forgotten under any name, and none of these names was allowed since.

        `names` are those of the document and of its source.
        """
        forgotten = self._holds("content", corpus, revision)
        return forgotten and not any(self._holds("allowed", corpus, name) for name in names)

    def _holds(self, *parts: str) -> bool:
        return bool(self._hashes) and self._keyring.keyed(KIND, *parts) in self._hashes


def load(conn: Connection, keyring: Keyring) -> Suppressed:
    """What stays out now."""
    return Suppressed(keyring, known(conn))


def add(tx: Write, hashes: Sequence[str], *, erasure: str) -> None:
    """Keep these out; those that already are stay as they were."""
    insert_new(tx.conn, table, [(item, erasure, tx.now_us) for item in hashes])


def remove(tx: Write, hashes: Sequence[str]) -> None:
    """Let these in again; unknown ones are passed over."""
    delete_in(tx.conn, table.c.hash, hashes)


def known(conn: Connection) -> frozenset[str]:
    """Every hash that is kept."""
    return frozenset(conn.execute(sa.select(table.c.hash)).scalars())


def subjects(conn: Connection) -> tuple[str, ...]:
    """The users that were forgotten."""
    mine = table.c.hash.startswith(f"{SUBJECT}_", autoescape=True)
    return tuple(sorted(conn.execute(sa.select(table.c.hash).where(mine)).scalars()))
