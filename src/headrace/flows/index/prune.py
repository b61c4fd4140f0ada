"""`index prune`: remove what is left of generations that nobody can go back to."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from headrace.errors import UsageError
from headrace.flows.index.finding import find
from headrace.flows.index.listing import size_of
from headrace.ledger import documents, generations, leases, near_duplicates, verdicts
from headrace.ledger.columnar.table import ColumnarTable
from headrace.ledger.failpoints import declare, fire
from headrace.ledger.steps import states
from headrace.records.generations import Pruned, PruneReport

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.flows.index.parts import IndexParts
    from headrace.ledger.generations import Generation
    from headrace.ledger.ledger import Write

_MARKED = declare("index.prune_marked")
_REMOVED = declare("index.prune_removed")
_WAIT_SECONDS = 600.0


def prune(
    parts: IndexParts, name: str | None = None, *, corpus: str | None = None, dry_run: bool = False
) -> PruneReport:
    """Remove files and rows of retired generations that are out of their time, or of the one that is named.

    The named one may also be one that never served. Never one that serves or that a rollback may go back
    to. The ledger is told first, then the files go; what a kill leaves of them goes with the next prune.
    Raises UsageError, NotFoundError, LeaseHeld.
    """
    with parts.ledger.read() as conn:
        chosen = [_allowed(parts, conn, find(conn, name))] if name else _out_of_time(parts, conn, corpus)
    removed = []
    for generation in chosen:
        held = ColumnarTable(generation.location)
        size = size_of(generation.location)
        if generation.pruned_at_us is not None and not held.exists() and not size:
            continue
        removed.append(_entry(parts, generation, size))
        if not dry_run:
            _remove(parts, generation, held)
    return PruneReport(removed=tuple(removed), dry_run=dry_run)


def _remove(parts: IndexParts, generation: Generation, held: ColumnarTable) -> None:
    actor = parts.context(generation.corpus).actor

    def mark(tx: Write) -> None:
        leases.check(tx, lease)
        now = generations.get(tx.conn, generation.id) or generation
        _allowed(parts, tx.conn, now)
        if now.state != "retired":
            generations.set_state(tx, now.id, "retired", actor=actor, reason="given up by `index prune`")
        generations.mark_pruned(tx, now.id)
        documents.remove_all(tx, now.id)
        verdicts.remove_all(tx, now.id)
        near_duplicates.remove_all(tx, now.id)
        states.remove_all(tx, now.id)

    name = f"corpus/{generation.corpus}"
    with leases.held(parts.ledger, name, wait_seconds=_WAIT_SECONDS) as lease:
        if generation.pruned_at_us is None:
            parts.ledger.write(mark)
        fire(_MARKED)
        held.remove()
        fire(_REMOVED)


def _out_of_time(parts: IndexParts, conn: Connection, corpus: str | None) -> list[Generation]:
    """Retired generations that are not kept in step any more, and remains of those that were pruned."""
    now_us = time.time_ns() // 1000
    rows = generations.list(conn, None if corpus is None else parts.corpus(corpus))
    return [
        row
        for row in rows
        if row.pruned_at_us is not None
        or (
            row.state == "retired"
            and not generations.is_written(row, now_us=now_us)
            and parts.releases.generation(conn, row.corpus) != row.id
        )
    ]


def _allowed(parts: IndexParts, conn: Connection, generation: Generation) -> Generation:
    """The generation itself. Raises UsageError for one that serves or that a rollback may go back to."""
    if parts.releases.generation(conn, generation.corpus) == generation.id:
        raise UsageError(
            f"Generation {generation.id!r} serves.", hint="Cut over to another one before it is pruned."
        )
    kept = generation.state == "retired" and generations.is_written(generation, now_us=time.time_ns() // 1000)
    if kept:
        raise UsageError(
            f"Generation {generation.id!r} is kept in step for a rollback.",
            hint="It can be pruned when that time is over; `[index] keep_retired` sets it for the next one.",
        )
    return generation


def _entry(parts: IndexParts, generation: Generation, size: int | None) -> Pruned:
    with parts.ledger.read() as conn:
        held, chunks = documents.count(conn, generation.id)
    return Pruned(
        generation=generation.id,
        corpus=generation.corpus,
        ordinal=generation.ordinal,
        documents=held,
        chunks=chunks,
        size_bytes=size,
    )
