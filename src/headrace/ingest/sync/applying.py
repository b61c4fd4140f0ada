"""One generation's part of a run: read, chunk, embed and publish what changed, then settle it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

from headrace.ingest.sync import stepped
from headrace.ingest.sync.ahead import ahead
from headrace.ingest.sync.changes import Changes
from headrace.ingest.sync.context import SyncContext
from headrace.ingest.sync.digest import generation_digest
from headrace.ingest.sync.embed import embed, missing_texts
from headrace.ingest.sync.prepare import Failed, Forgotten, Outcome, Prepared, Touched, prepare
from headrace.ingest.sync.publish import FailureRecord, Pending, Publisher
from headrace.ingest.sync.tally import Tally
from headrace.ingest.sync.target import Target
from headrace.ledger import generations, snapshots
from headrace.ledger.documents import load_brief
from headrace.ledger.leases import Lease
from headrace.records.sync import SyncProgress

Phase = Literal["listing", "reading", "embedding", "publishing"]


class Pass:
    """What a run does to one generation, under the lease of its corpus."""

    def __init__(
        self, context: SyncContext, target: Target, *, lease: Lease, run_id: str, leads: bool = True
    ) -> None:
        """`leads`: its failures and moves are those of the corpus, and its progress is shown."""
        self._context = context
        self._run_id = run_id
        self._leads = leads
        self.target = target
        self.tally = Tally(counts={uri: state.chunk_count for uri, state in target.states.items()})
        self.moved: dict[str, str] = {}
        """New URI to old URI."""
        self.gone: list[str] = []
        """URIs it holds that no source lists."""
        self.written: set[str] = set()
        """URIs whose content this pass replaced."""
        self.publisher = Publisher(
            ledger=context.ledger,
            lease=lease,
            corpus=context.corpus,
            generation=target.generation.id,
            run_id=run_id,
            table=target.table,
            documents=len(target.states),
            chunks=sum(state.chunk_count for state in target.states.values()),
            stepped=context.stepping is not None,
            leads=leads,
        )

    def apply(self, changes: Changes, *, listing_failures: Sequence[FailureRecord] = ()) -> None:
        """Bring in what has to be read, batch by batch; deletions wait for a verdict."""
        context = self._context
        making = replace(context.making, kept_out=changes.kept_out)
        batches = prepare(changes.candidates, making)
        self.tally.suppressed = changes.suppressed
        pending = Pending(healed=changes.healed, failed=list(listing_failures))
        published = time.monotonic()
        total = len(changes.candidates)
        for batch in ahead(batches) if total else ():
            self._take(batch, pending, changes)
            self.progress("embedding", total)
            overdue = time.monotonic() - published >= context.publish_seconds
            if overdue or pending.chunks >= context.publish_chunks:
                self._publish(pending)
                self.progress("publishing", total)
                pending, published = Pending(), time.monotonic()
        self._publish(pending)
        self.progress("publishing", total)

    def delete(self, uris: Sequence[str]) -> None:
        """Take documents out."""
        self._publish(Pending(removed=list(uris)))
        self.tally.delete(uris)

    def settle(self, *, sources: Mapping[str, int] | None = None) -> str:
        """Bring the indices up to date and name what the generation holds; returns its digest.

        `sources` is what was listed, where every listing was complete.
        """
        context, target = self._context, self.target
        self.publisher.commits += target.table.maintain(context.upkeep)
        context.embeddings.maintain()
        with context.ledger.read() as conn:
            states = load_brief(conn, target.generation.id)
            snapshot = snapshots.current(conn, target.generation.id)
        digest = generation_digest(context.recipe.digest, ((state.uri, state.digest) for state in states))
        version = int(target.table.table.head().version)
        if snapshot is None or snapshot.version != version or snapshot.digest != digest:
            self.publisher.publish_version(version, digest=digest)
        # Only now: what the former snapshot needs must last until the new one is published.
        target.table.clean(context.upkeep)
        if sources is not None and dict(target.generation.sources) != dict(sources):
            context.ledger.write(lambda tx: generations.set_sources(tx, target.generation.id, sources))
        return digest

    @property
    def waiting_reason(self) -> str:
        """Why documents, or what steps write of them, wait; empty where nothing does."""
        stepping = self._context.stepping
        waits = (self.tally.waiting_reason, stepped.withheld(stepping), *stepped.outages(stepping))
        return next(filter(None, waits), "")

    def progress(self, phase: Phase, total: int) -> None:
        """Tell whoever watches how far this is."""
        if self._context.progress is None or not self._leads:
            return
        self._context.progress(
            SyncProgress(
                corpus=self._context.corpus,
                phase=phase,
                documents_done=self.tally.read,
                documents_total=total,
                chunks_done=self.tally.chunks_added,
                embeddings_done=self.tally.computed,
            )
        )

    def _take(self, batch: Sequence[Outcome], pending: Pending, changes: Changes) -> None:
        context, tally = self._context, self.tally
        prepared = [item for item in batch if isinstance(item, Prepared)]
        cost = self._cost(prepared)
        outcome = embed(prepared, embedder=context.embedder, store=context.embeddings, run_id=self._run_id)
        failed = [item for item in batch if isinstance(item, Failed)] + outcome.failed
        touched = [item for item in batch if isinstance(item, Touched)]
        for item in outcome.embedded:
            uri = item.document.candidate.item.uri
            old = tally.take(item.document, changes)
            if old is not None:
                pending.moved[uri] = old
                pending.removed.append(old)
            self.written.add(uri)
        self.moved.update(pending.moved)
        pending.touched += touched
        pending.embedded += outcome.embedded
        pending.failed += [FailureRecord.of(item, context.recipe.digest) for item in failed]
        pending.work(computed=outcome.computed, reused=outcome.reused, cost_micros=cost)
        tally.fail(failed)
        tally.wait(outcome)
        tally.unchanged += len(touched)
        tally.computed += outcome.computed
        tally.reused += outcome.reused
        tally.suppressed += sum(isinstance(item, Forgotten) for item in batch)
        tally.read += len(batch)

    def _cost(self, documents: Sequence[Prepared]) -> int | None:
        """Millionths of money for what has to be embedded; None where no price is known."""
        context = self._context
        price = context.embedder.price_per_million_tokens
        if not price:
            return None if price is None else 0
        missing = missing_texts(documents, context.embeddings)
        return round(price * context.embedder.count_tokens(list(missing.values())))

    def _publish(self, pending: Pending) -> None:
        self.publisher.publish(pending, counts=self.tally.counts)
