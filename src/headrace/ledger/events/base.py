"""What a store of spans can do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, NamedTuple, Protocol, runtime_checkable

from headrace.records.call import SpanEvent

if TYPE_CHECKING:
    from headrace.ledger.events.erasing import Redaction
    from headrace.ledger.events.finding import Place, SpanQuery

Redactor = Callable[[Sequence[SpanEvent]], Sequence[SpanEvent]]
"""Takes personal data and secrets out of spans before their first byte is written."""

Merge = Callable[[SpanEvent, SpanEvent], SpanEvent]
"""Of the span that is kept and the one that arrives, both redacted, the span to keep."""


class SpanLink(NamedTuple):
    """A span that touched something."""

    trace_id: str
    span_id: str
    role: str
    """retrieved or cited."""
    kind: str
    end_ns: int


@runtime_checkable
class EventStore(Protocol):
    """Keeps spans by the UTC day in which they ended."""

    @property
    def safe_url(self) -> str:
        """Where it lies, without credentials."""
        ...

    def append(self, spans: Sequence[SpanEvent], *, merge: Merge | None = None) -> Future[None]:
        """Write spans; the future resolves once they are durable.

        A span that is there already (same trace and span id, same end) is left as it is; with `merge`, which
        must be pure and keep the ids, it becomes `merge(kept, arriving)`, so that content which came late,
        from several senders too, is never lost; then the two may end at different times, and the merged one
        too, as long as they end within days of each other. The future fails with
        StorageError when redaction or the disk failed; then nothing of these spans was written in the clear.
        Raises StorageError after close.
        """
        ...

    def trace(self, trace_id: str) -> list[SpanEvent]:
        """Every span of a trace in the order of their start."""
        ...

    def by_ref(self, ref: str, *, role: str | None = None, limit: int = 50) -> list[SpanLink]:
        """Spans that retrieved or cited a chunk or document, newest first."""
        ...

    def met(self, refs: Sequence[str], *, since_ns: int) -> dict[str, tuple[int, int]]:
        """How often each chunk or document was retrieved and cited since a time; others are left out."""
        ...

    def recent(self, *, kind: str | None = None, limit: int = 50) -> list[SpanEvent]:
        """The spans that ended last, newest first."""
        ...

    def find(self, query: SpanQuery, *, place: Place | None = None, limit: int = 50) -> list[SpanEvent]:
        """Spans that meet a query, newest first, after a place; without attributes and references."""
        ...

    def count(self, since_ns: int) -> int:
        """How many spans ended at or after a time, in Unix nanoseconds."""
        ...

    def by_prompt(self, kinds: Sequence[str], *, since_ns: int) -> dict[str | None, int]:
        """How many spans of these kinds ended since a time, by the digest of their prompt."""
        ...

    def answered(
        self, kinds: Sequence[str], *, since_ns: int, until_ns: int | None = None
    ) -> list[tuple[str, int]]:
        """Traffic: traces with a span of these kinds, each with the end of the last if it is within a time.

        Spans that evals made are none.
        """
        ...

    def all(self) -> Iterator[SpanEvent]:
        """Every span, in no particular order."""
        ...

    def touching(self, redaction: Redaction) -> int:
        """How many spans tell of the documents or users that a redaction takes out."""
        ...

    def erase(self, redaction: Redaction) -> int:
        """Redact those spans for good, with what logs and free pages hold; returns how many there were."""
        ...

    def close(self) -> None:
        """Finish what is queued and close; closing twice is allowed."""
        ...


def by_role(counts: Mapping[tuple[str, str], int]) -> dict[str, tuple[int, int]]:
    """Counts by (ref, role) as ref to how often it was retrieved and cited."""
    refs = {ref for ref, _ in counts}
    return {ref: (counts.get((ref, "retrieved"), 0), counts.get((ref, "cited"), 0)) for ref in refs}
