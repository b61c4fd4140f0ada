"""Every search and answer leaves a span: who was asked, what was read, what came back, how long it took."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from headrace.ingest.search.retrieve import Query, Retrieval
from headrace.ledger.events.base import EventStore
from headrace.records.call import SpanEvent, SpanRef, new_span_id, new_trace_id
from headrace.records.search import Citation, Hit

_RECENT = 1000
"""Searches that count as recent."""


class Who(NamedTuple):
    """Whose call it is."""

    session: str | None
    subject: str | None
    """Keyed hash of the user."""


NOBODY = Who(None, None)


@dataclass(slots=True, kw_only=True)
class Trace:
    """The spans of one call; written together when the call is over."""

    events: EventStore
    who: Who = field(default_factory=lambda: NOBODY)
    trace_id: str = field(default_factory=new_trace_id)
    spans: list[SpanEvent] = field(default_factory=list)

    def add(self, span: SpanEvent) -> None:
        """Add a finished span, marked with whose it is."""
        session, subject = self.who
        facts = {**span.attributes, "session": session} if session else span.attributes
        self.spans.append(replace(span, session=session, subject=subject, attributes=facts))

    def write(self) -> None:
        """Make the spans durable; raises StorageError when that fails, so nothing goes unrecorded."""
        self.events.append(self.spans).result()


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """When a span began, and its ids."""

    trace_id: str
    parent_span_id: str | None
    span_id: str = field(default_factory=new_span_id)
    start_ns: int = field(default_factory=time.time_ns)


def search_span(started: Started, query: Query, retrieval: Retrieval) -> SpanEvent:
    """The span of one retrieval, with each chunk it gave and its score."""
    served = retrieval.served
    attributes: dict[str, Any] = {
        "gen_ai.operation.name": "search",
        "query": query.text,
        "k": query.k,
        "filter": query.filter,
        "access": list(query.access),
        "corpus": query.corpus,
        "as_of_us": query.as_of_us,
        "hits": [_hit_facts(hit) for hit in retrieval.hits],
        "dropped": dict(retrieval.dropped),
        "warnings": list(retrieval.warnings),
        "timings_ms": dict(retrieval.timings_ms),
    }
    if served is not None:
        attributes["snapshot"] = served.snapshot.seq
        attributes["index_version"] = served.snapshot.version
    return SpanEvent(
        trace_id=started.trace_id,
        span_id=started.span_id,
        parent_span_id=started.parent_span_id,
        name=f"search {query.corpus}",
        kind="search",
        start_ns=started.start_ns,
        end_ns=time.time_ns(),
        release=served.release if served else None,
        generation=served.generation.id if served else None,
        attributes=attributes,
        refs=retrieved_refs(query.corpus, retrieval.hits),
    )


def failed_span(started: Started, *, name: str, kind: str, error: BaseException, **facts: Any) -> SpanEvent:
    """The span of something that raised."""
    return SpanEvent(
        trace_id=started.trace_id,
        span_id=started.span_id,
        parent_span_id=started.parent_span_id,
        name=name,
        kind=kind,
        start_ns=started.start_ns,
        end_ns=time.time_ns(),
        status="error",
        error=f"{type(error).__name__}: {error}",
        attributes=facts,
    )


def recent_filters(events: EventStore, corpus: str) -> list[str]:
    """Filters of the last searches over a corpus, those inside answers included; newest first."""
    spans = (span.attributes for span in events.recent(kind="search", limit=_RECENT))
    return [facts["filter"] for facts in spans if facts.get("corpus") == corpus and facts.get("filter")]


def retrieved_refs(corpus: str, hits: Sequence[Hit]) -> list[SpanRef]:
    """References to the chunks and documents of hits."""
    chunks = [SpanRef(role="retrieved", ref=hit.chunk_id) for hit in hits]
    documents = dict.fromkeys(f"{corpus}/{hit.document}" for hit in hits)
    return [*chunks, *(SpanRef(role="retrieved", ref=name) for name in documents)]


def cited_refs(corpus: str, citations: Sequence[Citation]) -> list[SpanRef]:
    """References to the chunks and documents of citations."""
    names = dict.fromkeys(
        name for citation in citations for name in (citation.chunk_id, f"{corpus}/{citation.document}")
    )
    return [SpanRef(role="cited", ref=name) for name in names]


def _hit_facts(hit: Hit) -> dict[str, Any]:
    return {
        "rank": hit.rank,
        "score": hit.score,
        "chunk_id": hit.chunk_id,
        "document": hit.document,
        "revision": hit.revision,
        "span": list(hit.span),
        "page": hit.page,
        "headings": list(hit.headings),
        "marks": list(hit.marks),
        "superseded_by": hit.superseded_by,
    }
