"""One generation's part of a run: read, chunk, embed and publish what changed, then settle it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Literal

from headrace.ingest.quality.among import among
from headrace.ingest.sync import stepped
from headrace.ingest.sync.ahead import ahead
from headrace.ingest.sync.changes import Changes
from headrace.ingest.sync.context import SyncContext
from headrace.ingest.sync.digest import generation_digest
from headrace.ingest.sync.embed import EmbedOutcome, embed, missing_texts
from headrace.ingest.sync.prepare import Failed, Forgotten, Outcome, Prepared, Touched, prepare
from headrace.ingest.sync.publish import FailureRecord, Pending, Publisher
from headrace.ingest.sync.tally import Tally
from headrace.ingest.sync.target import Target
from headrace.ledger import generations, qualities, snapshots
from headrace.ledger.documents import load_brief
from headrace.ledger.leases import Lease
from headrace.ledger.qualities import Among
from headrace.ledger.verdicts import Judged
from headrace.records.gates import GateCount
from headrace.records.sync import Failure, SyncProgress

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
        self.gates: dict[str, GateCount] = {}
        """What a comparison of the documents with each other came to."""
        self.written: set[str] = set()
        """URIs whose content this pass replaced."""
        self.publisher = Publisher(
            ledger=context.ledger,
            lease=lease,
            corpus=context.corpus,
            generation=target.generation.id,
            run_id=run_id,
            table=target.table,
            gates=[gate.fingerprint() for gate in context.gating.gates] if context.gating else [],
            documents=len(target.states),
            chunks=sum(state.chunk_count for state in target.states.values()),
            stepped=bool(context.asking),
            leads=leads,
        )

    @property
    def yielding(self) -> list[Failure]:
        """Documents that a comparison with others keeps out."""
        return []

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

    def settle(self, *, sources: Mapping[str, int] | None = None, relabelled: bool = False) -> str:
        """Bring the indices up to date and name what the generation holds; returns its digest.

        `sources` is what was listed, where every listing was complete. `relabelled`: access labels changed.
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
            self.publisher.publish_version(version, digest=digest, among=self._among())
        elif relabelled:
            self.publisher.set_among(self._among())
        # Only now: what the former snapshot needs must last until the new one is published.
        target.table.clean(context.upkeep)
        if sources is not None and dict(target.generation.sources) != dict(sources):
            context.ledger.write(lambda tx: generations.set_sources(tx, target.generation.id, sources))
        return digest

    def _among(self) -> list[Among]:
        """The documents that stand otherwise among the others than the ledger says."""
        with self._context.ledger.read() as conn:
            rows = qualities.neighbours(conn, self.target.generation.id)
        now = among(rows)
        known = {row.uri: (row.copied, row.in_links) for row in rows}
        return [row for row in now.values() if (row.copied, row.in_links) != known[row.uri]]

    @property
    def waiting_reason(self) -> str:
        """Why documents, or what steps write of them, wait; empty where nothing does."""
        asking = self._context.asking
        waits = (self.tally.waiting_reason, stepped.withheld(asking), *stepped.outages(asking))
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
        self._note(batch, pending)
        rejected = rejected_in(batch)
        pending.removed += rejected
        self.tally.delete(rejected)
        prepared = [item for item in batch if isinstance(item, Prepared)]
        self._embed(prepared, pending, lambda document: changes.claim(document.revision))

    def _note(self, batch: Sequence[Outcome], pending: Pending) -> None:
        """Count what was read, and what failed or was the same."""
        touched = [item for item in batch if isinstance(item, Touched)]
        pending.touched += touched
        self._fail([item for item in batch if isinstance(item, Failed)], pending)
        self.tally.unchanged += len(touched)
        self.tally.suppressed += sum(isinstance(item, Forgotten) for item in batch)
        self.tally.read += len(batch)

    def _fail(self, failed: Sequence[Failed], pending: Pending) -> None:
        pending.failed += [FailureRecord.of(item, self._context.recipe.digest) for item in failed]
        pending.judged += [item.judged for item in failed if item.judged is not None]
        pending.asked |= {item.candidate.item.uri: item.steps for item in failed if item.steps}
        self.tally.fail(failed)

    def _embed(
        self,
        documents: Sequence[Prepared],
        pending: Pending,
        claim: Callable[[Prepared], str | None],
    ) -> EmbedOutcome:
        """Embed documents for the next publish; `claim` gives the URI that a new one moved from."""
        context, tally = self._context, self.tally
        cost = self._cost(documents)
        outcome = embed(documents, embedder=context.embedder, store=context.embeddings, run_id=self._run_id)
        for item in outcome.embedded:
            uri = item.document.candidate.item.uri
            old = tally.take(item.document, claim)
            if old is not None:
                pending.moved[uri] = old
                pending.removed.append(old)
            self.written.add(uri)
        self.moved.update(pending.moved)
        pending.embedded += outcome.embedded
        pending.judged += judged(item.document for item in outcome.embedded)
        pending.work(computed=outcome.computed, reused=outcome.reused, cost_micros=cost)
        self._fail(outcome.failed, pending)
        tally.wait(outcome)
        tally.computed += outcome.computed
        tally.reused += outcome.reused
        return outcome

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


def rejected_in(batch: Sequence[Outcome]) -> list[str]:
    """Documents of a batch that people decided to keep out: what the index holds of them goes."""
    return [item.candidate.item.uri for item in batch if isinstance(item, Failed) and item.candidate.rejected]


def judged(documents: Iterable[Prepared]) -> Iterator[Judged]:
    """What gates said of documents that they let in."""
    for document in documents:
        if document.judgement is not None:
            item = document.candidate.item
            yield Judged(item.uri, document.revision, item.stamp, document.judgement)
