"""`sync`: bring one corpus in step with its sources."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from typing import Literal

from headrace.ingest.sync import target as targets
from headrace.ingest.sync.ahead import ahead
from headrace.ingest.sync.changes import Changes
from headrace.ingest.sync.context import SyncContext
from headrace.ingest.sync.declared import adopt
from headrace.ingest.sync.digest import generation_digest
from headrace.ingest.sync.embed import embed
from headrace.ingest.sync.guard import Verdict, judge
from headrace.ingest.sync.labels import Labelled, Labels, relabel
from headrace.ingest.sync.prepare import Failed, Outcome, Prepared, Touched, prepare
from headrace.ingest.sync.publish import FailureRecord, Pending, Publisher
from headrace.ingest.sync.survey import Survey, survey
from headrace.ingest.sync.tally import Tally
from headrace.ingest.sync.target import Target
from headrace.ledger import leases, runs, snapshots
from headrace.ledger.documents import load_brief
from headrace.ledger.leases import Lease
from headrace.ledger.ledger import Write
from headrace.records.sync import SyncProgress, SyncReport
from headrace.records.wire import to_plain

Phase = Literal["listing", "reading", "embedding", "publishing"]


def sync(context: SyncContext, *, confirm_deletes: bool = False, verify: bool = False) -> SyncReport:
    """Read what changed, embed what is new, publish it batch by batch, and report.

    One writer per corpus at a time: another sync of it is waited for. Raises LeaseHeld when that takes too
    long, LeaseLost when this one was taken for dead. A document that fails is in the report and in
    `status`; what it served before goes on serving.
    """
    name = f"corpus/{context.corpus}"
    with leases.held(context.ledger, name, wait_seconds=context.wait_seconds) as lease:
        run_id = context.ledger.write(lambda tx: _start(tx, context))
        try:
            context = adopt(context, lease)
            report = _Sync(context, lease, run_id).run(confirm_deletes=confirm_deletes, verify=verify)
        except BaseException as error:
            failed = {"error": f"{type(error).__name__}: {error}"}
            context.ledger.write(lambda tx: runs.finish(tx, run_id, "failed", report=failed))
            raise
        state: Literal["done", "withheld"] = "withheld" if report.withheld_reason else "done"
        context.ledger.write(lambda tx: runs.finish(tx, run_id, state, report=to_plain(report)))
        return report


class _Sync:
    """One run, under the lease."""

    def __init__(self, context: SyncContext, lease: Lease, run_id: str) -> None:
        self._context = context
        self._run_id = run_id
        self._lease = lease
        self._relabelled = 0
        self._started = time.monotonic()
        self._target = targets.open_target(context, lease, run_id)
        self._tally = Tally(counts={uri: state.chunk_count for uri, state in self._target.states.items()})
        self._publisher = _publisher(context, self._target, lease, run_id)

    def run(self, *, confirm_deletes: bool, verify: bool) -> SyncReport:
        target, tally = self._target, self._tally
        self._progress("listing", 0)
        seen = survey(
            self._context,
            states=target.states,
            serving=target.serving_sources,
            verify=verify,
            relabel=self._relabel,
        )
        self._relabelled = seen.relabelled
        changes = seen.changes
        tally.unchanged = changes.unchanged
        tally.failures = list(changes.failed)
        self._stream(changes, seen)
        baseline = Counter(target.serving_sources.values())
        verdict = judge(seen.listings, changes.missing, baseline=baseline, confirmed=confirm_deletes)
        self._publish(Pending(removed=list(verdict.delete)))
        tally.delete(verdict.delete)
        digest = self._settle()
        return self._report(verdict, digest, self._cut_over(verdict))

    def _relabel(self, labels: Labels) -> Labelled:
        """Access labels change first: a revocation does not wait for what has to be read."""
        context, target = self._context, self._target
        states = {target.generation.id: list(target.states.values())}
        if target.serving is not None and not target.is_serving:
            with context.ledger.read() as conn:
                states[target.serving] = load_brief(conn, target.serving)
        return relabel(context.ledger, self._lease, labels, states)

    def _stream(self, changes: Changes, seen: Survey) -> None:
        context = self._context
        batches = prepare(changes.candidates, context.making)
        pending = Pending(healed=changes.healed, failed=_listing_failures(seen))
        published = time.monotonic()
        total = len(changes.candidates)
        for batch in ahead(batches) if total else ():
            self._take(batch, pending, changes)
            self._progress("embedding", total)
            overdue = time.monotonic() - published >= context.publish_seconds
            if overdue or pending.chunks >= context.publish_chunks:
                self._publish(pending)
                self._progress("publishing", total)
                pending, published = Pending(), time.monotonic()
        self._publish(pending)
        self._progress("publishing", total)

    def _take(self, batch: Sequence[Outcome], pending: Pending, changes: Changes) -> None:
        context, tally = self._context, self._tally
        outcome = embed(
            [item for item in batch if isinstance(item, Prepared)],
            embedder=context.embedder,
            store=context.embeddings,
            run_id=self._run_id,
        )
        failed = [item for item in batch if isinstance(item, Failed)] + outcome.failed
        touched = [item for item in batch if isinstance(item, Touched)]
        for item in outcome.embedded:
            old = tally.take(item.document, changes)
            if old is not None:
                pending.moved[item.document.candidate.item.uri] = old
                pending.removed.append(old)
        pending.touched += touched
        pending.embedded += outcome.embedded
        pending.failed += [FailureRecord.of(item, context.recipe.digest) for item in failed]
        tally.fail(failed)
        tally.unchanged += len(touched)
        tally.computed += outcome.computed
        tally.reused += outcome.reused
        tally.read += len(batch)

    def _publish(self, pending: Pending) -> None:
        self._publisher.publish(pending, counts=self._tally.counts)

    def _settle(self) -> str:
        """Bring the indices up to date and name what the generation holds; returns its digest."""
        context, target = self._context, self._target
        self._publisher.commits += target.table.maintain(context.upkeep)
        context.embeddings.maintain()
        with context.ledger.read() as conn:
            states = load_brief(conn, target.generation.id)
            snapshot = snapshots.current(conn, target.generation.id)
        digest = generation_digest(context.recipe.digest, ((state.uri, state.digest) for state in states))
        version = int(target.table.table.head().version)
        if snapshot is None or snapshot.version != version or snapshot.digest != digest:
            self._publisher.publish_version(version, digest=digest)
        return digest

    def _cut_over(self, verdict: Verdict) -> str:
        """Let a new generation serve once it holds all that serves now; returns why it may not."""
        target = self._target
        if target.is_serving:
            return ""
        with self._context.ledger.read() as conn:
            have = {state.uri for state in load_brief(conn, target.generation.id)}
        lost = sorted(set(target.serving_sources) - have - set(verdict.delete))
        if lost:
            return (
                f"the new generation lacks {len(lost)} documents that serve now (first: {lost[0]!r}); "
                "the former generation goes on serving"
            )
        targets.cut_over(self._context, target)
        return ""

    def _progress(self, phase: Phase, total: int) -> None:
        if self._context.progress is None:
            return
        self._context.progress(
            SyncProgress(
                corpus=self._context.corpus,
                phase=phase,
                documents_done=self._tally.read,
                documents_total=total,
                chunks_done=self._tally.chunks_added,
                embeddings_done=self._tally.computed,
            )
        )

    def _report(self, verdict: Verdict, digest: str, kept: str) -> SyncReport:
        return SyncReport(
            corpus=self._context.corpus,
            run_id=self._run_id,
            generation=self._target.generation.id,
            digest=digest,
            documents=self._tally.documents(verdict),
            chunks=self._tally.chunks(),
            embeddings=self._tally.embeddings(),
            commits=self._publisher.commits,
            seconds=round(time.monotonic() - self._started, 3),
            failures=tuple(self._tally.failures),
            withheld_reason="; ".join(reason for reason in (verdict.reason, kept) if reason),
            relabelled=self._relabelled,
        )


def _start(tx: Write, context: SyncContext) -> str:
    # Under the lease nobody else can be syncing: what still counts as running was killed.
    runs.crash_orphans(tx, context.corpus, kind="sync")
    return runs.start(tx, "sync", context.corpus, actor=context.actor)


def _publisher(context: SyncContext, target: Target, lease: Lease, run_id: str) -> Publisher:
    return Publisher(
        ledger=context.ledger,
        lease=lease,
        corpus=context.corpus,
        generation=target.generation.id,
        run_id=run_id,
        table=target.table,
        documents=len(target.states),
        chunks=sum(state.chunk_count for state in target.states.values()),
    )


def _listing_failures(seen: Survey) -> list[FailureRecord]:
    return [
        FailureRecord(document=failure.document, stage="list", error=failure.error, stamp="")
        for listing in seen.listings
        for failure in listing.failures
    ]
