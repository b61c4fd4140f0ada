"""`sync`: bring one corpus in step with its sources."""

from __future__ import annotations

import time
from collections import Counter
from typing import Literal

from headrace.ingest.sync import stepped
from headrace.ingest.sync import target as targets
from headrace.ingest.sync.ages import ages_of
from headrace.ingest.sync.applying import Pass
from headrace.ingest.sync.beside import Beside
from headrace.ingest.sync.choosing import chosen
from headrace.ingest.sync.closing import close
from headrace.ingest.sync.columns import notice
from headrace.ingest.sync.comparing import open_pass
from headrace.ingest.sync.context import SyncContext
from headrace.ingest.sync.declared import adopt
from headrace.ingest.sync.guard import Verdict, judge
from headrace.ingest.sync.publish import FailureRecord
from headrace.ingest.sync.spend import spent
from headrace.ingest.sync.survey import Listed, compare_with, list_sources
from headrace.ledger import leases, runs
from headrace.ledger.documents import load_brief
from headrace.ledger.failures import REJECTED
from headrace.ledger.leases import Lease
from headrace.ledger.ledger import Write
from headrace.records.sync import Failure, SyncReport
from headrace.records.wire import to_plain


def sync(context: SyncContext, *, confirm_deletes: bool = False, verify: bool = False) -> SyncReport:
    """Read what changed, embed what is new, publish it batch by batch, and report.

    One writer per corpus at a time: another sync of it is waited for. Raises LeaseHeld when that takes too
    long, LeaseLost when this one was taken for dead. A document that fails is in the report and in
    `status`; what it served before goes on serving.
    """
    name = f"corpus/{context.corpus}"
    if context.keep_out is not None:
        context.keep_out.recover()
    with leases.held(context.ledger, name, wait_seconds=context.wait_seconds) as lease:
        run_id = context.ledger.write(lambda tx: _start(tx, context))
        try:
            context = adopt(context, lease)
            started = _Sync(context, lease, run_id)
            report = started.run(confirm_deletes=confirm_deletes, verify=verify)
        except BaseException as error:
            failed = {"error": f"{type(error).__name__}: {error}"}
            context.ledger.write(lambda tx: runs.finish(tx, run_id, "failed", report=failed))
            raise
        state: Literal["done", "withheld"] = "withheld" if report.withheld_reason else "done"
        context.ledger.write(lambda tx: started.finish(tx, state, report))
        return report


class _Sync:
    """One run, under the lease."""

    def __init__(self, context: SyncContext, lease: Lease, run_id: str) -> None:
        self._configured = context
        self._context = chosen(context)
        self._lease = lease
        self._run_id = run_id
        self._started = time.monotonic()

    def run(self, *, confirm_deletes: bool, verify: bool) -> SyncReport:
        target = targets.open_target(self._context, self._lease, self._run_id)
        lead = open_pass(self._context, target, lease=self._lease, run_id=self._run_id)
        lead.progress("listing", 0)
        # Access labels change here: a revocation does not wait for what has to be read.
        listed = self._listed = list_sources(self._context, lease=self._lease)
        ages = ages_of(self._context, listed)
        lead.publisher.ages = ages if target.is_serving else None
        beside = Beside(
            self._context, listed, lease=self._lease, run_id=self._run_id, verify=verify, ages=ages
        )
        beside.open(target.generation.id)
        # The generation that serves comes first: nothing that happens to another one may delay it.
        beside.write_serving()
        changes = compare_with(
            self._context,
            listed,
            states=target.states,
            serving=target.serving_sources,
            verify=verify,
            aliases=target.aliases,
            generation=target.generation.id,
        )
        for old in beside.moved_away:
            changes.missing.pop(old, None)
        lead.tally.unchanged = changes.unchanged
        lead.tally.failures = list(changes.failed)
        lead.apply(changes, listing_failures=_listing_failures(listed))
        baseline = Counter(target.serving_sources.values())
        verdict = judge(listed.listings, changes.missing, baseline=baseline, confirmed=confirm_deletes)
        self._absent = {uri: changes.missing[uri] for uri in verdict.withheld}
        lead.delete(verdict.delete)
        beside.delete_from_serving(verdict)
        digest = lead.settle(sources=listed.counts, relabelled=bool(listed.relabelled))
        kept = self._cut_over(lead, verdict)
        self._columns = notice(self._context, listed)
        beside.write_others(verdict, lead)
        return self._report(lead, verdict, digest, kept, beside, listed)

    def finish(self, tx: Write, state: Literal["done", "withheld"], report: SyncReport) -> None:
        """End the run with its report and how the sources stand."""
        listed = self._listed
        close(
            tx, self._context.corpus, seen=listed.listings, listed_at_us=listed.began_us, absent=self._absent
        )
        self._columns.record(tx, self._context.corpus)
        runs.finish(tx, self._run_id, state, report=to_plain(report))

    def _cut_over(self, lead: Pass, verdict: Verdict) -> str:
        """Let a new generation serve once it holds all that serves now; returns why it may not."""
        target = lead.target
        if target.is_serving:
            return ""
        with self._context.ledger.read() as conn:
            have = {state.uri for state in load_brief(conn, target.generation.id)}
            serving = {state.uri for state in load_brief(conn, target.serving)} if target.serving else set()
        withdrawn = {failure.document for failure in _kept_out(lead)}
        lost = sorted(serving - have - set(verdict.delete) - withdrawn)
        if lost:
            return (
                f"the new generation lacks {len(lost)} documents that serve now (first: {lost[0]!r}); "
                "the former generation goes on serving"
            )
        by_hand = self._context is not self._configured
        targets.cut_over(
            self._context, target, self._lease, chosen_over=self._configured.settings if by_hand else None
        )
        return ""

    def _report(
        self, lead: Pass, verdict: Verdict, digest: str, kept: str, beside: Beside, listed: Listed
    ) -> SyncReport:
        tally = lead.tally
        kept_out = tuple(failure for failure in _kept_out(lead) if failure.stage != REJECTED)
        asking = self._context.asking
        return SyncReport(
            corpus=self._context.corpus,
            run_id=self._run_id,
            generation=lead.target.generation.id,
            digest=digest,
            documents=tally.documents(verdict),
            chunks=tally.chunks(),
            embeddings=tally.embeddings(),
            commits=lead.publisher.commits,
            seconds=round(time.monotonic() - self._started, 3),
            failures=tally.failed,
            withheld_reason="; ".join(
                reason
                for reason in (verdict.reason, kept, tally.waiting_reason, stepped.withheld(asking))
                if reason
            ),
            warnings=(*stepped.outages(asking), *self._columns.warnings),
            steps=stepped.counts(asking),
            step_spend=stepped.spent(asking),
            waiting=tally.waiting,
            spend=spent(self._context.spending),
            relabelled=listed.relabelled,
            beside=tuple(beside.reports),
            gates=(self._context.gating.counts if self._context.gating else {}) | lead.gates,
            quarantined=len(kept_out),
            kept_out=kept_out,
        )


def _start(tx: Write, context: SyncContext) -> str:
    # Under the lease nobody else can be syncing: what still counts as running was killed.
    runs.crash_orphans(tx, context.corpus, kind="sync")
    return runs.start(tx, "sync", context.corpus, actor=context.actor)


def _kept_out(lead: Pass) -> tuple[Failure, ...]:
    """Documents that gates keep out, each once."""
    by_gates = lead.tally.kept_out
    told = {failure.document for failure in by_gates}
    return (*by_gates, *(failure for failure in lead.yielding if failure.document not in told))


def _listing_failures(listed: Listed) -> list[FailureRecord]:
    return [
        FailureRecord(document=failure.document, stage="list", error=failure.error, stamp="")
        for listing in listed.listings
        for failure in listing.failures
    ]
