"""What gates said of the documents of each generation, the ones that they keep out included."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import sqlalchemy as sa

from headrace.ledger import artifacts
from headrace.ledger.identity import digest
from headrace.ledger.storage.rows import delete_in, slices, upsert
from headrace.ledger.storage.tables.gates import gate_verdicts as table
from headrace.records.gates import Evidence, GateVerdict, Judgement, Outcome

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.ledger.storage.writer import Write

_KIND = "gates"
_WORDS = ("pass", "fail", "error")


class Judged(NamedTuple):
    """A document that was judged just now."""

    uri: str
    revision: str
    stamp: str
    """How its source described the content that was judged."""
    judgement: Judgement


class VerdictRow(NamedTuple):
    """The last judgement on a document of a generation."""

    uri: str
    revision: str
    stamp: str
    outcome: Outcome
    gate: str | None
    """The first gate that keeps it out."""
    gates: str
    """Digest of the gates that judged."""
    verdicts: str
    """As `read` takes it."""
    judged_at_us: int
    run_id: str


_ALL = sa.select(*(table.c[name] for name in VerdictRow._fields))


def gates_digest(fingerprints: Sequence[Mapping[str, Any]]) -> str:
    """The name of a list of gates with their thresholds, in their order."""
    return digest(_KIND, _body(fingerprints))


def put(
    tx: Write,
    generation: str,
    rows: Sequence[Judged],
    *,
    gates: Sequence[Mapping[str, Any]],
    run_id: str,
) -> None:
    """Keep judgements by the gates with these fingerprints; the former one of each document is replaced."""
    if not rows:
        return
    artifacts.put(tx, _KIND, _body(gates))
    upsert(
        tx.conn,
        table,
        [
            (
                generation,
                row.uri,
                row.revision,
                row.stamp,
                row.judgement.outcome,
                row.judgement.gate,
                row.judgement.gates,
                _written(row.judgement.verdicts),
                tx.now_us,
                run_id,
            )
            for row in rows
        ],
    )


def set_outcome(tx: Write, generation: str, uri: str, outcome: Outcome) -> None:
    """Say what becomes of a document since a person decided on it."""
    tx.conn.execute(
        sa.update(table).where(table.c.generation == generation, table.c.uri == uri).values(outcome=outcome)
    )


def remove(tx: Write, generation: str, uris: Sequence[str]) -> None:
    """Drop the judgements on documents that are gone; unknown ones are passed over."""
    delete_in(tx.conn, table.c.uri, uris, generation=generation)


def remove_all(tx: Write, generation: str) -> None:
    """Drop every judgement of a generation."""
    tx.conn.execute(sa.delete(table).where(table.c.generation == generation))


def load(conn: Connection, generation: str) -> list[VerdictRow]:
    """The last judgement on every document of a generation, by URI."""
    found = conn.execute(_ALL.where(table.c.generation == generation))
    return sorted((VerdictRow._make(row) for row in found), key=lambda row: row.uri)


def kept_out(conn: Connection, generation: str) -> list[VerdictRow]:
    """Judgements on the documents that gates or people keep out of a generation, by URI."""
    found = conn.execute(_ALL.where(table.c.generation == generation, table.c.outcome != "in"))
    return sorted((VerdictRow._make(row) for row in found), key=lambda row: row.uri)


def waiting(conn: Connection, generation: str) -> dict[str, int]:
    """How many documents wait, by the gate that keeps them out."""
    statement = (
        sa.select(table.c.gate, sa.func.count())
        .where(table.c.generation == generation, table.c.outcome == "gate")
        .group_by(table.c.gate)
    )
    return {str(gate): int(number) for gate, number in sorted(tuple(row) for row in conn.execute(statement))}


def lookup(conn: Connection, generation: str, uris: Sequence[str]) -> list[VerdictRow]:
    """The last judgement on each of these documents; unknown ones are left out."""
    return [
        VerdictRow._make(row)
        for part in slices(uris)
        for row in conn.execute(_ALL.where(table.c.generation == generation, table.c.uri.in_(part)))
    ]


def fingerprints(conn: Connection, names: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """The gates that judged, by the digest that rows name."""
    found = artifacts.get_many(conn, sorted(set(names)))
    return {name: list(artifact.body["gates"]) for name, artifact in found.items()}


def read(row: VerdictRow, gates: Sequence[Mapping[str, Any]]) -> list[GateVerdict]:
    """The verdicts of a row, in the order of the gates that gave them."""
    return [
        _verdict(str(gate["gate"]), int(gate["version"]), given)
        for gate, given in zip(gates, json.loads(row.verdicts), strict=True)
    ]


def _verdict(gate: str, version: int, given: Sequence[Any]) -> GateVerdict:
    word, score, reason, start, end = [*given, None, None, None, None][:5]
    return GateVerdict(
        gate=gate,
        version=version,
        verdict=cast("Any", _WORDS[int(word)]),
        score=score,
        reason=reason,
        evidence=None if start is None or end is None else Evidence(start=start, end=end),
    )


def _written(verdicts: Sequence[GateVerdict]) -> str:
    """A list for each gate, without the values at its end that are not there."""
    return json.dumps([_values(verdict) for verdict in verdicts], separators=(",", ":"))


def _values(verdict: GateVerdict) -> list[Any]:
    score = verdict.score if verdict.score is not None and math.isfinite(verdict.score) else None
    values: list[Any] = [_WORDS.index(verdict.verdict), score, verdict.reason]
    if verdict.evidence is not None:
        return [*values, verdict.evidence.start, verdict.evidence.end]
    while values[-1] is None:
        values.pop()
    return values


def _body(gates: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {"gates": [dict(gate) for gate in gates]}
