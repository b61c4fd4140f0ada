"""What a trace showed its user: the answer, its citations, and whose session it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from headrace.records.call import SpanEvent

ANSWERING = ("ask", "call", "chat")
"""Kinds of spans that answer somebody."""
_SESSION_KEYS = ("session", "session.id", "gen_ai.conversation.id")
_COMPARED_CHARACTERS = 4000
"""Of two texts, to measure how far one was edited."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One trace as its user saw it."""

    trace_id: str
    started_ns: int
    ended_ns: int
    question: str
    answer: str
    citations: Sequence[str] | None
    """Chunk ids in the order of their numbers; None where the trace does not tell."""
    session: str | None
    failed: bool

    @property
    def refused(self) -> bool:
        """Whether the user got nothing: an error, no text, or an answer without any ground."""
        return self.failed or not self.answer.strip() or self.citations == ()


def shown(spans: Sequence[SpanEvent]) -> Shown | None:
    """What the spans of one trace showed; None for a trace that answered nobody."""
    answering = [span for span in spans if span.kind in ANSWERING]
    if not answering:
        return None
    # The outermost is what the user met: an `ask` holds the chat that wrote it.
    own = {span.span_id for span in answering}
    outer = [span for span in answering if span.parent_span_id not in own]
    first, last = outer[0], outer[-1]
    facts = last.attributes
    cited = facts.get("citations")
    return Shown(
        trace_id=first.trace_id,
        started_ns=first.start_ns,
        ended_ns=max(span.end_ns for span in outer),
        question=_question(first.attributes),
        answer=_text(facts.get("answer") or facts.get("output")),
        citations=tuple(str(item.get("chunk_id")) for item in cited) if isinstance(cited, list) else None,
        session=_session(spans),
        failed=last.status == "error",
    )


def is_exposed(kind: str, value: Any, answer: Shown) -> bool:
    """Whether the answer showed what a signal is about.

    A click needs the citation that it names, and what is done with an answer needs one.
    """
    if kind == "citation_click":
        cited = answer.citations
        if cited is None:
            return True
        return value in cited if isinstance(value, str) else 1 <= int(value) <= len(cited)
    if kind in ("copy", "dwell", "code_applied", "edited_text"):
        return bool(answer.answer.strip())
    return True


def share_changed(answer: str, edited: str) -> float:
    """How much of an answer an edit changed: 0 for none of it, 1 for all; by the longest common pieces."""
    before, after = answer[:_COMPARED_CHARACTERS], edited[:_COMPARED_CHARACTERS]
    return round(1.0 - SequenceMatcher(None, before, after, autojunk=False).ratio(), 4)


def _session(spans: Sequence[SpanEvent]) -> str | None:
    for span in spans:
        for key in _SESSION_KEYS:
            if span.attributes.get(key):
                return str(span.attributes[key])
    return None


def _question(facts: Mapping[str, Any]) -> str:
    if isinstance(facts.get("question"), str):
        return str(facts["question"])
    messages = facts.get("input")
    if isinstance(messages, list):
        asked = [item for item in messages if isinstance(item, Mapping) and item.get("role") == "user"]
        return _text(asked[-1].get("content")) if asked else ""
    return _text(messages)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
