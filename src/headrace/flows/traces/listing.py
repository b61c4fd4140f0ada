"""Lists of traces: the newest, those that hold a text, and those that users were unhappy with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from headrace.flows.traces.filters import TraceFilter, place_text, read_place
from headrace.flows.traces.parts import TraceParts
from headrace.flows.traces.reading import permitted_for
from headrace.ledger import signals
from headrace.ledger.events.finding import Place
from headrace.observe.signals.shown import shown
from headrace.observe.traces.listing import lines, newest, newest_of, page
from headrace.observe.traces.tree import Permitted, documents_of
from headrace.records.call import SpanEvent
from headrace.records.traces import TraceLine, TraceList

_MOST_SIGNALLED = 10_000
"""Traces with signals, newest first, that are looked through for bad ones."""
_MOST_REASONS = 3
_EXCERPT = 160


def list_traces(
    parts: TraceParts,
    asked: TraceFilter,
    *,
    limit: int,
    after: str | None = None,
    access: Sequence[str] | None = None,
    questions: bool = False,
) -> TraceList:
    """Traces with a span that meets the conditions, newest first."""
    found, place = page(parts.events, asked.query(parts), place=read_place(after), limit=limit)
    made = lines(parts.events, found)
    if questions:
        made = _with_questions(parts, made, access)
    return TraceList(traces=tuple(made), next=place_text(place))


def list_readable(
    parts: TraceParts, asked: TraceFilter, *, limit: int, after: str | None, access: Sequence[str]
) -> TraceList:
    """Traces that meet the conditions and all of whose documents the caller may read, newest first."""
    found: list[SpanEvent] = []
    query, place = asked.query(parts), read_place(after)
    with permitted_for(parts, access) as permitted:
        for span in newest(parts.events, query, place=place, batch=limit * 4):
            if all(permitted(name) for name in documents_of(parts.events.trace(span.trace_id))):
                found.append(span)
                if len(found) == limit:
                    break
    following = Place(found[-1].end_ns, found[-1].trace_id) if len(found) == limit else None
    made = _with_questions(parts, lines(parts.events, found), access)
    return TraceList(traces=tuple(made), next=place_text(following))


def list_bad(
    parts: TraceParts,
    asked: TraceFilter,
    *,
    limit: int,
    after: str | None = None,
    access: Sequence[str] | None = None,
    at_least: float = 0.5,
) -> TraceList:
    """Traces whose users were probably unhappy, newest first, with what says so."""
    with parts.ledger.read() as conn:
        known = signals.newest_traces(conn, limit=_MOST_SIGNALLED)
    chances = parts.signals.p_bad(known) if known else {}
    bad = [trace for trace in known if chances[trace].p >= at_least]
    start = read_place(after)
    meeting = newest_of(parts.events, asked.query(parts), bad)
    found = [span for span in meeting if start is None or _comes_after(span, start)]
    found.sort(key=lambda span: (-span.end_ns, span.trace_id))
    taken, rest = found[:limit], found[limit:]
    made = [
        replace(line, p_bad=round(chances[line.trace_id].p, 4), why=_reasons(parts, line.trace_id))
        for line in lines(parts.events, taken)
    ]
    place = Place(taken[-1].end_ns, taken[-1].trace_id) if rest else None
    return TraceList(traces=tuple(_with_questions(parts, made, access)), next=place_text(place))


def _comes_after(span: SpanEvent, start: Place) -> bool:
    return (-span.end_ns, span.trace_id) > (-start.end_ns, start.trace_id)


def _reasons(parts: TraceParts, trace: str) -> Sequence[str]:
    verdict = parts.signals.bad(trace)
    if verdict.audited is not None:
        return (f"judged {verdict.audited}",)
    seen = [
        name
        for name, weight in verdict.weights.items()
        if weight > 0 and verdict.votes.get(name, True) and name in verdict.votes
    ]
    return tuple(seen[:_MOST_REASONS])


def _with_questions(
    parts: TraceParts, made: Sequence[TraceLine], access: Sequence[str] | None
) -> list[TraceLine]:
    with permitted_for(parts, access) as permitted:
        return [replace(line, question=_question(parts, line, permitted)) for line in made]


def _question(parts: TraceParts, line: TraceLine, permitted: Permitted) -> str | None:
    spans = parts.events.trace(line.trace_id)
    if not all(permitted(name) for name in documents_of(spans)):
        return None
    told = shown(spans)
    text = " ".join(told.question.split()) if told else ""
    if not text:
        return None
    return text if len(text) <= _EXCERPT else f"{text[: _EXCERPT - 1]}…"
