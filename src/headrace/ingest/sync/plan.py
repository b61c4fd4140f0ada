"""`plan`: what a sync would do now and cost. It reads, parses and chunks, and writes nothing."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from headrace.ingest.sync import stepped
from headrace.ingest.sync import target as targets
from headrace.ingest.sync.applying import rejected_in
from headrace.ingest.sync.changes import Changes
from headrace.ingest.sync.choosing import chosen
from headrace.ingest.sync.context import SyncContext
from headrace.ingest.sync.declared import with_decisions
from headrace.ingest.sync.digest import generation_digest
from headrace.ingest.sync.duplicates import Duplicates
from headrace.ingest.sync.embed import missing_texts
from headrace.ingest.sync.guard import Verdict, judge
from headrace.ingest.sync.prepare import Failed, Forgotten, Prepared, Touched, prepare
from headrace.ingest.sync.spend import over_budget, planned
from headrace.ingest.sync.survey import compare_with, list_sources
from headrace.ingest.sync.tally import Tally
from headrace.ingest.sync.winning import Work
from headrace.ledger import near_duplicates
from headrace.ledger.documents import BriefState, load_brief
from headrace.records.sync import PlanReport


def plan(context: SyncContext, *, confirm_deletes: bool = False, verify: bool = False) -> PlanReport:
    """Count what a sync would do now, down to the digest it would arrive at if no embedding fails.

    The output of a step that is not stored is not known: as long as there are calls to make, documents are
    counted as they are without it.
    """
    started = time.monotonic()
    context = chosen(with_decisions(context))
    drafted = draft(context, confirm_deletes=confirm_deletes, verify=verify)
    counts, verdict = drafted.counts, drafted.verdict
    price = context.embedder.price_per_million_tokens
    return PlanReport(
        corpus=context.corpus,
        generation=drafted.target.generation.id if drafted.target else _next_generation(context),
        digest=generation_digest(context.recipe.digest, counts.digests.items()),
        documents=counts.tally.documents(verdict),
        chunks=counts.tally.chunks(),
        embeddings=counts.tally.embeddings(),
        tokens=counts.tokens,
        cost=None if price is None else round(price * counts.tokens / 1_000_000, 6),
        seconds=round(time.monotonic() - started, 3),
        failures=counts.tally.failed,
        withheld_reason="; ".join(
            reason
            for reason in (
                verdict.reason,
                over_budget(context.spending, counts.tokens),
                stepped.over_budget(context.asking),
            )
            if reason
        ),
        steps=stepped.counts(context.asking),
        step_spend=stepped.spent(context.asking),
        spend=planned(context.spending, counts.tokens),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafted:
    """A sync that does not happen, carried through."""

    target: targets.Target | None
    """The generation it would write, as far as there is one."""
    counts: Draft
    verdict: Verdict
    """On what the sources list no more."""


def draft(context: SyncContext, *, confirm_deletes: bool = False, verify: bool = False) -> Drafted:
    """Read, parse, judge and compare what a sync would now; nothing is written."""
    target = targets.existing(context)
    states: dict[str, BriefState] = target.states if target else {}
    serving = target.serving_sources if target else _serving_sources(context)
    listed = list_sources(context)
    changes = compare_with(
        context,
        listed,
        states=states,
        serving=serving,
        verify=verify,
        aliases=target.aliases if target else {},
        generation=target.generation.id if target else None,
    )
    counts = Draft(context, states, compared=_comparing(context, target, changes))
    counts.tally.unchanged = changes.unchanged
    counts.tally.failures = list(changes.failed)
    counts.tally.suppressed = changes.suppressed
    counts.stream(changes)
    baseline = Counter(serving.values())
    verdict = judge(listed.listings, changes.missing, baseline=baseline, confirmed=confirm_deletes)
    counts.delete(verdict.delete)
    return Drafted(target=target, counts=counts, verdict=verdict)


class Draft:
    """What a sync would count and serve."""

    def __init__(self, context: SyncContext, states: dict[str, BriefState], *, compared: Work | None) -> None:
        self._context = context
        self._work = compared
        self._making = context.drafting
        self._planned: set[str] = set()
        self._rejected: list[str] = []
        self.tally = Tally(counts={uri: state.chunk_count for uri, state in states.items()})
        self.digests = {uri: state.digest for uri, state in states.items()}
        """URI to digest of every document that would be served."""
        self.tokens = 0

    def yields(self, uri: str) -> str | None:
        """Why a document would yield to another one; None where it would not."""
        row = None if self._work is None else self._work.found.row(uri)
        if row is None or row.fate == "served" or self._context.comparison is None:
            return None
        return self._context.comparison.reason(row)

    def stream(self, changes: Changes) -> None:
        context = self._context
        work = self._work
        sign = None if work is None else work.found.sign
        making = replace(context.drafting, kept_out=changes.kept_out, sign=sign)
        self._making = making
        for batch in prepare(changes.candidates, making):
            documents = [item for item in batch if isinstance(item, Prepared)]
            self._rejected += rejected_in(batch)
            if work is None:
                self._write(documents, lambda document: changes.claim(document.revision))
            else:
                work.see(documents)
            self.tally.fail([item for item in batch if isinstance(item, Failed)])
            self.tally.unchanged += sum(isinstance(item, Touched) for item in batch)
            self.tally.suppressed += sum(isinstance(item, Forgotten) for item in batch)

    def delete(self, uris: Sequence[str]) -> None:
        """Take out what is deleted or rejected; where documents are compared, see what is served then."""
        gone = [*uris, *self._rejected]
        self.tally.delete(gone)
        for uri in gone:
            self.digests.pop(uri, None)
        if self._work is not None:
            self._compare(self._work, gone)

    def _compare(self, work: Work, deleted: Sequence[str]) -> None:
        work.found.decide(removed=work.gone(deleted))
        while uris := work.winners():
            for batch in work.batches(uris, self._making):
                documents = work.accept(batch)
                self._write(documents, work.origin)
                work.wrote(document.candidate.item.uri for document in documents)
                work.give_up([item.candidate.item.uri for item in batch if not isinstance(item, Prepared)])
            work.found.decide()
        for old in work.moved_from.values():
            self.digests.pop(old, None)
        for row in filter(None, map(work.found.row, work.found.affected)):
            if row.fate != "served" and self.digests.pop(row.uri, None) is not None:
                self.tally.delete([row.uri])

    def _write(self, documents: list[Prepared], claim: Callable[[Prepared], str | None]) -> None:
        self._embeddings(documents)
        for document in documents:
            old = self.tally.take(document, claim)
            self.digests[document.candidate.item.uri] = document.digest
            if old is not None:
                self.digests.pop(old, None)

    def _embeddings(self, documents: list[Prepared]) -> None:
        missing = {
            key: text
            for key, text in missing_texts(documents, self._context.embeddings).items()
            if key not in self._planned
        }
        self._planned.update(missing)
        total = sum(len(document.chunk_ids) for document in documents)
        self.tally.computed += len(missing)
        self.tally.reused += total - len(missing)
        self.tokens += self._context.embedder.count_tokens(list(missing.values()))


def _comparing(context: SyncContext, target: targets.Target | None, changes: Changes) -> Work | None:
    """The comparison of documents with each other, where the corpus asks for one."""
    if context.comparison is None:
        return None
    rows = target.compared if target else {}
    found = Duplicates(context.comparison, rows, changes, ledger=context.ledger, writable=False)
    return Work(found, changes)


def _serving_sources(context: SyncContext) -> dict[str, str]:
    with context.ledger.read() as conn:
        serving = context.serving.generation(conn, context.corpus)
        if serving is None:
            return {}
        aliases = near_duplicates.alias_sources(conn, serving)
        return aliases | {row.uri: row.source for row in load_brief(conn, serving)}


def _next_generation(context: SyncContext) -> str:
    with context.ledger.read() as conn:
        return targets.next_generation_id(conn, context)
