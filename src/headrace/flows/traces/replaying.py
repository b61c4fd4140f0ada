"""Ask again what traces asked, with another prompt, model or index, and compare; nothing is recorded."""

from __future__ import annotations

import difflib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from headrace.errors import HeadraceError, UsageError
from headrace.flows.answer import Asker, rehearse
from headrace.flows.traces.rerendering import Rerendered, Tried, rerender
from headrace.infer.completions.base import ChatModel
from headrace.infer.providers.portal import portal
from headrace.ingest.search.retrieve import Query, Retriever
from headrace.ledger.events.base import EventStore
from headrace.records.call import SpanEvent
from headrace.records.traces import ReplayedOutput, ReplayedTrace, ReplayReport

Valid = Callable[[Mapping[str, Any], str], bool | None]
"""Whether an output fits a schema, given as the span names it; None where that cannot be said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayer:
    """Asks once more. None of its parts writes, and no cache is looked into."""

    events: EventStore
    asker: Callable[[str], Asker]
    """What answers questions over a corpus, with the prompt and model to try."""
    chat: Callable[[str], ChatModel]
    """The model to try, or the one of this name."""
    valid: Valid
    searcher: Callable[[str], Retriever]
    """What searches a corpus, in the generation to try."""
    tried: Callable[[SpanEvent], Tried | None] = lambda span: None
    """The prompt to make a call of, in place of its own; None sends the call as it was. Raises UsageError."""
    calls: bool = True
    """Whether anything of a call would be tried."""
    k: int | None = None
    """How many chunks a release gives an answer; None takes as many as then."""
    access: Sequence[str] | None = None
    """Labels of who asks: those of then count only where they are among them. None takes those of then."""


def replay(replayer: Replayer, traces: Sequence[str]) -> ReplayReport:
    """Ask every question and every call of these traces again."""
    found: list[ReplayedTrace] = []
    skipped = 0
    for trace in traces:
        span = _replayable(replayer.events.trace(trace), calls=replayer.calls)
        if span is None:
            skipped += 1
        else:
            found.append(_replay(replayer, span))
    failed = sum(item.after is None for item in found)
    same = sum(item.same for item in found)
    return ReplayReport(
        traces=tuple(found), same=same, changed=len(found) - same - failed, failed=failed, skipped=skipped
    )


def _replayable(spans: Sequence[SpanEvent], *, calls: bool) -> SpanEvent | None:
    """The outermost answer of a trace, or its first call, or else its first search."""
    asked = [span for span in spans if span.kind == "ask" and span.attributes.get("question")]
    called = [
        span
        for span in spans
        if calls and span.kind == "call" and isinstance(span.attributes.get("input"), list)
    ]
    searched = [span for span in spans if span.kind == "search" and span.attributes.get("query")]
    return next(iter([*asked, *called, *searched]), None)


def _replay(replayer: Replayer, span: SpanEvent) -> ReplayedTrace:
    before = _before(replayer.events.trace(span.trace_id), span)
    after: ReplayedOutput | None
    left_out: Sequence[str] = ()
    try:
        if span.kind == "call":
            after, left_out = _call_again(replayer, span)
        else:
            after = (_ask_again if span.kind == "ask" else _search_again)(replayer, span)
        error = None
    except HeadraceError as failure:
        after, error = None, str(failure)
    lines = [] if after is None else _difference(before.output, after.output)
    return ReplayedTrace(
        trace_id=span.trace_id,
        kind=span.kind,
        before=before,
        after=after,
        same=after is not None and not lines,
        diff=tuple(lines),
        overlap=None if after is None else _overlap(before.retrieved, after.retrieved),
        error=error,
        left_out=tuple(left_out),
    )


def _ask_again(replayer: Replayer, span: SpanEvent) -> ReplayedOutput:
    corpus = str(span.attributes.get("corpus") or span.name.partition(" ")[2])
    searched = next((item for item in replayer.events.trace(span.trace_id) if item.kind == "search"), None)
    facts: Mapping[str, Any] = searched.attributes if searched else {}
    query = _query(replayer, facts, corpus=corpus, text=span.attributes["question"], k=replayer.k)
    begun = time.perf_counter()
    answer, spans = rehearse(replayer.asker(corpus), query)
    return _output(spans, answer.answer, answer.model, answer.prompt, begun)


def _search_again(replayer: Replayer, span: SpanEvent) -> ReplayedOutput:
    facts = span.attributes
    corpus = str(facts.get("corpus") or span.name.partition(" ")[2])
    begun = time.perf_counter()
    hits = replayer.searcher(corpus)(_query(replayer, facts, corpus=corpus, text=facts["query"])).hits
    return _found(
        [hit.document for hit in hits],
        [hit.chunk_id for hit in hits],
        ms=round((time.perf_counter() - begun) * 1000, 3),
    )


def _query(
    replayer: Replayer, facts: Mapping[str, Any], *, corpus: str, text: Any, k: int | None = None
) -> Query:
    """What was searched for then, as the span of the search tells it."""
    labels = [str(label) for label in facts.get("access") or ()]
    if replayer.access is not None:
        labels = [label for label in labels if label in replayer.access]
    return Query(
        text=str(text),
        k=k or int(facts.get("k") or 8),
        filter=facts.get("filter"),
        access=tuple(labels),
        corpus=corpus,
        as_of_us=facts.get("as_of_us"),
    )


def _found(documents: Sequence[str], chunks: Sequence[str], *, ms: float) -> ReplayedOutput:
    """What a search gave: its documents, best first, each once, in a line each."""
    return ReplayedOutput(
        output="\n".join(dict.fromkeys(documents)),
        model=None,
        prompt=None,
        valid=None,
        input_tokens=None,
        output_tokens=None,
        cost_micro=None,
        currency=None,
        ms=ms,
        retrieved=tuple(dict.fromkeys(chunks)),
    )


def _output(
    spans: Sequence[SpanEvent], text: str, model: str | None, prompt: str | None, begun: float
) -> ReplayedOutput:
    chat = next((item for item in spans if item.kind == "chat"), None)
    return ReplayedOutput(
        output=text,
        model=model,
        prompt=prompt,
        valid=None,
        input_tokens=chat.input_tokens if chat else None,
        output_tokens=chat.output_tokens if chat else None,
        cost_micro=chat.cost_micro if chat else None,
        currency=chat.currency if chat else None,
        ms=round((time.perf_counter() - begun) * 1000, 3),
        retrieved=_retrieved(spans),
    )


def _call_again(replayer: Replayer, span: SpanEvent) -> tuple[ReplayedOutput, Sequence[str]]:
    """What a call gives now, and which of its variables the prompt that is tried does not take."""
    facts = span.attributes
    tried = replayer.tried(span)
    made = rerender(tried, facts) if tried else _as_sent(replayer, span)
    own = str(facts.get("gen_ai.request.model") or span.model or "")
    model = replayer.chat(made.model or own)
    begun = time.perf_counter()
    # Tools are never run: what they gave then stands among the messages.
    done = portal().run(model.complete(made.messages, dict(made.parameters)))
    tokens = (done.input_tokens, done.output_tokens)
    output = ReplayedOutput(
        output=done.text,
        model=done.model,
        prompt=made.prompt,
        valid=made.valid(done.text),
        input_tokens=tokens[0],
        output_tokens=tokens[1],
        cost_micro=model.price.micro(tokens[0] or 0, tokens[1] or 0),
        currency=model.price.currency or None,
        ms=round((time.perf_counter() - begun) * 1000, 3),
        retrieved=_retrieved([span]),
    )
    return output, made.left_out


def _as_sent(replayer: Replayer, span: SpanEvent) -> Rerendered:
    """A call with the very messages of then."""
    facts = span.attributes
    schema = facts.get("schema")
    if not all(isinstance(message, Mapping) for message in facts["input"]):
        raise UsageError("The messages of this call were erased, so it cannot be sent again.")
    return Rerendered(
        messages=facts["input"],
        parameters=facts.get("parameters") or {},
        prompt=span.prompt,
        model=None,
        valid=lambda text: replayer.valid(schema, text) if schema else None,
    )


def _before(spans: Sequence[SpanEvent], span: SpanEvent) -> ReplayedOutput:
    facts = span.attributes
    if span.kind == "search":
        hits = [hit for hit in facts.get("hits") or () if isinstance(hit, Mapping)]
        return _found(
            [str(hit.get("document")) for hit in hits],
            [str(hit.get("chunk_id")) for hit in hits],
            ms=round((span.end_ns - span.start_ns) / 1e6, 3),
        )
    chat = span if span.kind == "call" else next((item for item in spans if item.kind == "chat"), span)
    attempts = facts.get("attempts") or ()
    text = facts.get("answer") if span.kind == "ask" else facts.get("output")
    return ReplayedOutput(
        output=text if isinstance(text, str) else "",
        model=span.model,
        prompt=span.prompt,
        valid=any(item.get("valid") for item in attempts) if facts.get("schema") else None,
        input_tokens=chat.input_tokens,
        output_tokens=chat.output_tokens,
        cost_micro=chat.cost_micro,
        currency=chat.currency,
        ms=round((span.end_ns - span.start_ns) / 1e6, 3),
        retrieved=_retrieved(spans if span.kind == "ask" else [span]),
    )


def _retrieved(spans: Sequence[SpanEvent]) -> tuple[str, ...]:
    found = [
        str(item["chunk_id"])
        for span in spans
        for key in ("hits", "retrieved")
        for item in span.attributes.get(key) or ()
    ]
    return tuple(dict.fromkeys(found))


def _overlap(before: Sequence[str], after: Sequence[str]) -> float | None:
    together = {*before, *after}
    return round(len({*before} & {*after}) / len(together), 4) if together else None


def _difference(before: str, after: str) -> list[str]:
    old, new = before.strip().splitlines(), after.strip().splitlines()
    return list(difflib.unified_diff(old, new, "before", "after", lineterm="", n=1))
