"""Fill metadata fields that were declared late: read the metadata again, embed nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from headrace.errors import NotFoundError
from headrace.ingest.index.lacking import lacking, lacking_documents
from headrace.ingest.sync.ahead import ahead
from headrace.ingest.sync.changes import Candidate
from headrace.ingest.sync.choosing import chosen
from headrace.ingest.sync.context import SyncContext
from headrace.ingest.sync.declared import adopt
from headrace.ingest.sync.prepare import Failed, Making, Outcome, Prepared, prepare
from headrace.ingest.sync.publish import FailureRecord
from headrace.ingest.sync.refill import Refill
from headrace.ingest.sync.survey import list_sources
from headrace.ingest.sync.written import context_of
from headrace.ledger import generations, leases, metadata, runs
from headrace.records.metadata import BackfillReport
from headrace.records.sync import Failure, SyncProgress
from headrace.records.wire import to_plain

if TYPE_CHECKING:
    from headrace.ledger.leases import Lease
    from headrace.ledger.ledger import Write
    from headrace.records.document import SourceItem

KIND = "backfill-metadata"


def backfill_metadata(context: SyncContext, field: str | None = None) -> BackfillReport:
    """Bring the metadata of documents under the declared schema, in every generation that is written.

    With a field only documents that lack it are read. Each batch is published by itself, so a run that was
    killed goes on where it was. Raises NotFoundError for a field that was never declared, Withheld as a sync
    does, LeaseHeld, LeaseLost.
    """
    name = f"corpus/{context.corpus}"
    with leases.held(context.ledger, name, wait_seconds=context.wait_seconds) as lease:
        run_id = context.ledger.write(lambda tx: _start(tx, context))
        try:
            report = _LateFields(chosen(adopt(context, lease)), lease, run_id, field).run()
        except BaseException as error:
            failed = {"error": f"{type(error).__name__}: {error}"}
            context.ledger.write(lambda tx: runs.finish(tx, run_id, "failed", report=failed))
            raise
        context.ledger.write(lambda tx: runs.finish(tx, run_id, "done", report=to_plain(report)))
        return report


@dataclass(slots=True, kw_only=True)
class _Pending:
    """What is to be read again, and what cannot be."""

    candidates: list[Candidate] = field(default_factory=list)
    gone: int = 0
    """Documents that their source no longer lists."""
    failed: list[Failure] = field(default_factory=list)


class _LateFields:
    """One run, under the lease."""

    def __init__(self, context: SyncContext, lease: Lease, run_id: str, field: str | None) -> None:
        self._context = context
        self._lease = lease
        self._field = field
        self._run_id = run_id
        self._started = time.monotonic()
        self._schema = metadata.schema_digest(context.metadata)
        if field is not None and context.metadata.get(field) is None:
            known = [item.name for item in context.metadata.fields]
            hint = f"Declare it as [corpus.{context.corpus}.metadata.{field}] first."
            if field not in context.metadata.dropped:
                raise NotFoundError("metadata field", field, known=known, hint=hint)
        with context.ledger.read() as conn:
            found = generations.list(conn, context.corpus)
            self._serving = context.serving.generation(conn, context.corpus)
        now_us = time.time_ns() // 1000
        self._refills = [
            Refill(context, item, lease, run_id)
            for item in found
            if generations.is_written(item, now_us=now_us)
        ]

    def run(self) -> BackfillReport:
        pending = self._pending()
        failures = pending.failed
        skipped, done = pending.gone, 0
        for making, refills in self._makings() if pending.candidates else ():
            done = 0
            for batch in ahead(prepare(pending.candidates, making)):
                done += len(batch)
                skipped += self._fill(batch, refills)
                failures += [
                    Failure(document=item.candidate.item.uri, stage=item.stage, error=item.error)
                    for item in batch
                    if isinstance(item, Failed)
                ]
                self._progress(done, len(pending.candidates))
        for refill in self._refills:
            refill.settle()
        return self._report(skipped, failures)

    def _makings(self) -> Iterator[tuple[Making, list[Refill]]]:
        """What makes the metadata of which generations: other LLM steps write other ones."""
        context = self._context
        own = [item for item in self._refills if _steps(item.generation.settings) == _steps(context.settings)]
        others = [item for item in self._refills if item not in own]
        parts = [(context, own), *((context_of(context, item.generation), [item]) for item in others)]
        for made, refills in parts:
            if refills:
                yield replace(made.making, chunk_many=lambda documents: [[] for _ in documents]), refills

    def _pending(self) -> _Pending:
        """Documents to read again, by URI."""
        wanted: set[str] = set()
        with self._context.ledger.read() as conn:
            for refill in self._refills:
                for document, fields in lacking_documents(conn, refill.generation.id, self._context.metadata):
                    if self._wants(document, fields):
                        wanted.add(document.uri)
        pending = _Pending()
        listings = list_sources(self._context, lease=self._lease).listings if wanted else ()
        items: dict[str, tuple[str, SourceItem]] = {}
        for listing in listings:
            for item in listing.items:
                items.setdefault(item.uri, (listing.source, item))
        unseen = {listing.source: listing.reason for listing in listings if not listing.complete}
        for uri in sorted(wanted):
            if uri in items:
                source, item = items[uri]
                pending.candidates.append(Candidate(item=item, source=source, acl_id=0, state=None))
            elif unseen:
                reason = "; ".join(unseen.values())
                pending.failed.append(Failure(document=uri, stage="list", error=f"not listed: {reason}"))
            else:
                pending.gone += 1
        return pending

    def _wants(self, document: metadata.DocumentMetadata, fields: Sequence[str]) -> bool:
        if self._field is None:
            return True
        dropped = self._field in self._context.metadata.dropped and self._field in document.metadata
        return dropped or self._field in fields

    def _fill(self, batch: Sequence[Outcome], refills: Sequence[Refill]) -> int:
        """Publish a batch in each generation; returns how many documents changed since they were indexed."""
        read = [item for item in batch if isinstance(item, Prepared)]
        failed = [
            FailureRecord.of(item, self._context.recipe.digest) for item in batch if isinstance(item, Failed)
        ]
        changed: set[str] = set()
        for refill in refills:
            changed |= refill.fill(read, failed)
        return len(changed)

    def _report(self, skipped: int, failures: Sequence[Failure]) -> BackfillReport:
        context = self._context
        missing: Mapping[str, int] = {}
        if self._serving is not None:
            with context.ledger.read() as conn:
                missing = lacking(conn, self._serving, context.metadata)
        return BackfillReport(
            corpus=context.corpus,
            run_id=self._run_id,
            field=self._field,
            generations=tuple(refill.generation.id for refill in self._refills),
            documents=len({uri for refill in self._refills for uri in refill.filled}),
            rewritten=len({uri for refill in self._refills for uri in refill.rewritten}),
            chunks=sum(refill.chunks for refill in self._refills),
            skipped=skipped,
            missing=missing,
            commits=sum(refill.commits for refill in self._refills),
            seconds=round(time.monotonic() - self._started, 3),
            failures=tuple(failures),
        )

    def _progress(self, done: int, total: int) -> None:
        if self._context.progress is not None:
            self._context.progress(
                SyncProgress(
                    corpus=self._context.corpus,
                    phase="reading",
                    documents_done=done,
                    documents_total=total,
                    chunks_done=sum(refill.chunks for refill in self._refills),
                    embeddings_done=0,
                )
            )


def _steps(settings: Mapping[str, Any]) -> Any:
    return settings.get("steps", [])


def _start(tx: Write, context: SyncContext) -> str:
    # Under the lease nobody else can be at it: what still counts as running was killed.
    runs.crash_orphans(tx, context.corpus, kind=KIND)
    return runs.start(tx, KIND, context.corpus, actor=context.actor)
