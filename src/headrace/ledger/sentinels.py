"""What an embedder once gave for fixed texts, and every time it was asked for them again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

import sqlalchemy as sa

from headrace.ledger.storage.rows import storable, upsert
from headrace.ledger.storage.tables.embedding import sentinel_checks, sentinels

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.ledger.storage.writer import Write

Outcome = Literal["recorded", "passed", "changed", "accepted", "unreachable"]

_BYTES = 4
"""Of a float32."""
_SETTLED = sentinel_checks.c.outcome != "unreachable"


class SentinelCheck(NamedTuple):
    """One time the sentinel texts were embedded."""

    fingerprint: str
    seq: int
    """1 is the first of its embedder."""
    embedder: str
    outcome: Outcome
    reason: str
    """Why it changed, could not be reached or was accepted."""
    lowest_cosine: float | None
    """Of the vectors to the recorded ones; None where there were none to compare."""
    models: tuple[str, ...]
    """What the provider said it used."""
    actor: str
    checked_at_us: int


def add(
    tx: Write,
    fingerprint: str,
    *,
    embedder: str,
    outcome: Outcome,
    actor: str,
    reason: str = "",
    lowest_cosine: float | None = None,
    models: Sequence[str] = (),
) -> SentinelCheck:
    """Append a check to the history of an embedder."""
    newest = sa.select(sa.func.max(sentinel_checks.c.seq)).where(sentinel_checks.c.fingerprint == fingerprint)
    check = SentinelCheck(
        fingerprint=fingerprint,
        seq=(tx.conn.execute(newest).scalar_one() or 0) + 1,
        embedder=embedder,
        outcome=outcome,
        reason=storable(reason),
        lowest_cosine=lowest_cosine,
        models=tuple(models),
        actor=actor,
        checked_at_us=tx.now_us,
    )
    row = check._asdict() | {"models": json.dumps(check.models)}
    tx.conn.execute(sa.insert(sentinel_checks).values(row))
    return check


def record(tx: Write, fingerprint: str, vectors: Mapping[str, bytes]) -> None:
    """Set the vectors of texts: hash to float32 bytes, little endian."""
    rows = [(fingerprint, text_hash, data, tx.now_us) for text_hash, data in sorted(vectors.items())]
    upsert(tx.conn, sentinels, rows)


def recorded(conn: Connection, fingerprint: str) -> dict[str, bytes]:
    """The vectors of an embedder's sentinel texts by text hash; none before its first use."""
    statement = sa.select(sentinels.c.text_hash, sentinels.c.vector).where(
        sentinels.c.fingerprint == fingerprint
    )
    return {text_hash: bytes(vector) for text_hash, vector in conn.execute(statement)}


def lengths(conn: Connection, embedder: str) -> dict[str, int]:
    """The length of the recorded vectors by fingerprint, of every embedder of that name."""
    names = sa.select(sentinel_checks.c.fingerprint).where(sentinel_checks.c.embedder == embedder)
    statement = (
        sa.select(sentinels.c.fingerprint, sa.func.max(sa.func.length(sentinels.c.vector)))
        .where(sentinels.c.fingerprint.in_(names))
        .group_by(sentinels.c.fingerprint)
    )
    return {fingerprint: size // _BYTES for fingerprint, size in conn.execute(statement)}


def expected_models(conn: Connection, fingerprint: str) -> tuple[str, ...]:
    """What the provider said it used when the vectors were recorded or accepted last."""
    decided = sentinel_checks.c.outcome.in_(("recorded", "accepted"))
    found = _newest(conn, fingerprint, decided)
    return found.models if found else ()


def block(conn: Connection, fingerprint: str) -> SentinelCheck | None:
    """The check that stops writes with this embedder; None while nothing does."""
    found = _newest(conn, fingerprint, _SETTLED)
    return found if found is not None and found.outcome == "changed" else None


def history(
    conn: Connection, fingerprint: str | None = None, *, limit: int = 100
) -> tuple[SentinelCheck, ...]:
    """Checks of an embedder, or of all, newest first."""
    statement = sa.select(sentinel_checks).order_by(sentinel_checks.c.checked_at_us.desc()).limit(limit)
    if fingerprint is not None:
        statement = statement.where(sentinel_checks.c.fingerprint == fingerprint)
    return tuple(_check(row) for row in conn.execute(statement).mappings())


def _newest(conn: Connection, fingerprint: str, condition: sa.ColumnElement[bool]) -> SentinelCheck | None:
    statement = (
        sa.select(sentinel_checks)
        .where(sentinel_checks.c.fingerprint == fingerprint, condition)
        .order_by(sentinel_checks.c.seq.desc())
        .limit(1)
    )
    row = conn.execute(statement).mappings().one_or_none()
    return None if row is None else _check(row)


def _check(row: sa.RowMapping) -> SentinelCheck:
    return SentinelCheck(**{**row, "models": tuple(json.loads(row["models"]))})
