"""`workspace.receiving`: take OTLP in, look at what could not be kept, send spans on."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from headrace.errors import ProviderError, UsageError
from headrace.ledger import trace_quarantine
from headrace.ledger.trace_quarantine import State
from headrace.observe.traces.receiving.arrived import Signal
from headrace.records.receiving import (
    QuarantinedBody,
    QuarantinedItems,
    QuarantineRetry,
    QuarantineSettled,
    Receipt,
    ReceivingStatus,
    SentReport,
)

if TYPE_CHECKING:
    from headrace.ledger.events.base import EventStore
    from headrace.ledger.ledger import Ledger
    from headrace.observe.traces.receiving.quarantine import Quarantine
    from headrace.observe.traces.receiving.receiving import Receiver
    from headrace.observe.traces.receiving.spill import Spill
    from headrace.observe.traces.receiving.storing import Storing
    from headrace.records.call import SpanEvent

_HOUR_NS = 3_600_000_000_000
_BATCH = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivingParts:
    """What the operations work with."""

    ledger: Ledger
    events: EventStore
    receiver: Receiver
    storing: Storing
    spill: Spill
    quarantine: Quarantine
    actor: str
    export: str | None = None
    """Collector of `[traces] export`."""
    headers: Mapping[str, str] | None = None
    """Of every request to a collector."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivingOperations:
    """What can be done with traces of other programs."""

    parts: ReceivingParts

    def receive(self, data: bytes, *, signal: Signal = "traces", as_json: bool = False) -> Receipt:
        """Keep the body of an OTLP request, protobuf or JSON; what is counted as kept is durable.

        The same spans may come any number of times and in any order. Raises UsageError for a body that is no
        such request, StorageError where nothing can be written.
        """
        return self.parts.receiver.receive(data, signal, as_json=as_json)

    def status(self) -> ReceivingStatus:
        """How receiving stands: what waits, and what could not be kept."""
        with self.parts.ledger.read() as conn:
            open_items = trace_quarantine.count(conn)
        return ReceivingStatus(
            redact=self.parts.receiver.redactor.mode,
            waiting_bytes=self.parts.spill.size_bytes(),
            quarantined=open_items,
            export=None if self.parts.export is None else self.parts.export.partition("?")[0],
        )

    def drain(self) -> int:
        """Write what waits beside the store of spans into it, now; returns how many spans.

        A server does so by itself. Raises StorageError when the store takes none.
        """
        return self.parts.storing.drain()

    def quarantined(
        self, *, state: State | None = "open", reason: str | None = None, limit: int = 100
    ) -> QuarantinedItems:
        """Spans and log records that could not be kept, newest first; `state` None is all.

        Raises UsageError.
        """
        from headrace.observe.traces.receiving.quarantine import record_of

        if limit < 1:
            raise UsageError(f"`limit` is {limit}; it must be 1 or more.")
        with self.parts.ledger.read() as conn:
            rows = trace_quarantine.list(conn, state=state, reason=reason, limit=limit)
            open_items = trace_quarantine.count(conn)
        return QuarantinedItems(items=[record_of(row) for row in rows], open=open_items)

    def quarantined_item(self, item: str) -> QuarantinedBody:
        """One of them with what it says. Raises NotFoundError."""
        from headrace.observe.traces.receiving.quarantine import record_of

        row, body = self.parts.quarantine.open(item)
        return QuarantinedBody(item=record_of(row), body=body)

    def retry(
        self,
        items: Sequence[str] = (),
        *,
        all: bool = False,  # noqa: A002 - the word of the command
    ) -> QuarantineRetry:
        """Try again to keep quarantined items, once their cause is put right.

        What still cannot be kept stays. Raises NotFoundError, UsageError.
        """
        from headrace.observe.traces.receiving.quarantine import arrived_from

        kept: list[str] = []
        waiting: dict[str, str] = {}
        for name in self._named(items, every=all):
            row, body = self.parts.quarantine.open(name)
            if body is None:
                waiting[name] = f"it is {row.state}"
                continue
            arrived = arrived_from(body)
            signal: Signal = "logs" if row.signal == "logs" else "traces"
            problem = self._again(arrived, signal)
            if problem is None:
                kept.append(name)
            else:
                waiting[name] = problem
        actor = self.parts.actor
        self.parts.ledger.write(lambda tx: trace_quarantine.settle(tx, kept, "retried", actor=actor))
        return QuarantineRetry(kept=kept, waiting=waiting)

    def discard(
        self,
        items: Sequence[str] = (),
        *,
        all: bool = False,  # noqa: A002
    ) -> QuarantineSettled:
        """Drop what was kept of quarantined items for good. Raises NotFoundError, UsageError."""
        named = self._named(items, every=all)
        for name in named:
            self.parts.quarantine.open(name)
        actor = self.parts.actor
        done = self.parts.ledger.write(
            lambda tx: trace_quarantine.settle(tx, named, "discarded", actor=actor)
        )
        return QuarantineSettled(discarded=done)

    def send(
        self,
        url: str | None = None,
        *,
        trace: str | None = None,
        kind: str | None = None,
        hours: float | None = None,
        limit: int | None = None,
    ) -> SentReport:
        """Send spans to an OTLP collector: all, or those of a trace, a kind, or the last hours.

        Without `url` to that of `[traces] export`. Sending twice is the same as once where the collector
        knows spans by their ids. Raises UsageError, RetryableError, TerminalError.
        """
        from headrace.observe.traces.receiving.sending import Collector

        if url is None and self.parts.export is None:
            raise UsageError(
                "Where to? No address was given, and `[traces] export` is not set.",
                hint="Such as http://127.0.0.1:4318.",
            )
        collector = Collector(url or self.parts.export or "", headers=self.parts.headers)
        taken, refused, said = 0, 0, ""
        for batch in _batches(self._chosen(trace, kind, hours), limit):
            try:
                sent = collector.send(batch)
            except ProviderError as error:
                error.details["sent"] = taken
                raise
            taken, refused, said = taken + sent.taken, refused + sent.refused, sent.message or said
        return SentReport(url=collector.shown, spans=taken, refused=refused, message=said)

    def _chosen(self, trace: str | None, kind: str | None, hours: float | None) -> Iterator[SpanEvent]:
        from headrace.observe.traces.receiving.exporting import is_sendable

        since = 0 if hours is None else time.time_ns() - int(hours * _HOUR_NS)
        spans = self.parts.events.all() if trace is None else iter(self.parts.events.trace(trace))
        for span in spans:
            if is_sendable(span) and span.end_ns >= since and kind in (None, span.kind):
                yield span

    def _again(self, arrived: Any, signal: Signal) -> str | None:
        """Keep one item without putting it into quarantine again; gives the reason why that cannot be."""
        from headrace.observe.traces.receiving.arrived import check_log, check_span

        check = check_span if signal == "traces" else check_log
        problem = check(arrived, time.time_ns())
        if problem is None:
            receipt = self.parts.receiver.take([arrived], signal)
            problem = arrived.problem
            if problem is None and receipt.spans + receipt.logs == 1:
                return None
        return "it says nothing of a call" if problem is None else f"{problem.reason}: {problem.detail}"

    def _named(self, items: Sequence[str], *, every: bool) -> list[str]:
        if bool(items) == every:
            raise UsageError(
                "Which items? Name some, or take all that wait.",
                hint="`headrace trace quarantine list` names them; --all takes every open one.",
            )
        if not every:
            return list(items)
        with self.parts.ledger.read() as conn:
            return [row.id for row in trace_quarantine.list(conn, limit=1_000_000)]


def _batches(spans: Iterator[SpanEvent], limit: int | None) -> Iterator[list[SpanEvent]]:
    batch: list[SpanEvent] = []
    for number, span in enumerate(spans):
        if limit is not None and number >= limit:
            break
        batch.append(span)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
