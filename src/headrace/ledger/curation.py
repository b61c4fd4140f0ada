"""Items made of traces, and what was looked at: rows of the queue that people decide on."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from headrace.ledger.storage.rows import insert_new, slices, upsert
from headrace.ledger.storage.tables.curation import (
    curation_draws,
    curation_items,
    curation_links,
    curation_looked,
    curation_runs,
)
from headrace.ledger.storage.tables.signals import signal_audits, signals

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.ledger.storage.writer import Write

TABLES = (curation_items.name, curation_links.name)
"""What a cleaning rewrites."""
OPEN = ("new", "skipped")
"""States that wait for a decision."""
ACCEPTED = ("accepted", "edited")


class ItemRow(NamedTuple):
    """An item, in the order of the table."""

    id: str
    kind: str
    """case, row or pair."""
    destination: str
    """Golden set or dataset."""
    state: str
    reason: str
    """The rule that made it."""
    part: str
    origin: str
    """observed, edited or corrected."""
    depth: int
    subject: str | None
    """Keyed hash of who asked."""
    author: str | None
    """Keyed hash of who wrote the text that is to be learnt."""
    family: str
    """What belongs together in a split: a session, or equal questions."""
    owner: str | None
    noticed_at_us: int
    decided_at_us: int | None
    actor: str | None
    note: str | None
    merged_into: str | None
    delivered_at_us: int | None
    result: str | None
    """Id of the case or row it became."""
    body: bytes | None
    """Sealed JSON; None once it is erased."""


class LinkRow(NamedTuple):
    """Why an item is there: a trace and the rule that found it."""

    item: str
    trace_id: str
    rule: str
    occurred_at_us: int
    linked_at_us: int
    probability: float | None
    """With which the trace was drawn; None where a rule found it."""
    evidence: str
    """JSON."""


class LookedRow(NamedTuple):
    """A trace that was looked at."""

    trace_id: str
    ended_at_us: int
    looked_at_us: int
    evidence: str
    """Digest of what was known of it."""


class DrawRow(NamedTuple):
    """A stratum of the sample of a period."""

    since_us: int
    until_us: int
    stratum: str
    frame: int
    drawn: int
    at_us: int


class RunRow(NamedTuple):
    """A run that ended."""

    id: str
    started_at_us: int
    finished_at_us: int
    signals_until_us: int
    actor: str
    counts: str
    """JSON."""


def add(tx: Write, items: Sequence[ItemRow], links: Sequence[LinkRow]) -> tuple[int, int]:
    """Add items and links that are new; returns how many of each were."""
    known = _known(tx.conn, [item.id for item in items])
    fresh = {item.id: item for item in items if item.id not in known}
    insert_new(tx.conn, curation_items, list(fresh.values()))
    linked = {
        (link.item, link.trace_id, link.rule) for link in links_of(tx.conn, {row.item for row in links})
    }
    new = {key: link for link in links if (key := (link.item, link.trace_id, link.rule)) not in linked}
    insert_new(tx.conn, curation_links, list(new.values()))
    return len(fresh), len(new)


def get(conn: Connection, item: str) -> ItemRow | None:
    """An item by its id."""
    row = conn.execute(sa.select(curation_items).where(curation_items.c.id == item)).one_or_none()
    return None if row is None else ItemRow._make(row)


def find(
    conn: Connection,
    *,
    states: Collection[str] = (),
    kind: str | None = None,
    destination: str | None = None,
    rule: str | None = None,
    limit: int | None = None,
) -> tuple[ItemRow, ...]:
    """Items, oldest first."""
    table = curation_items
    statement = sa.select(table).order_by(table.c.noticed_at_us, table.c.id).limit(limit)
    if states:
        statement = statement.where(table.c.state.in_(list(states)))
    for column, value in ((table.c.kind, kind), (table.c.destination, destination), (table.c.reason, rule)):
        if value is not None:
            statement = statement.where(column == value)
    return tuple(ItemRow._make(row) for row in conn.execute(statement))


def counts(conn: Connection) -> dict[str, int]:
    """State to how many items are in it."""
    table = curation_items
    statement = sa.select(table.c.state, sa.func.count()).group_by(table.c.state)
    return {state: int(number) for state, number in conn.execute(statement)}


def undelivered(conn: Connection) -> tuple[ItemRow, ...]:
    """Accepted items that their golden set or dataset does not have yet."""
    table = curation_items
    statement = (
        sa.select(table)
        .where(table.c.state.in_(ACCEPTED), table.c.delivered_at_us.is_(None))
        .order_by(table.c.noticed_at_us, table.c.id)
    )
    return tuple(ItemRow._make(row) for row in conn.execute(statement))


def change(tx: Write, item: str, values: Mapping[str, Any], *, states: Collection[str] = ()) -> bool:
    """Put other values into an item, if it is in one of these states; returns whether it was."""
    statement = sa.update(curation_items).where(curation_items.c.id == item).values(dict(values))
    if states:
        statement = statement.where(curation_items.c.state.in_(list(states)))
    return tx.conn.execute(statement).rowcount == 1


def links_of(conn: Connection, items: Collection[str]) -> tuple[LinkRow, ...]:
    """Links of these items, oldest trace first."""
    table = curation_links
    found = [
        LinkRow._make(row)
        for part in slices(sorted(items))
        for row in conn.execute(sa.select(table).where(table.c.item.in_(part)))
    ]
    return tuple(sorted(found, key=lambda row: (row.occurred_at_us, row.trace_id, row.rule)))


def items_of_traces(conn: Connection, traces: Collection[str]) -> tuple[str, ...]:
    """Items that these traces led to."""
    table = curation_links
    found = {
        item
        for part in slices(sorted(traces))
        for item in conn.execute(sa.select(table.c.item).where(table.c.trace_id.in_(part))).scalars()
    }
    return tuple(sorted(found))


def remove(tx: Write, items: Collection[str]) -> int:
    """Delete items with their links; returns how many there were."""
    gone = 0
    for part in slices(sorted(items)):
        tx.conn.execute(sa.delete(curation_links).where(curation_links.c.item.in_(part)))
        gone += tx.conn.execute(sa.delete(curation_items).where(curation_items.c.id.in_(part))).rowcount
    return gone


def looked(conn: Connection, traces: Sequence[str]) -> dict[str, LookedRow]:
    """Those of these traces that were looked at."""
    table = curation_looked
    return {
        row.trace_id: LookedRow._make(row)
        for part in slices(traces)
        for row in conn.execute(sa.select(table).where(table.c.trace_id.in_(part)))
    }


def look(tx: Write, rows: Sequence[LookedRow]) -> None:
    """Remember what was looked at."""
    upsert(tx.conn, curation_looked, rows)


def forget_looked(tx: Write, *, before_us: int) -> None:
    """Drop what is remembered of traces that ended before a time: no run looks there any more."""
    tx.conn.execute(sa.delete(curation_looked).where(curation_looked.c.ended_at_us < before_us))


def finish(tx: Write, row: RunRow) -> None:
    """Record a run."""
    insert_new(tx.conn, curation_runs, [row])


def last_run(conn: Connection) -> RunRow | None:
    """The run that ended last."""
    table = curation_runs
    statement = sa.select(table).order_by(table.c.finished_at_us.desc(), table.c.id).limit(1)
    row = conn.execute(statement).one_or_none()
    return None if row is None else RunRow._make(row)


def draws(conn: Connection, *, since_us: int = 0) -> tuple[DrawRow, ...]:
    """Strata that were drawn from, oldest period first."""
    table = curation_draws
    statement = (
        sa.select(table).where(table.c.since_us >= since_us).order_by(table.c.since_us, table.c.stratum)
    )
    return tuple(DrawRow._make(row) for row in conn.execute(statement))


def draw(tx: Write, rows: Sequence[DrawRow]) -> None:
    """Keep what was drawn."""
    insert_new(tx.conn, curation_draws, rows)


def _known(conn: Connection, ids: Sequence[str]) -> set[str]:
    return {
        name
        for part in slices(sorted(set(ids)))
        for name in conn.execute(
            sa.select(curation_items.c.id).where(curation_items.c.id.in_(part))
        ).scalars()
    }


def asked_again(conn: Connection, traces: Collection[str]) -> dict[str, list[str]]:
    """Each of these traces that was asked for in place of others, with those."""
    found: dict[str, list[str]] = {}
    values = {f'"{trace}"': trace for trace in traces}
    for part in slices(sorted(values)):
        rows = conn.execute(
            sa.select(signals.c.value, signals.c.trace_id)
            .where(signals.c.kind.in_(["regenerate", "retry"]), signals.c.value.in_(part))
            .order_by(signals.c.trace_id)
        )
        for value, earlier in rows:
            found.setdefault(values[value], []).append(earlier)
    return found


def stirred(conn: Connection, *, since_us: int) -> set[str]:
    """Traces of which a signal, its join or a verdict came in since a time."""
    given = sa.select(signals.c.trace_id).where(
        sa.or_(signals.c.received_at_us >= since_us, signals.c.joined_at_us >= since_us)
    )
    judged = sa.select(signal_audits.c.trace_id).where(signal_audits.c.judged_at_us >= since_us)
    return {*conn.execute(given).scalars(), *conn.execute(judged).scalars()}
