"""Targets inside this workspace: the whole answer, and retrieval alone."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from headrace.curate.evals.base import Reply
from headrace.errors import UsageError

if TYPE_CHECKING:
    from headrace.ledger.events.base import EventStore
    from headrace.records.call import SpanEvent
    from headrace.records.search import Answer, SearchResult

_DEEPER = 3
"""Chunks looked for, for each document wanted: a document often has several among the best."""
_MOST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class AskTarget:
    """`ask`: retrieve, prompt, call, check citations; as whoever asks gets it."""

    ask: Callable[..., Answer]
    events: EventStore
    identity: Mapping[str, Any]
    k: int
    corpus: str | None

    def answer(self, inputs: Mapping[str, Any]) -> Reply:
        """Ask. Raises UsageError for a case without a question, ProviderError."""
        began = time.perf_counter()
        answer = self.ask(
            question_of(inputs),
            k=self.k,
            access=access_of(inputs),
            corpus=inputs.get("corpus") or self.corpus,
        )
        elapsed = (time.perf_counter() - began) * 1000
        spans = self.events.trace(answer.trace_id)
        hits = [hit for span in spans if span.kind == "search" for hit in span.attributes.get("hits") or ()]
        return Reply(
            output=answer.answer,
            documents=tuple(dict.fromkeys(str(hit["document"]) for hit in hits)),
            citations=[{"document": item.document, "quote": item.quote} for item in answer.citations],
            trace_id=answer.trace_id,
            tokens=sum(map(_tokens, spans)),
            latency_ms=round(elapsed, 3),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchTarget:
    """`search`: the documents found, without an answer."""

    search: Callable[..., SearchResult]
    identity: Mapping[str, Any]
    k: int
    corpus: str | None

    def answer(self, inputs: Mapping[str, Any]) -> Reply:
        """Search. Raises UsageError for a case without a question."""
        began = time.perf_counter()
        found = self.search(
            question_of(inputs),
            k=min(_MOST, self.k * _DEEPER),
            access=access_of(inputs),
            corpus=inputs.get("corpus") or self.corpus,
            filter=inputs.get("filter"),
        )
        elapsed = (time.perf_counter() - began) * 1000
        documents = tuple(dict.fromkeys(hit.document for hit in found.hits))[: self.k]
        return Reply(
            output=list(documents),
            documents=documents,
            trace_id=found.trace_id,
            latency_ms=round(elapsed, 3),
        )


def question_of(inputs: Mapping[str, Any]) -> str:
    """The question of a case. Raises UsageError."""
    question = inputs.get("question")
    if not isinstance(question, str) or not question.strip():
        listed = ", ".join(map(repr, inputs))
        raise UsageError(
            f"A case without `question` cannot be asked; it has {listed}.",
            hint="The targets `ask` and `search` take cases with a question; `prompt:NAME` takes variables.",
        )
    return question


def access_of(inputs: Mapping[str, Any]) -> Sequence[str]:
    """The access labels of a case."""
    labels = inputs.get("access") or ()
    return [str(label) for label in labels] if isinstance(labels, list | tuple) else [str(labels)]


def _tokens(span: SpanEvent) -> int:
    if span.kind != "chat":
        return 0
    named = (f"gen_ai.usage.{side}_tokens" for side in ("input", "output"))
    return sum(int(span.attributes.get(name) or 0) for name in named)
