"""What is known of a trace: the facts that rules speak of."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from headrace.observe.signals.shown import ANSWERING, Shown, shown
from headrace.records.call import SpanEvent

Message = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceFacts:
    """One trace that answered somebody."""

    shown: Shown
    """Question, answer, citations, session and times."""
    kind: str
    """ask, call or chat: the outermost span."""
    messages: Sequence[Message]
    """What the model was sent; the question alone where the trace does not tell."""
    corpus: str | None
    prompt: str | None
    """Digest of its version."""
    model: str | None
    release: str | None
    subject: str | None
    """Keyed hash of the user."""
    error: str | None
    dead_letter: bool
    schema_violation: bool
    """Whether a model wrote something that its schema refuses, even if a later attempt was valid."""
    refused: bool
    """Whether the model refused to answer."""
    truncated: bool
    removed_citations: int
    """Citations that did not hold and were taken out."""
    confidence: float | None
    """As the output or the span says it."""
    input_tokens: int | None
    retrieved: Sequence[str]
    """Documents as `corpus/uri`, those found."""
    cited: Sequence[str]
    """Documents as `corpus/uri`, those cited."""
    marked: Sequence[str]
    """Documents that carried a mark, such as superseded."""
    failed_tools: Sequence[str]
    """Tools that failed, or that the model asked for and do not exist."""
    depth: int
    """Generations of models behind the output; 1 for a model that learnt from people alone."""

    @property
    def seconds(self) -> float:
        """From the question to the answer."""
        return max(0, self.shown.ended_ns - self.shown.started_ns) / 1e9

    @property
    def uncited(self) -> bool:
        """Whether an answer from documents cites none."""
        return self.kind == "ask" and not self.shown.failed and self.shown.citations == ()

    @property
    def unanswered(self) -> bool:
        """Whether the user got nothing: an error, no text, or no ground for an answer."""
        return self.shown.refused or self.refused


def facts_of(spans: Sequence[SpanEvent]) -> TraceFacts | None:
    """The facts of the spans of one trace; None for a trace that answered nobody."""
    answer = shown(spans)
    if answer is None:
        return None
    answering = [span for span in spans if span.kind in ANSWERING]
    own = {span.span_id for span in answering}
    outer = [span for span in answering if span.parent_span_id not in own][-1]
    attempts = [item for span in answering for item in _listed(span.attributes.get("attempts"))]
    return TraceFacts(
        shown=answer,
        kind=outer.kind,
        messages=_messages(answering, answer.question),
        corpus=_text(outer.attributes.get("corpus")),
        prompt=_first(span.prompt for span in answering),
        model=_first(span.model for span in reversed(answering)),
        release=_first(span.release for span in answering),
        subject=_first(span.subject for span in spans),
        error=outer.error,
        dead_letter=any(span.attributes.get("dead_letter") for span in answering),
        schema_violation=any(item.get("errors") and not item.get("valid") for item in attempts),
        refused=any(item.get("refusal") for item in attempts[-1:]),
        truncated=any(item.get("finish_reason") == "length" for item in attempts),
        removed_citations=len(_sequence(outer.attributes.get("citations_removed"))),
        confidence=_confidence(outer),
        input_tokens=_tokens(answering),
        retrieved=_documents(spans, "retrieved"),
        cited=_documents(spans, "cited"),
        marked=_marked(outer),
        failed_tools=_failed_tools(spans, attempts),
        depth=1 + _whole(outer.attributes.get("generation_depth")),
    )


def _messages(answering: Sequence[SpanEvent], question: str) -> Sequence[Message]:
    """What the innermost model call was sent, without the parts that are no role and text."""
    for span in reversed(answering):
        given = _listed(span.attributes.get("input"))
        if given:
            return [
                {"role": str(item.get("role", "user")), "content": item.get("content")}
                for item in given
                if item.get("content") is not None
            ]
    return [{"role": "user", "content": question}]


def _confidence(span: SpanEvent) -> float | None:
    value = span.attributes.get("confidence")
    output = span.attributes.get("output")
    if value is None and isinstance(output, str) and output.lstrip().startswith("{"):
        try:
            read = json.loads(output)
        except (ValueError, RecursionError):
            return None
        value = read.get("confidence") if isinstance(read, dict) else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        return None
    return float(value)


def _tokens(answering: Sequence[SpanEvent]) -> int | None:
    for span in reversed(answering):
        value = span.input_tokens
        if value is None:
            value = span.attributes.get("gen_ai.usage.input_tokens")
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            return value
    return None


def _documents(spans: Sequence[SpanEvent], role: str) -> tuple[str, ...]:
    refs = (ref.ref for span in spans for ref in span.refs if ref.role == role and "/" in ref.ref)
    return tuple(dict.fromkeys(refs))


def _marked(span: SpanEvent) -> tuple[str, ...]:
    cited = _listed(span.attributes.get("citations"))
    corpus = span.attributes.get("corpus")
    names = (f"{corpus}/{item.get('document')}" for item in cited if item.get("marks"))
    return tuple(dict.fromkeys(names))


def _failed_tools(spans: Sequence[SpanEvent], attempts: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    failed = [span.name.removeprefix("execute_tool ") for span in spans if span.kind == "tool"]
    broken = [
        name
        for name, span in zip(failed, (span for span in spans if span.kind == "tool"), strict=True)
        if span.status == "error"
    ]
    unknown = [
        str(problem.get("path") or "tool")
        for item in attempts
        for problem in _listed(item.get("errors"))
        if "tool" in str(problem.get("message", "")).lower()
    ]
    return tuple(dict.fromkeys([*broken, *unknown]))


def _sequence(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else ()


def _listed(value: Any) -> list[Mapping[str, Any]]:
    return [item for item in _sequence(value) if isinstance(item, Mapping)]


def _first(values: Any) -> str | None:
    return next((value for value in values if value), None)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _whole(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
