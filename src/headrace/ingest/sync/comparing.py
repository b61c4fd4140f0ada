"""A pass over a generation whose documents are compared with each other.

Every document is read and signed before any is written, so what is served depends on the documents alone,
never on their order. Then those that win are written, promoted ones first; what yields or goes leaves the
index with the last publish. So a reader finds a content all the time, and what could not be written displaces
nothing.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

from headrace.ingest.gates.duplicates.store import SignatureStore
from headrace.ingest.sync.ahead import ahead
from headrace.ingest.sync.applying import Pass, rejected_in
from headrace.ingest.sync.changes import DUPLICATE, Changes, failure_stamp
from headrace.ingest.sync.comparison import GATE, Comparison
from headrace.ingest.sync.context import SyncContext
from headrace.ingest.sync.duplicates import Duplicates
from headrace.ingest.sync.prepare import Failed, Outcome, Prepared, Touched, prepare
from headrace.ingest.sync.publish import FailureRecord, Pending
from headrace.ingest.sync.target import Target
from headrace.ingest.sync.winning import Work
from headrace.ledger import near_duplicates
from headrace.ledger.failpoints import declare, fire
from headrace.ledger.leases import Lease
from headrace.ledger.near_duplicates import Row
from headrace.ledger.verdicts import Judged
from headrace.records.gates import GateCount
from headrace.records.sync import Failure

_COMPARED = declare("duplicates.compared")
_PART = declare("duplicates.part_published")
_SPARE = 256


def open_pass(context: SyncContext, target: Target, *, lease: Lease, run_id: str, leads: bool = True) -> Pass:
    """The pass that a generation needs."""
    if context.comparison is None:
        return Pass(context, target, lease=lease, run_id=run_id, leads=leads)
    return ComparingPass(context, target, context.comparison, lease=lease, run_id=run_id, leads=leads)


class ComparingPass(Pass):
    """A pass that keeps near duplicates out of the index."""

    def __init__(
        self,
        context: SyncContext,
        target: Target,
        comparison: Comparison,
        *,
        lease: Lease,
        run_id: str,
        leads: bool = True,
    ) -> None:
        super().__init__(context, target, lease=lease, run_id=run_id, leads=leads)
        self._comparison = comparison
        self._rows = dict(target.compared)
        self._changes = Changes()
        self._compared = False
        self._chunks = dict(self.tally.counts)
        """URI to number of chunks of what the index holds now."""

    @property
    def yielding(self) -> list[Failure]:
        """Documents that the comparison keeps out."""
        return [
            Failure(document=uri, stage=DUPLICATE, error=self._comparison.reason(row))
            for uri, row in sorted(self._rows.items())
            if row.fate != "served"
        ]

    def apply(self, changes: Changes, *, listing_failures: Sequence[FailureRecord] = ()) -> None:
        """Read what has to be read, then write what wins; deletions wait for a verdict."""
        self._changes = changes
        self.tally.suppressed = changes.suppressed
        pending = Pending(healed=changes.healed, failed=list(listing_failures))
        work = self._open()
        if changes.candidates or not work.found.settled:
            self._compared = True
            self._add_unsigned(work.found)
            rejected = self._look(work, pending)
            self.tally.chunks_deleted += sum(self._chunks.get(uri, 0) for uri in rejected)
            fire(_COMPARED)
            self._write(work, pending, deleted=rejected)
        else:
            self._publish(pending)
        self.progress("publishing", len(changes.candidates))

    def delete(self, uris: Sequence[str]) -> None:
        """Take documents out; what yielded to them takes their place in the same publish."""
        self.tally.chunks_deleted += sum(self._chunks.get(uri, 0) for uri in uris)
        if self._rows.keys().isdisjoint(uris):
            self._publish(Pending(removed=list(uris)))
        else:
            self._compared = True
            self._write(self._open(), Pending(), deleted=uris)

    def settle(self, *, sources: Mapping[str, int] | None = None, relabelled: bool = False) -> str:
        """Settle the generation, and let go of signatures that no document has, once they are the most."""
        digest = super().settle(sources=sources, relabelled=relabelled)
        if self._compared:
            with self._context.ledger.read() as conn:
                kept = near_duplicates.contents(conn, self._context.corpus)
            store = SignatureStore(self._comparison.folder)
            if len(store) > 2 * len(kept) + _SPARE:
                store.compact(kept)
        return digest

    def _open(self) -> Work:
        found = Duplicates(
            self._comparison, self._rows, self._changes, ledger=self._context.ledger, writable=True
        )
        return Work(found, self._changes)

    def _add_unsigned(self, found: Duplicates) -> None:
        """Read again what cannot be compared, since its signature or its row was lost."""
        changes = self._changes
        lost = {*found.unsigned(), *(self.target.states.keys() - found.rows.keys())}
        lost -= {candidate.item.uri for candidate in changes.candidates}
        read = [candidate for uri in sorted(lost) if (candidate := changes.candidate(uri)) is not None]
        changes.candidates = [*changes.candidates, *read]

    def _look(self, work: Work, pending: Pending) -> list[str]:
        """Read, sign and compare, before anything is written; returns what people decided to keep out."""
        changes = self._changes
        rejected: list[str] = []
        making = replace(self._context.making, kept_out=changes.kept_out, sign=work.found.sign)
        for batch in ahead(prepare(changes.candidates, making)) if changes.candidates else ():
            self._note(batch, pending)
            rejected += rejected_in(batch)
            work.see(item for item in batch if isinstance(item, Prepared))
            self.tally.unchanged -= sum(
                isinstance(item, Touched) and item.candidate.item.uri not in self._chunks for item in batch
            )
            self.progress("reading", len(changes.candidates))
        return rejected

    def _write(self, work: Work, pending: Pending, *, deleted: Sequence[str] = ()) -> None:
        """Write winners until none is left, then publish with them what yields and goes."""
        published = time.monotonic()
        work.found.decide(removed=work.gone(deleted))
        making = replace(self._context.making, kept_out=self._changes.kept_out, sign=work.found.sign)
        while uris := work.winners():
            for batch in work.batches(uris, making):
                self._write_batch(work, batch, pending)
                overdue = time.monotonic() - published >= self._context.publish_seconds
                if overdue or pending.chunks >= self._context.publish_chunks:
                    self._publish_part(work, pending)
                    pending, published = Pending(), time.monotonic()
            work.found.decide()
        self._finish(work, pending, deleted)

    def _write_batch(self, work: Work, batch: Sequence[Outcome], pending: Pending) -> None:
        documents = work.accept(batch)
        outcome = self._embed(documents, pending, work.origin)
        embedded = {item.document.candidate.item.uri for item in outcome.embedded}
        work.wrote(embedded)
        self._fail([item for item in batch if isinstance(item, Failed)], pending)
        unread = {item.candidate.item.uri for item in batch if not isinstance(item, Prepared)}
        work.give_up(unread | {made.candidate.item.uri for made in documents} - embedded)
        self.progress("embedding", len(self._changes.candidates))

    def _publish_part(self, work: Work, pending: Pending) -> None:
        """Publish what is written so far; should the run die, the next one compares it anew."""
        rows = [work.found.wanted[uri] for uri in _embedded(pending)]
        pending.compared = [
            row._replace(labels="", winner=None, similarity=None, fate="served") for row in rows
        ]
        self._publish_compared(work.found, pending)
        fire(_PART)

    def _finish(self, work: Work, pending: Pending, deleted: Sequence[str]) -> None:
        """Publish the rest, with every document that leaves the index."""
        found = work.found
        rows = {uri: work.row(uri) for uri in sorted(found.affected)}
        pending.compared = [
            row for uri, row in rows.items() if row is not None and row != found.rows.get(uri)
        ]
        pending.uncompared = [uri for uri, row in rows.items() if row is None and uri in found.rows]
        losers = [row for row in pending.compared if row.fate != "served"]
        self._drop(pending, {row.uri for row in losers})
        read = {row.uri: work.read[row.uri] for row in losers if row.uri in work.read}
        pending.touched += [
            Touched(candidate=item.candidate, revision=item.revision) for item in read.values()
        ]
        pending.judged += [
            Judged(uri, item.revision, item.candidate.item.stamp, item.judgement)
            for uri, item in read.items()
            if item.judgement is not None
        ]
        moved = {new: old for new, old in work.moved_from.items() if new not in work.done}
        pending.moved |= moved
        self.moved |= moved
        pending.removed += [*moved.values(), *deleted]
        pending.failed += [self._yields(row) for row in losers]
        self._count(work)
        self._publish_compared(found, pending)
        self._rows = found.rows

    def _drop(self, pending: Pending, losers: set[str]) -> None:
        """Take losers out of what is to be published, and out of the index."""
        held = [item for item in pending.embedded if item.document.candidate.item.uri in losers]
        self.tally.chunks_added -= sum(len(item.document.chunk_ids) for item in held)
        pending.embedded = (
            [item for item in pending.embedded if item not in held] if held else pending.embedded
        )
        pending.withdrawn = sorted(losers & self._chunks.keys())
        self.tally.chunks_deleted += sum(self._chunks[uri] for uri in pending.withdrawn)

    def _publish_compared(self, found: Duplicates, pending: Pending) -> None:
        self._publish(pending)
        found.published(pending.compared, [*pending.removed, *pending.uncompared])

    def _publish(self, pending: Pending) -> None:
        self.publisher.publish(pending, counts=self._chunks)
        for uri in (*pending.removed, *pending.withdrawn):
            self._chunks.pop(uri, None)
        self._chunks |= {
            item.document.candidate.item.uri: len(item.document.chunk_ids) for item in pending.embedded
        }

    def _yields(self, row: Row) -> FailureRecord:
        listed = self._changes.listed.get(row.uri)
        stamp = failure_stamp(self._context.recipe.digest, "" if listed is None else listed[0].stamp)
        return FailureRecord(
            document=row.uri,
            stage=DUPLICATE,
            error=self._comparison.reason(row),
            stamp=stamp,
            yields_to=row.winner,
        )

    def _count(self, work: Work) -> None:
        """Count the documents that were read by whether they yield."""
        judged = [row for uri in work.read if (row := work.found.row(uri)) is not None]
        failed = sum(row.winner is not None for row in judged)
        before = self.gates.get(GATE, GateCount())
        self.gates[GATE] = GateCount(
            passed=before.passed + len(judged) - failed, failed=before.failed + failed
        )


def _embedded(pending: Pending) -> list[str]:
    return [item.document.candidate.item.uri for item in pending.embedded]
