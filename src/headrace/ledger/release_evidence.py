"""What is known of releases beside what they pin: who made them, what was found, who moved to them."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import sqlalchemy as sa

from headrace.ledger.identity import digest_bytes
from headrace.ledger.storage.rows import from_json, insert_new, slices, storable, to_json
from headrace.ledger.storage.tables.releases import release_evidence as evidence
from headrace.ledger.storage.tables.releases import release_makings as makings
from headrace.ledger.storage.tables.releases import release_moves as moves

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row

    from headrace.ledger.storage.writer import Write

Verdict = Literal["pass", "fail", "inconclusive"]
Kind = Literal["promote", "rollback"]


class Making(NamedTuple):
    """A release that someone made on purpose; others were minted as things changed."""

    release: str
    made_at_us: int
    actor: str
    note: str


class EvidenceRow(NamedTuple):
    """What one run of a suite found of a release."""

    id: str
    release: str
    suite: str
    run: str
    verdict: Verdict
    at_us: int
    actor: str
    detail: Mapping[str, Any]


class Move(NamedTuple):
    """A pointer that was moved by a decision; `seq` is that of the ref."""

    environment: str
    seq: int
    kind: Kind
    release: str
    former: str | None
    forced: Sequence[str]
    """What was passed over by force."""
    evidence: Mapping[str, str]
    """Suite to the evidence that counted then."""


def make(tx: Write, release: str, *, actor: str, note: str) -> Making:
    """Record that a release was made on purpose; one that was before is left as it is."""
    insert_new(tx.conn, makings, [(release, tx.now_us, actor, storable(note))])
    found = made(tx.conn, [release])
    return found[release]


def made(conn: Connection, releases: Collection[str]) -> dict[str, Making]:
    """Those of these releases that were made on purpose."""
    found: dict[str, Making] = {}
    for part in slices(sorted(set(releases))):
        rows = conn.execute(sa.select(makings).where(makings.c.release.in_(part)))
        found.update({row.release: Making(*row) for row in rows})
    return found


def all_made(conn: Connection) -> list[Making]:
    """Every release that was made on purpose, oldest first."""
    rows = conn.execute(sa.select(makings).order_by(makings.c.made_at_us, makings.c.release))
    return [Making(*row) for row in rows]


def add(
    tx: Write,
    release: str,
    *,
    suite: str,
    run: str,
    verdict: Verdict,
    actor: str,
    detail: Mapping[str, Any],
) -> EvidenceRow:
    """Keep what a run found; `detail` holds JSON values."""
    row = EvidenceRow(
        digest_bytes("evidence", secrets.token_bytes(32)),
        release,
        suite,
        run,
        verdict,
        tx.now_us,
        actor,
        dict(detail),
    )
    tx.conn.execute(sa.insert(evidence).values(row._replace(detail=to_json(detail))._asdict()))  # type: ignore[arg-type]
    return row


def of(conn: Connection, release: str, *, at_us: int | None = None) -> list[EvidenceRow]:
    """Everything that was found of a release, oldest first; what was known by a time with `at_us`."""
    by_then = sa.true() if at_us is None else evidence.c.at_us <= at_us
    statement = (
        sa.select(evidence)
        .where(evidence.c.release == release, by_then)
        .order_by(evidence.c.at_us, evidence.c.id)
    )
    return [_evidence(row) for row in conn.execute(statement)]


def newest(conn: Connection, release: str, *, at_us: int | None = None) -> dict[str, EvidenceRow]:
    """The last evidence of each suite: a later run counts instead of an earlier one."""
    return {row.suite: row for row in of(conn, release, at_us=at_us)}


def judged(conn: Connection) -> set[str]:
    """Every release with any evidence."""
    return set(conn.execute(sa.select(evidence.c.release).distinct()).scalars())


def moved(tx: Write, move: Move) -> None:
    """Record why a pointer moved, in the transaction that moves it."""
    row = move._asdict() | {
        "forced": to_json({"forced": list(move.forced)}),
        "evidence": to_json(move.evidence),
    }
    tx.conn.execute(sa.insert(moves).values(row))


def moves_of(conn: Connection, environment: str) -> dict[int, Move]:
    """Every decided move of an environment's pointer, by its sequence."""
    rows = conn.execute(sa.select(moves).where(moves.c.environment == environment).order_by(moves.c.seq))
    return {row.seq: _move(row) for row in rows}


def is_decided(conn: Connection, environment: str) -> bool:
    """Whether anyone ever decided what an environment serves; before, it follows files and configuration."""
    return conn.execute(_DECIDED, {"environment": environment}).first() is not None


# Made once, because every question reads it.
_DECIDED = sa.select(moves.c.seq).where(moves.c.environment == sa.bindparam("environment")).limit(1)


def _evidence(row: Row[Any]) -> EvidenceRow:
    return EvidenceRow(**{**row._asdict(), "detail": from_json(row.detail)})


def _move(row: Row[Any]) -> Move:
    known = {"forced": from_json(row.forced)["forced"], "evidence": from_json(row.evidence)}
    return Move(**{**row._asdict(), **known})
