"""A trace as a tree: depth first, of a large one what matters."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from headrace.records.call import SpanEvent
from headrace.records.traces import TraceChunk, TraceSpan

MOST_SPANS = 100
"""A larger trace is summarised."""
_INPUTS = ("question", "query", "input", "gen_ai.input.messages")
_OUTPUTS = ("answer", "output", "gen_ai.output.messages")
_ATTEMPT = (
    "kind",
    "model",
    "valid",
    "repair",
    "finish_reason",
    "input_tokens",
    "output_tokens",
    "ms",
    "status",
)

Permitted = Callable[[str], bool]
"""Whether the caller may see a document, by its name `corpus/URI`."""


def documents_of(spans: Sequence[SpanEvent]) -> list[str]:
    """The documents that a trace met, as `corpus/URI`."""
    return list(dict.fromkeys(ref.ref for span in spans for ref in span.refs if "/" in ref.ref))


def tree(spans: Sequence[SpanEvent], *, whole: bool, texts: bool, permitted: Permitted) -> list[TraceSpan]:
    """The spans of a trace depth first; unless `whole`, of a large one the outer, failed and slowest ones."""
    by_parent = _children(spans)
    start = min(span.start_ns for span in spans)
    shown = {span.span_id for span in spans} if whole else _chosen(spans, by_parent)
    found: list[TraceSpan] = []
    stack = [(span, 0) for span in reversed(by_parent[None])]
    done: set[str] = set()
    while stack:
        span, depth = stack.pop()
        if span.span_id in done:
            continue
        done.add(span.span_id)
        below = by_parent.get(span.span_id, [])
        found.append(
            _span(
                span,
                depth,
                start,
                texts=texts,
                permitted=permitted,
                children=len(below),
                hidden=sum(child.span_id not in shown for child in below),
            )
        )
        stack += [(child, depth + 1) for child in reversed(below) if child.span_id in shown]
    return found


def _children(spans: Sequence[SpanEvent]) -> dict[str | None, list[SpanEvent]]:
    own = {span.span_id for span in spans}
    found: dict[str | None, list[SpanEvent]] = {None: []}
    for span in sorted(spans, key=lambda span: (span.start_ns, -span.end_ns, span.span_id)):
        parent = span.parent_span_id if span.parent_span_id in own else None
        found.setdefault(parent if parent != span.span_id else None, []).append(span)
    return found


def _chosen(spans: Sequence[SpanEvent], by_parent: Mapping[str | None, Sequence[SpanEvent]]) -> set[str]:
    if len(spans) <= MOST_SPANS:
        return {span.span_id for span in spans}
    by_id = {span.span_id: span for span in spans}
    ranked = sorted(
        spans,
        key=lambda span: (
            span.parent_span_id in by_id,
            span.status != "error",
            -(span.end_ns - span.start_ns),
        ),
    )
    chosen: set[str] = set()
    for span in ranked:
        if len(chosen) >= MOST_SPANS:
            break
        step: SpanEvent | None = span
        while step is not None and step.span_id not in chosen:
            chosen.add(step.span_id)
            step = by_id.get(step.parent_span_id or "")
    return chosen


def _span(
    span: SpanEvent,
    depth: int,
    start: int,
    *,
    texts: bool,
    permitted: Permitted,
    children: int,
    hidden: int,
) -> TraceSpan:
    facts = span.attributes
    attempts = facts.get("attempts")
    return TraceSpan(
        span_id=span.span_id,
        parent_span_id=span.parent_span_id,
        depth=depth,
        name=span.name,
        kind=span.kind,
        status=span.status,
        start_ms=round((span.start_ns - start) / 1e6, 3),
        ms=round((span.end_ns - span.start_ns) / 1e6, 3),
        error=span.error if texts or span.error is None else span.error.partition(":")[0],
        model=span.model,
        prompt=span.prompt,
        input_tokens=span.input_tokens,
        output_tokens=span.output_tokens,
        cost_micro=span.cost_micro,
        currency=span.currency,
        chunks=tuple(_chunks(span, permitted)),
        attempts=tuple(_attempt(item) for item in attempts) if isinstance(attempts, list) else (),
        input=_value(facts, _INPUTS) if texts else None,
        output=_value(facts, _OUTPUTS) if texts else None,
        children=children,
        hidden=hidden,
    )


def _chunks(span: SpanEvent, permitted: Permitted) -> list[TraceChunk]:
    """Chunks that a span was given or cited, of documents that may be seen."""
    cited = {ref.ref for ref in span.refs if ref.role == "cited"}
    names = {ref.ref for ref in span.refs if "/" in ref.ref}
    found = []
    for key in ("hits", "retrieved", "citations"):
        for item in span.attributes.get(key) or ():
            if not isinstance(item, Mapping) or not isinstance(item.get("document"), str):
                continue
            document = item["document"]
            full = next((name for name in names if name.partition("/")[2] == document), None)
            if full is None or permitted(full):
                score = item.get("score")
                chunk = str(item.get("chunk_id") or "")
                found.append(
                    TraceChunk(
                        document=full or document,
                        chunk_id=chunk,
                        score=score if isinstance(score, int | float) else None,
                        cited=key == "citations" or chunk in cited,
                    )
                )
    return found


def _attempt(item: Any) -> dict[str, Any]:
    if not isinstance(item, Mapping):
        return {}
    told = {key: item[key] for key in _ATTEMPT if item.get(key) is not None}
    return {**told, "errors": len(item.get("errors") or ())}


def _value(facts: Mapping[str, Any], names: Sequence[str]) -> Any:
    return next((facts[name] for name in names if facts.get(name) not in (None, "", [])), None)
