"""`index compare`: two generations on the same queries, and whether the second may replace the first."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from headrace.curate.evals.ranks import resolve
from headrace.errors import FilterError, UsageError
from headrace.flows.index.finding import find, unpruned
from headrace.flows.index.golden import Question, read_golden
from headrace.flows.index.listing import size_of
from headrace.flows.index.measures import (
    mean_difference,
    ndcg,
    overlap,
    percentile,
    rank_biased_overlap,
    recall,
)
from headrace.flows.index.verdict import Findings, judge
from headrace.ingest.search.retrieve import Query, Retriever
from headrace.ingest.search.snapshot import Snapshots
from headrace.ledger import documents
from headrace.records.call import EVALUATION
from headrace.records.generations import CompareReport

if TYPE_CHECKING:
    from headrace.flows.index.parts import IndexParts
    from headrace.ledger.generations import Generation

_RECENT_CALLS = 500
"""How many calls are looked through for queries that differ."""
_DEEPER = 3
"""Chunks looked for, for each document wanted: a document often has several among the best."""

Ranking = tuple[str, ...]
"""Documents, best first, each once."""


def compare(parts: IndexParts, a: str, b: str, *, k: int = 10, queries: int = 50) -> CompareReport:
    """Hold generation b against a. No call is recorded. Raises NotFoundError, UsageError."""
    if not 1 <= k <= 100:
        raise UsageError(f"k is {k}; it must be from 1 to 100.")
    with parts.ledger.read() as conn:
        first, second = unpruned(find(conn, a)), unpruned(find(conn, b))
        covered = documents.coverage(conn, first.id, second.id)
    if first.corpus != second.corpus:
        raise UsageError(
            f"{a!r} is of corpus {first.corpus!r}, {b!r} of {second.corpus!r}.",
            hint="Only generations of one corpus can be compared.",
        )
    sides = (Side(parts, first), Side(parts, second))
    recent = [_both(sides, query, k) for query in recent_queries(parts, first.corpus, limit=queries)]
    asked = questions_of(parts, first.corpus)
    golden = _golden(sides, asked, first.corpus, k)
    overlaps = [overlap(*pair) for pair in recent]
    findings = Findings(
        coverage=covered,
        overlap=_mean(overlaps),
        queries=len(recent),
        golden=golden,
        latency=(sides[0].latency, sides[1].latency),
    )
    verdict, reasons = judge(findings)
    return CompareReport(
        a=first.id,
        b=second.id,
        corpus=first.corpus,
        k=k,
        coverage=covered.share,
        ghosts=covered.ghosts,
        queries=len(recent),
        overlap_at_k=_rounded(findings.overlap),
        rank_correlation=_rounded(_mean([rank_biased_overlap(*pair) for pair in recent])),
        recall_at_k=golden,
        latency_ms={"a": sides[0].latency, "b": sides[1].latency},
        size_bytes={"a": size_of(first.location), "b": size_of(second.location)},
        verdict=verdict,
        reasons=reasons,
    )


def recent_queries(parts: IndexParts, corpus: str, *, limit: int) -> list[Query]:
    """The latest queries of a corpus that differ, as the call log has them."""
    found: dict[tuple[Any, ...], Query] = {}
    for span in parts.events().recent(kind="search", limit=_RECENT_CALLS):
        facts = span.attributes
        if len(found) >= limit or span.status == "error" or facts.get("corpus") != corpus:
            continue
        if span.service == EVALUATION:
            continue
        text, expression, access = facts.get("query"), facts.get("filter"), tuple(facts.get("access") or ())
        if isinstance(text, str) and text.strip():
            query = Query(text=text, filter=expression, access=access, corpus=corpus)
            found.setdefault((text, expression, access), query)
    return list(found.values())


class Side:
    """One of the two: asks its generation and keeps the times."""

    def __init__(self, parts: IndexParts, generation: Generation) -> None:
        self._retrieve = Retriever(
            snapshots=Snapshots(parts.ledger, pointer=lambda conn, corpus: (None, generation.id)),
            embedder=parts.embedder,
            pool=parts.pool(),
        )
        self._times: list[float] = []
        self._warm = False

    def documents(self, query: Query, k: int) -> Ranking:
        """The best k documents."""
        deep = Query(
            text=query.text,
            k=min(1000, k * _DEEPER),
            filter=query.filter,
            access=query.access,
            corpus=query.corpus,
        )
        if not self._warm:
            self._retrieve(deep)  # opens tables and models; no query after it pays for that
            self._warm = True
        began = time.perf_counter()
        hits = self._retrieve(deep).hits
        self._times.append((time.perf_counter() - began) * 1000)
        return tuple(dict.fromkeys(hit.document for hit in hits))[:k]

    @property
    def latency(self) -> dict[str, float]:
        """Milliseconds of a query; empty before the first."""
        if not self._times:
            return {}
        return {"p50": round(percentile(self._times, 0.5), 2), "p95": round(percentile(self._times, 0.95), 2)}


def _both(sides: Sequence[Side], query: Query, k: int) -> tuple[Ranking, Ranking]:
    try:
        return sides[0].documents(query, k), sides[1].documents(query, k)
    except FilterError:
        # A filter that does not parse any more finds the same nothing on both sides.
        return (), ()


def questions_of(parts: IndexParts, corpus: str) -> list[Question]:
    if parts.golden is None:
        return []
    return [item for item in read_golden(parts.golden) if item.corpus in (None, corpus)]


def _golden(sides: Sequence[Side], asked: Sequence[Question], corpus: str, k: int) -> dict[str, Any]:
    if not asked:
        return {}
    rows = list(_answers(sides, asked, corpus, k))
    recalls = [(row.recalls[0], row.recalls[1]) for row in rows]
    gains = [(row.gains[0], row.gains[1]) for row in rows]
    change, margin = mean_difference(recalls)
    return {
        "k": k,
        "questions": len(rows),
        "a": _rounded(_mean([before for before, _ in recalls])),
        "b": _rounded(_mean([after for _, after in recalls])),
        "ndcg_a": _rounded(_mean([before for before, _ in gains])),
        "ndcg_b": _rounded(_mean([after for _, after in gains])),
        "change": round(change, 4),
        "margin": round(margin, 4),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answered:
    recalls: tuple[float, ...]
    gains: tuple[float, ...]


def _answers(sides: Sequence[Side], asked: Sequence[Question], corpus: str, k: int) -> Iterator[_Answered]:
    for question in asked:
        query = Query(text=question.text, access=question.access, corpus=corpus)
        found = [resolve(question.documents, side.documents(query, k)) for side in sides]
        yield _Answered(
            recalls=tuple(recall(ranking, question.documents) for ranking in found),
            gains=tuple(ndcg(ranking, question.documents) for ranking in found),
        )


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
