"""`index optimize`: merge fragments and index segments, and remove what only old versions need."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING

from headrace.flows.index.finding import find, serving_of, unpruned
from headrace.flows.index.listing import size_of
from headrace.ingest.index.coverage import live_rows, uncovered
from headrace.ingest.sync import target as targets
from headrace.ingest.sync.written import context_of
from headrace.ledger import leases, runs, snapshots
from headrace.ledger.failpoints import declare, fire
from headrace.records.generations import IndexShape, OptimizeReport
from headrace.records.wire import to_plain

if TYPE_CHECKING:
    from headrace.flows.index.parts import IndexParts
    from headrace.ingest.sync.target import Target
    from headrace.ledger.ledger import Write

_WRITTEN = declare("index.optimize_written")
_PUBLISHED = declare("index.optimize_published")


def optimize(
    parts: IndexParts,
    name: str | None = None,
    *,
    corpus: str | None = None,
    keep_versions: timedelta = timedelta(hours=1),
) -> OptimizeReport:
    """Bring a generation, by default the one that serves, into its best shape, under the lease of the corpus.

    Versions younger than `keep_versions` stay for readers that are on them, and tagged ones stay for good.
    Raises NotFoundError, UsageError, LeaseHeld.
    """
    started = time.monotonic()
    with parts.ledger.read() as conn:
        generation = unpruned(find(conn, name)) if name else serving_of(parts, conn, parts.corpus(corpus))
    context = context_of(parts.context(generation.corpus), generation)
    held = leases.held(parts.ledger, f"corpus/{generation.corpus}", wait_seconds=context.wait_seconds)
    with held as lease:
        run_id = parts.ledger.write(
            lambda tx: runs.start(tx, "optimize", generation.corpus, actor=context.actor)
        )
        target = targets.open_written(context, generation, lease, run_id)
        before = _shape(target)
        target.table.optimise()
        fire(_WRITTEN)
        parts.ledger.write(lambda tx: _publish(tx, target, lease, run_id))
        fire(_PUBLISHED)
        target.table.table.clean(older_than=keep_versions)
        report = OptimizeReport(
            generation=generation.id,
            corpus=generation.corpus,
            before=before,
            after=_shape(target),
            seconds=round(time.monotonic() - started, 3),
        )
        parts.ledger.write(lambda tx: runs.finish(tx, run_id, "done", report=to_plain(report)))
    return report


def _publish(tx: Write, target: Target, lease: leases.Lease, run_id: str) -> None:
    """Let readers open the new version; what it holds is the same."""
    leases.check(tx, lease)
    snapshot = snapshots.current(tx.conn, target.generation.id)
    version = int(target.table.table.head().version)
    if snapshot is None or snapshot.version == version:
        return
    snapshots.publish(
        tx,
        target.generation.id,
        version=version,
        run_id=run_id,
        documents=snapshot.documents,
        chunks=snapshot.chunks,
        digest=snapshot.digest,
    )


def _shape(target: Target) -> IndexShape:
    head = target.table.table.head()
    return IndexShape(
        fragments=len(head.get_fragments()),
        uncovered_rows=sum(map(live_rows, uncovered(head))),
        versions=len(head.versions()),
        size_bytes=size_of(target.generation.location),
    )
