"""One trace for one reader: it obeys the permissions of the documents it shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from headrace.errors import NotFoundError
from headrace.flows.traces.parts import TraceParts
from headrace.flows.why.permissions import permissions
from headrace.flows.why.reader import Reader
from headrace.observe.signals.kinds import checked_trace
from headrace.observe.traces.listing import line_of
from headrace.observe.traces.tree import documents_of, tree
from headrace.records.traces import TraceReport, TraceSignal


@contextmanager
def permitted_for(parts: TraceParts, access: Sequence[str] | None) -> Iterator[Callable[[str], bool]]:
    """What a caller with these access labels may see; None opens all but what is hidden."""
    with parts.ledger.read() as conn:
        reader = Reader(
            ledger=parts.ledger,
            conn=conn,
            events=parts.events,
            releases=parts.releases,
            corpora=parts.corpora,
        )
        yield permissions(reader, access)


def show(
    parts: TraceParts, trace: str, *, whole: bool = False, access: Sequence[str] | None = None
) -> TraceReport:
    """A trace as a tree with timings, tokens, cost, chunks, attempts and signals.

    Its texts are left out where one of its documents may not be read. Raises NotFoundError, UsageError.
    """
    trace = checked(trace)
    spans = parts.events.trace(trace)
    if not spans:
        raise NotFoundError("trace", trace, hint="`headrace trace list` shows the newest ones.")
    with permitted_for(parts, access) as permitted:
        closed = not all(permitted(name) for name in documents_of(spans))
        made = tree(spans, whole=whole, texts=not closed, permitted=permitted)
    return TraceReport(
        trace=line_of(spans),
        spans=tuple(made),
        hidden=len(spans) - len(made),
        closed=closed,
        signals=_signals(parts, trace, texts=not closed and access is None),
    )


def checked(trace: str) -> str:
    """A trace id as it is stored. Raises UsageError."""
    return checked_trace(trace.strip().lower())


def _signals(parts: TraceParts, trace: str, *, texts: bool) -> tuple[TraceSignal, ...]:
    found: Sequence[Any] = parts.signals.list(trace=trace, texts=texts).signals
    return tuple(TraceSignal(kind=item.kind, value=item.value, at=item.at) for item in found)
