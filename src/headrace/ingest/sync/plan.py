"""`plan`: what a sync would do now and cost. It reads, parses and chunks, and writes nothing."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace

from headrace.ingest.sync import stepped
from headrace.ingest.sync import target as targets
from headrace.ingest.sync.changes import Changes
from headrace.ingest.sync.choosing import chosen
from headrace.ingest.sync.context import SyncContext
from headrace.ingest.sync.declared import with_decisions
from headrace.ingest.sync.digest import generation_digest
from headrace.ingest.sync.embed import missing_texts
from headrace.ingest.sync.guard import judge
from headrace.ingest.sync.prepare import Failed, Forgotten, Prepared, Touched, prepare
from headrace.ingest.sync.spend import over_budget, planned
from headrace.ingest.sync.survey import compare_with, list_sources
from headrace.ingest.sync.tally import Tally
from headrace.ledger.documents import BriefState, load_brief
from headrace.records.sync import PlanReport


def plan(context: SyncContext, *, confirm_deletes: bool = False, verify: bool = False) -> PlanReport:
    """Count what a sync would do now, down to the digest it would arrive at if no embedding fails.

    The output of a step that is not stored is not known: as long as there are calls to make, documents are
    counted as they are without it.
    """
    started = time.monotonic()
    context = chosen(with_decisions(context))
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
        generation=target.generation.id if target else None,
    )
    draft = _Draft(context, states)
    draft.tally.unchanged = changes.unchanged
    draft.tally.failures = list(changes.failed)
    draft.tally.suppressed = changes.suppressed
    draft.stream(changes)
    verdict = judge(
        listed.listings,
        changes.missing,
        baseline=Counter(serving.values()),
        confirmed=confirm_deletes,
    )
    for uri in verdict.delete:
        draft.digests.pop(uri, None)
    draft.tally.delete(verdict.delete)
    price = context.embedder.price_per_million_tokens
    return PlanReport(
        corpus=context.corpus,
        generation=target.generation.id if target else _next_generation(context),
        digest=generation_digest(context.recipe.digest, draft.digests.items()),
        documents=draft.tally.documents(verdict),
        chunks=draft.tally.chunks(),
        embeddings=draft.tally.embeddings(),
        tokens=draft.tokens,
        cost=None if price is None else round(price * draft.tokens / 1_000_000, 6),
        seconds=round(time.monotonic() - started, 3),
        failures=draft.tally.failed,
        withheld_reason="; ".join(
            reason
            for reason in (
                verdict.reason,
                over_budget(context.spending, draft.tokens),
                stepped.over_budget(context.stepping),
            )
            if reason
        ),
        steps=stepped.counts(context.stepping),
        step_spend=stepped.spent(context.stepping),
        spend=planned(context.spending, draft.tokens),
    )


class _Draft:
    """The counts of a sync that does not happen."""

    def __init__(self, context: SyncContext, states: dict[str, BriefState]) -> None:
        self._context = context
        self._planned: set[str] = set()
        self.tally = Tally(counts={uri: state.chunk_count for uri, state in states.items()})
        self.digests = {uri: state.digest for uri, state in states.items()}
        self.tokens = 0

    def stream(self, changes: Changes) -> None:
        context = self._context
        making = replace(context.making, kept_out=changes.kept_out)
        if context.stepping is not None:
            making = replace(making, step_many=context.stepping.plan)
        for batch in prepare(changes.candidates, making):
            documents = [item for item in batch if isinstance(item, Prepared)]
            self._embeddings(documents)
            for document in documents:
                old = self.tally.take(document, changes)
                self.digests[document.candidate.item.uri] = document.digest
                if old is not None:
                    self.digests.pop(old, None)
            self.tally.fail([item for item in batch if isinstance(item, Failed)])
            self.tally.unchanged += sum(isinstance(item, Touched) for item in batch)
            self.tally.suppressed += sum(isinstance(item, Forgotten) for item in batch)

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


def _serving_sources(context: SyncContext) -> dict[str, str]:
    with context.ledger.read() as conn:
        serving = context.serving.generation(conn, context.corpus)
        return {} if serving is None else {row.uri: row.source for row in load_brief(conn, serving)}


def _next_generation(context: SyncContext) -> str:
    with context.ledger.read() as conn:
        return targets.next_generation_id(conn, context)
