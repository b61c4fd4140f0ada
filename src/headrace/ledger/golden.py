"""Golden sets in the ledger: contents by digest, cases with their states, versions by what they hold."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from headrace.ledger.identity import digest
from headrace.ledger.storage.rows import delete_in, insert_new, slices, storable, upsert
from headrace.ledger.storage.tables.golden import (
    golden_cases,
    golden_contents,
    golden_events,
    golden_versions,
)

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.ledger.storage.writer import Write

RUN_STATES = ("active", "flaky")
"""States in which a case is run."""


class CaseRow(NamedTuple):
    """A case of a set, without its content; in the order of the table."""

    set_name: str
    key: str
    case_id: str
    state: str
    part: str
    half: str
    must_pass: int
    owner: str | None
    group_name: str | None
    tags: str
    provenance: str
    trace_id: str | None
    subject: str | None
    period: str | None
    flake_rate: float | None
    added_at_us: int


class Content(NamedTuple):
    """What a case asks and what it expects."""

    case_id: str
    inputs: Mapping[str, Any]
    expected: Any


class Event(NamedTuple):
    """One step in the life of a case."""

    set_name: str
    key: str
    seq: int
    state: str
    case_id: str
    actor: str
    reason: str
    at_us: int


def put_contents(tx: Write, contents: Iterable[Content]) -> None:
    """Keep contents; those that are there are left as they are."""
    rows = [(c.case_id, json.dumps(dict(c.inputs)), json.dumps(c.expected)) for c in contents]
    insert_new(tx.conn, golden_contents, list(dict.fromkeys(rows)))


def put_cases(tx: Write, rows: Sequence[CaseRow], *, actor: str, reason: str) -> None:
    """Write cases as they are now, each with the event that says who made it so and why."""
    last = _last_events(tx.conn, rows[0].set_name) if rows else {}
    upsert(tx.conn, golden_cases, [tuple(row) for row in rows])
    events = [
        (
            row.set_name,
            row.key,
            last.get(row.key, 0) + 1,
            row.state,
            row.case_id,
            actor,
            storable(reason),
            tx.now_us,
        )
        for row in rows
    ]
    insert_new(tx.conn, golden_events, events)


def set_flake_rates(tx: Write, name: str, rates: Mapping[str, float]) -> None:
    """Keep how much the repeats of each case differed in its last run."""
    for key, rate in rates.items():
        wanted = sa.and_(golden_cases.c.set_name == name, golden_cases.c.key == key)
        tx.conn.execute(sa.update(golden_cases).where(wanted).values(flake_rate=rate))


def cases(conn: Connection, name: str, *, states: Collection[str] = ()) -> list[CaseRow]:
    """The cases of a set in the order of their keys, those in some states or all."""
    statement = sa.select(golden_cases).where(golden_cases.c.set_name == name)
    if states:
        statement = statement.where(golden_cases.c.state.in_(sorted(states)))
    return sorted((CaseRow(*row) for row in conn.execute(statement)), key=lambda row: row.key)


def case(conn: Connection, name: str, key: str) -> CaseRow | None:
    """One case."""
    wanted = sa.and_(golden_cases.c.set_name == name, golden_cases.c.key == key)
    row = conn.execute(sa.select(golden_cases).where(wanted)).one_or_none()
    return None if row is None else CaseRow(*row)


def with_content(conn: Connection, case_id: str) -> list[CaseRow]:
    """Cases that have this content now, in any set."""
    statement = sa.select(golden_cases).where(golden_cases.c.case_id == case_id)
    return sorted(CaseRow(*row) for row in conn.execute(statement))


def of_trace(conn: Connection, trace_id: str) -> list[CaseRow]:
    """Cases that were made of a trace."""
    statement = sa.select(golden_cases).where(golden_cases.c.trace_id == trace_id)
    return sorted(CaseRow(*row) for row in conn.execute(statement))


def contents(conn: Connection, case_ids: Iterable[str]) -> dict[str, Content]:
    """Contents by their digests."""
    found = {}
    for part in slices(sorted(set(case_ids))):
        for row in conn.execute(sa.select(golden_contents).where(golden_contents.c.case_id.in_(part))):
            found[row.case_id] = Content(row.case_id, json.loads(row.inputs), json.loads(row.expected))
    return found


def all_contents(conn: Connection) -> list[Content]:
    """Every content there is, those of former versions of cases too."""
    rows = conn.execute(sa.select(golden_contents))
    return [Content(row.case_id, json.loads(row.inputs), json.loads(row.expected)) for row in rows]


def all_cases(conn: Connection) -> list[CaseRow]:
    """Every case of every set."""
    return sorted((CaseRow(*row) for row in conn.execute(sa.select(golden_cases))), key=lambda r: r[:2])


def events(conn: Connection, name: str, key: str) -> list[Event]:
    """The life of a case, oldest first."""
    wanted = sa.and_(golden_events.c.set_name == name, golden_events.c.key == key)
    statement = sa.select(golden_events).where(wanted).order_by(golden_events.c.seq)
    return [Event(*row) for row in conn.execute(statement)]


def sets(conn: Connection) -> dict[str, dict[str, int]]:
    """Every set with how many cases are in each state."""
    columns = (golden_cases.c.set_name, golden_cases.c.state, sa.func.count())
    rows = conn.execute(sa.select(*columns).group_by(golden_cases.c.set_name, golden_cases.c.state))
    found: dict[str, dict[str, int]] = {}
    for name, state, count in sorted(tuple(row) for row in rows):
        found.setdefault(name, {})[state] = count
    return found


def facts_of(row: CaseRow) -> dict[str, Any]:
    """What a run has to know of a case beside its content."""
    return {
        "part": row.part,
        "half": row.half,
        "group": row.group_name,
        "tags": json.loads(row.tags),
        "must_pass": bool(row.must_pass),
        "state": row.state,
    }


def version_of(rows: Iterable[CaseRow]) -> tuple[str, list[list[Any]]]:
    """The digest of what a run would use of these cases, and what it is made of."""
    used = [[row.key, row.case_id, facts_of(row)] for row in rows if row.state in RUN_STATES]
    return digest("golden", used), used


def put_version(tx: Write, name: str, rows: Iterable[CaseRow]) -> str:
    """Keep what a version holds, and return its digest."""
    version, used = version_of(rows)
    insert_new(tx.conn, golden_versions, [(version, name, json.dumps(used), tx.now_us)])
    return version


def version(conn: Connection, name: str) -> tuple[str, int, list[list[Any]]] | None:
    """The set of a version, when it was first used, and its cases: key, content and facts."""
    row = conn.execute(sa.select(golden_versions).where(golden_versions.c.version == name)).one_or_none()
    return None if row is None else (row.set_name, row.made_at_us, json.loads(row.cases))


def forget_contents(tx: Write, changed: Mapping[str, Content]) -> None:
    """Put other contents under their old digests: tombstones."""
    for case_id, content in changed.items():
        values = {"inputs": json.dumps(dict(content.inputs)), "expected": json.dumps(content.expected)}
        tx.conn.execute(sa.update(golden_contents).where(golden_contents.c.case_id == case_id).values(values))


def versions_holding(conn: Connection) -> list[tuple[str, str]]:
    """Every version with its cases as JSON text."""
    return [(row.version, row.cases) for row in conn.execute(sa.select(golden_versions))]


def forget_cases(tx: Write, pairs: Collection[tuple[str, str]]) -> None:
    """Delete cases with their events, by set and key."""
    by_set: dict[str, list[str]] = {}
    for name, key in pairs:
        by_set.setdefault(name, []).append(key)
    for name, keys in by_set.items():
        delete_in(tx.conn, golden_cases.c.key, keys, set_name=name)
        delete_in(tx.conn, golden_events.c.key, keys, set_name=name)


def forget_words(tx: Write, name: str, key: str, values: Mapping[str, Any], *, reasons: bool) -> None:
    """Rewrite columns of a case, and with `reasons` blank what was said in its events."""
    wanted = sa.and_(golden_cases.c.set_name == name, golden_cases.c.key == key)
    tx.conn.execute(sa.update(golden_cases).where(wanted).values(dict(values)))
    if reasons:
        said = sa.and_(golden_events.c.set_name == name, golden_events.c.key == key)
        tx.conn.execute(sa.update(golden_events).where(said).values(reason=""))


def forget_versions(tx: Write, changed: Mapping[str, str]) -> None:
    """Rewrite what versions hold; their digests stay."""
    for name, text in changed.items():
        tx.conn.execute(
            sa.update(golden_versions).where(golden_versions.c.version == name).values(cases=text)
        )


def _last_events(conn: Connection, name: str) -> dict[str, int]:
    statement = sa.select(golden_events.c.key, sa.func.max(golden_events.c.seq))
    rows = conn.execute(statement.where(golden_events.c.set_name == name).group_by(golden_events.c.key))
    return {row[0]: row[1] for row in rows}
