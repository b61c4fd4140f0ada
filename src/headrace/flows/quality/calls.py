"""Reads exposures and bad outcomes of documents out of the spans of calls."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from headrace.flows.quality.rot import WEIGHTS, Exposure, Outcome
from headrace.ledger.events.base import EventStore
from headrace.records.call import EVALUATION, SpanEvent

EXPOSED_RANKS = 6
"""Documents up to this rank are exposed: an answer reads about as many."""
_CITABLE_RANKS = 3
"""An answer that cites others only says something against these."""
_FAR_BEHIND = 0.25
"""A score below this share of the best one is low."""


class Call(NamedTuple):
    """One search, with the answer it was made for if there was one."""

    corpus: str
    trace_id: str
    end_ns: int
    hits: Sequence[Mapping[str, Any]]
    answer: Mapping[str, Any] | None


def recent_calls(events: EventStore, corpora: Collection[str], *, limit: int) -> list[Call]:
    """The last searches over some corpora, those inside answers included; newest first."""
    answers = {
        span.trace_id: span.attributes
        for span in events.recent(kind="ask", limit=limit)
        if span.status == "ok"
    }
    searches = (span for span in events.recent(kind="search", limit=limit) if span.service != EVALUATION)
    found = (_call(span, answers) for span in searches)
    return [call for call in found if call is not None and call.corpus in corpora]


def _call(span: SpanEvent, answers: Mapping[str, Mapping[str, Any]]) -> Call | None:
    corpus = span.attributes.get("corpus")
    if not isinstance(corpus, str):
        return None  # a search that failed before it began
    hits: Sequence[Mapping[str, Any]] = span.attributes.get("hits") or ()
    return Call(corpus, span.trace_id, span.end_ns, hits, answers.get(span.trace_id))


def exposures_of(calls: Sequence[Call]) -> Iterator[Exposure]:
    """Each document among the first of a call, once for the call."""
    for call in calls:
        for uri in _ranked(call)[:EXPOSED_RANKS]:
            yield Exposure((call.corpus, uri), call.trace_id, call.end_ns)


def outcomes_of(calls: Sequence[Call], poor: Collection[tuple[str, str]]) -> Iterator[Outcome]:
    """What went badly with documents in calls; `poor` names those whose quality is low now."""
    for call in calls:
        best = max((_score(hit) for hit in call.hits), default=0.0)
        cited = {citation.get("document") for citation in (call.answer or {}).get("citations") or ()}
        for place, uri in enumerate(_ranked(call)[:EXPOSED_RANKS]):
            mine = [hit for hit in call.hits if hit.get("document") == uri]
            kinds = {
                "marked": any(hit.get("marks") for hit in mine),
                "refused": call.answer is not None and not cited,
                "not_cited": bool(cited) and uri not in cited and place < _CITABLE_RANKS,
                "low_quality": (call.corpus, uri) in poor,
                "low_score": max(map(_score, mine)) < _FAR_BEHIND * best,
            }
            for kind, holds in kinds.items():
                if holds:
                    yield Outcome((call.corpus, uri), call.trace_id, kind, WEIGHTS[kind])


def _ranked(call: Call) -> list[str]:
    return list(dict.fromkeys(str(hit.get("document")) for hit in call.hits))


def _score(hit: Mapping[str, Any]) -> float:
    value = hit.get("score")
    return float(value) if isinstance(value, int | float) else 0.0
