"""`index verify`: recount a generation against the ledger and the sources, and put it right on request."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from headrace.flows.index.finding import find, serving_of, unpruned
from headrace.ingest.index.checking import Checked, check
from headrace.ingest.sync import target as targets
from headrace.ingest.sync.repair import repair
from headrace.ingest.sync.survey import Listed, list_sources
from headrace.ingest.sync.written import context_of
from headrace.ledger import failures, leases, runs, snapshots
from headrace.ledger.columnar.table import ColumnarTable
from headrace.ledger.documents import load_brief
from headrace.records.generations import Problem, ProblemKind, VerifyReport
from headrace.records.wire import to_plain

if TYPE_CHECKING:
    from headrace.flows.index.parts import IndexParts
    from headrace.ingest.sync.context import SyncContext
    from headrace.ledger.generations import Generation

_KINDS: tuple[ProblemKind, ...] = ("missing", "ghost", "duplicate", "wrong")
_SYNC = "headrace sync"
_CONFIRM = "headrace sync, perhaps with --confirm-deletes"


def verify(
    parts: IndexParts,
    name: str | None = None,
    *,
    corpus: str | None = None,
    mend: bool = False,
    sources: bool = True,
) -> VerifyReport:
    """Recount a generation, by default the one that serves; with `mend` rewrite what is wrong in it.

    Raises NotFoundError, UsageError; with `mend` also LeaseHeld.
    """
    started = time.monotonic()
    with parts.ledger.read() as conn:
        generation = unpruned(find(conn, name)) if name else serving_of(parts, conn, parts.corpus(corpus))
    configured = parts.context(generation.corpus)
    listed = list_sources(configured) if sources or mend else None
    before = after = _look(parts, generation)
    if mend and before.documents:
        after = _mend(parts, context_of(configured, generation), generation)
    problems = [*_problems(after), *(_against_sources(parts, generation, listed) if listed else ())]
    counts = {kind: sum(problem.kind == kind for problem in problems) for kind in _KINDS}
    return VerifyReport(
        generation=generation.id,
        corpus=generation.corpus,
        ok=not problems,
        chunks=after.chunks,
        missing=counts["missing"],
        ghost=counts["ghost"],
        duplicate=counts["duplicate"],
        wrong=counts["wrong"],
        repaired=len(before.documents - after.documents),
        problems=tuple(problems),
        seconds=round(time.monotonic() - started, 3),
    )


def _look(parts: IndexParts, generation: Generation) -> Checked:
    """Recount the snapshot that readers open."""
    with parts.ledger.read() as conn:
        snapshot = snapshots.current(conn, generation.id)
        states = {state.uri: state for state in load_brief(conn, generation.id)}
    if snapshot is None:
        return Checked()
    dimension = parts.embedder(generation).dimension
    return check(ColumnarTable(generation.location).at(snapshot.version), states, dimension=dimension)


def _mend(parts: IndexParts, context: SyncContext, generation: Generation) -> Checked:
    """Repair under the lease of the corpus what is wrong by then, and look again."""
    corpus = generation.corpus
    with leases.held(parts.ledger, f"corpus/{corpus}", wait_seconds=context.wait_seconds) as lease:
        run_id = parts.ledger.write(lambda tx: runs.start(tx, "repair", corpus, actor=context.actor))
        target = targets.open_written(context, generation, lease, run_id)
        listed = list_sources(context, lease=lease)
        checked = _look(parts, generation)
        try:
            repair(context, target, listed, checked, lease=lease, run_id=run_id)
        except BaseException as error:
            failed = {"error": f"{type(error).__name__}: {error}"}
            parts.ledger.write(lambda tx: runs.finish(tx, run_id, "failed", report=failed))
            raise
        after = _look(parts, generation)
        found = to_plain({kind: getattr(checked, kind) for kind in _KINDS})
        parts.ledger.write(lambda tx: runs.finish(tx, run_id, "done", report=found))
        return after


def _problems(checked: Checked) -> Iterator[Problem]:
    for kind in _KINDS:
        for document, detail in sorted(getattr(checked, kind).items()):
            yield Problem(kind=kind, document=document, detail=detail, next="headrace index verify --repair")


def _against_sources(parts: IndexParts, generation: Generation, listed: Listed) -> Iterator[Problem]:
    """Documents that a source lists and nothing holds, and the other way round."""
    with parts.ledger.read() as conn:
        states = {state.uri: state for state in load_brief(conn, generation.id)}
        failed = {row.uri for row in failures.list(conn, generation.corpus)}
    seen = {item.uri for listing in listed.listings for item in listing.items}
    partial = {listing.source for listing in listed.listings if not listing.complete}
    for uri in sorted(seen - states.keys() - failed):
        yield Problem(
            kind="missing", document=uri, detail="a source lists it, the index lacks it", next=_SYNC
        )
    for uri in sorted(states.keys() - seen):
        if states[uri].source not in partial:
            detail = "no source lists it any more"
            yield Problem(kind="ghost", document=uri, detail=detail, next=_CONFIRM)
