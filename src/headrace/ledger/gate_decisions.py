"""What people decided about documents that gates keep out: one revision at a time, with their reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

import sqlalchemy as sa

from headrace.ledger.storage.rows import storable, upsert
from headrace.ledger.storage.tables.gates import gate_decisions as table

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.ledger.storage.writer import Write

Decision = Literal["released", "rejected"]


class DecisionRow(NamedTuple):
    """A decision that stands."""

    uri: str
    revision: str
    gate: str
    fingerprint: str
    """Of the gate, with its version and thresholds, that it was decided against."""
    decision: Decision
    actor: str
    reason: str
    decided_at_us: int


class Decisions:
    """The decisions of a corpus, as the gates look them up."""

    def __init__(self, rows: Iterable[DecisionRow] = ()) -> None:
        self.rows: dict[tuple[str, str], list[DecisionRow]] = {}
        """By URI and revision."""
        for row in rows:
            self.rows.setdefault((row.uri, row.revision), []).append(row)
        self.documents: frozenset[str] = frozenset(uri for uri, _ in self.rows)
        """URIs that anything was decided about."""

    def released(self, uri: str, revision: str) -> Mapping[str, DecisionRow]:
        """The decisions that let a revision in, by the fingerprint of the gate."""
        rows = self.rows.get((uri, revision), ())
        return {row.fingerprint: row for row in rows if row.decision == "released"}

    def rejected(self, uri: str, revision: str) -> DecisionRow | None:
        """The decision that keeps a revision out, whatever its gates say."""
        rows = self.rows.get((uri, revision), ())
        return next((row for row in rows if row.decision == "rejected"), None)


def record(tx: Write, corpus: str, rows: Sequence[DecisionRow]) -> None:
    """Record decisions; they replace those about the same revisions."""
    for uri, revision in sorted({(row.uri, row.revision) for row in rows}):
        tx.conn.execute(
            sa.delete(table).where(table.c.corpus == corpus, table.c.uri == uri, table.c.revision == revision)
        )
    upsert(tx.conn, table, [(corpus, *row._replace(reason=storable(row.reason))) for row in rows])


def load(conn: Connection, corpus: str) -> Decisions:
    """Every decision of a corpus."""
    statement = sa.select(*(table.c[name] for name in DecisionRow._fields)).where(table.c.corpus == corpus)
    return Decisions(DecisionRow._make(row) for row in conn.execute(statement))
