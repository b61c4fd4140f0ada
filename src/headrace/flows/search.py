"""`search`: retrieve, record the call, give the hits."""

from __future__ import annotations

from headrace.errors import HeadraceError
from headrace.flows.calls import NOBODY, Started, Trace, Who, failed_span, search_span
from headrace.ingest.search.retrieve import Query, Retriever
from headrace.ledger.events.base import EventStore
from headrace.records.search import SearchResult


def search(retriever: Retriever, query: Query, *, events: EventStore, who: Who = NOBODY) -> SearchResult:
    """Search a corpus. The call is durable before the result is returned, a failed one too."""
    trace = Trace(events=events, who=who)
    started = Started(trace_id=trace.trace_id, parent_span_id=None)
    try:
        retrieval = retriever(query)
    except HeadraceError as error:
        trace.add(
            failed_span(started, name=f"search {query.corpus}", kind="search", error=error, query=query.text)
        )
        trace.write()
        raise
    trace.add(search_span(started, query, retrieval))
    trace.write()
    return SearchResult(
        query=query.text,
        generation=retrieval.served.generation.id if retrieval.served else "",
        trace_id=trace.trace_id,
        hits=retrieval.hits,
        warnings=retrieval.warnings,
    )
