"""Answers of production, read from the event store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headrace.curate.golden.parts import TracedAnswer
from headrace.observe.signals.shown import ANSWERING, shown

if TYPE_CHECKING:
    from headrace.ledger.events.base import EventStore
    from headrace.records.call import SpanEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class EventTraces:
    """The traffic of a workspace."""

    events: EventStore

    def answered(self, since_ns: int, until_ns: int) -> Sequence[str]:
        """Traces that answered somebody in a time."""
        return [name for name, _ in self.events.answered(ANSWERING, since_ns=since_ns, until_ns=until_ns)]

    def load(self, trace_ids: Sequence[str]) -> Sequence[TracedAnswer]:
        """These answers."""
        return [item for name in trace_ids if (item := _answer(self.events.trace(name))) is not None]


def _answer(spans: Sequence[SpanEvent]) -> TracedAnswer | None:
    answer = shown(spans)
    if answer is None:
        return None
    subject = next((span.subject for span in spans if span.subject), None)
    cited = [item for span in spans for item in span.attributes.get("citations") or () if span.kind == "ask"]
    documents = dict.fromkeys(str(item["document"]) for item in cited if "document" in item)
    return TracedAnswer(answer.trace_id, answer.question, answer.answer, subject, tuple(documents))
