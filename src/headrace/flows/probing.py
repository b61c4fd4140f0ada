"""Ask an index what it must know, and keep how much of it was found."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from headrace.errors import HeadraceError
from headrace.ingest.search import probes as asked
from headrace.ingest.search.probes import Probe
from headrace.ingest.search.retrieve import Query
from headrace.ledger import acls, documents, probes
from headrace.ledger.failpoints import declare, fire
from headrace.ledger.probes import ProbeRow
from headrace.records.embedding import MissedProbe, ProbeReport, ProbeRound

if TYPE_CHECKING:
    from headrace.ingest.search.retrieve import Retriever
    from headrace.ingest.search.snapshot import Served
    from headrace.ledger.ledger import Ledger, Write
    from headrace.records.sync import SyncReport

PROBES = 20
_MOST_SECONDS = 0.3
_LEAST_PROBES = 5
_IN_TRANSACTION = declare("embedding.probes_in_transaction")
_RECORDED = declare("embedding.probes_recorded")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How a corpus is probed."""

    after_sync: int
    """Probes after a sync; 0 for none."""
    floor: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeParts:
    """What probing works with. It searches without recording calls."""

    ledger: Ledger
    retriever: Callable[[], Retriever]
    corpora: Callable[[str | None], Sequence[str]]
    """The corpus of that name, or all. Raises NotFoundError."""
    settings: Callable[[str], Settings]


def probe(parts: ProbeParts, corpus: str | None, *, count: int = PROBES) -> ProbeReport:
    """Probe what serves of a corpus, or of each, and record the rounds."""
    rounds: list[ProbeRound] = []
    missed: list[MissedProbe] = []
    for name in parts.corpora(corpus):
        report = _probe(parts, name, count=count, most_seconds=None)
        rounds += report.rounds
        missed += report.missed
    return ProbeReport(rounds=tuple(rounds), missed=tuple(missed))


def history(parts: ProbeParts, corpus: str | None) -> ProbeReport:
    """Earlier rounds, newest first."""
    with parts.ledger.read() as conn:
        found = [row for name in parts.corpora(corpus) for row in probes.list(conn, name)]
    found.sort(key=lambda row: -row.probed_at_us)
    return ProbeReport(rounds=tuple(_round(row) for row in found))


def after_sync(parts: ProbeParts, report: SyncReport) -> SyncReport:
    """Probe what a sync has changed; what was found too rarely becomes a warning of its report."""
    settings = parts.settings(report.corpus)
    done = report.documents
    if not settings.after_sync or not (done.added or done.updated or done.moved or done.deleted):
        return report
    try:
        rounds = _probe(parts, report.corpus, count=settings.after_sync, most_seconds=_MOST_SECONDS).rounds
    except HeadraceError as error:
        return replace(report, warnings=(*report.warnings, f"the probes failed: {error.message}"))
    warnings = [below_floor(item) for item in rounds if item.recall < item.floor]
    return replace(report, warnings=(*report.warnings, *warnings))


def below_floor(found: ProbeRound | ProbeRow) -> str:
    """What is said of a round below its floor."""
    return (
        f"known-answer probes found {found.recall:.0%} of their documents, the floor is {found.floor:.0%}: "
        "headrace index probe shows which were missed"
    )


def _probe(parts: ProbeParts, corpus: str, *, count: int, most_seconds: float | None) -> ProbeReport:
    retriever = parts.retriever()
    served = retriever.snapshots.current(corpus, ())
    if served is None:
        return ProbeReport(rounds=())
    chosen, access = _choose(parts, retriever, served, count)
    started = time.monotonic()
    tried: list[tuple[Probe, bool]] = []
    for item in chosen:
        late = most_seconds is not None and time.monotonic() - started > most_seconds
        if late and len(tried) >= _LEAST_PROBES:
            break
        hits = retriever(Query(text=item.query, k=asked.K, access=access, corpus=corpus)).hits
        found = asked.is_found(item, [hit.document for hit in hits], [hit.text for hit in hits])
        tried.append((item, found))
    floor = parts.settings(corpus).floor
    row = _row(corpus, served, tried, floor)
    stored = parts.ledger.write(lambda tx: _record(tx, row))
    fire(_RECORDED)
    missed = tuple(
        MissedProbe(document=item.document, kind=item.kind, query=item.query)
        for item, found in tried
        if not found
    )
    return ProbeReport(rounds=(_round(stored),), missed=missed)


def _choose(
    parts: ProbeParts, retriever: Retriever, served: Served, count: int
) -> tuple[list[Probe], tuple[str, ...]]:
    """The probes of this snapshot, and the labels that open every document somebody may see."""
    generation = served.generation.id
    seed = f"{generation} {served.snapshot.seq}"
    rows = asked.sample(retriever.snapshots.dataset(served), seed=seed)
    with parts.ledger.read() as conn:
        labels = acls.labels(conn, {row["acl_id"] for row in rows})
        uris = sorted({row["document"] for row in rows})
        states = documents.lookup(conn, generation, uris)
        titles = documents.unique_titles(conn, generation, uris)
    seen = [row for row in rows if labels[row["acl_id"]] and _is_live(states, row["document"])]
    access = tuple(sorted({label for found in labels.values() for label in found}))
    return asked.choose(seen, titles, count=count, seed=seed), access


def _is_live(states: Mapping[str, documents.DocumentState], uri: str) -> bool:
    return uri in states and states[uri].state == "live"


def _row(corpus: str, served: Served, tried: Sequence[tuple[Probe, bool]], floor: float) -> ProbeRow:
    titles = [found for item, found in tried if item.kind == "title"]
    sentences = [found for item, found in tried if item.kind == "sentence"]
    return ProbeRow(
        generation=served.generation.id,
        seq=0,
        corpus=corpus,
        titles=len(titles),
        titles_found=sum(titles),
        sentences=len(sentences),
        sentences_found=sum(sentences),
        documents=served.snapshot.documents,
        chunks=served.snapshot.chunks,
        floor=floor,
        probed_at_us=0,
    )


def _record(tx: Write, row: ProbeRow) -> ProbeRow:
    stored = probes.add(tx, row)
    fire(_IN_TRANSACTION)
    return stored


def _round(row: ProbeRow) -> ProbeRound:
    return ProbeRound(
        corpus=row.corpus,
        generation=row.generation,
        probes=row.titles + row.sentences,
        found=row.titles_found + row.sentences_found,
        recall=round(row.recall, 4),
        titles=(row.titles_found, row.titles),
        sentences=(row.sentences_found, row.sentences),
        floor=row.floor,
        documents=row.documents,
        chunks=row.chunks,
        probed_at_us=row.probed_at_us,
    )
