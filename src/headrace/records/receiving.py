"""What was received of traces, what could not be kept of it, and what was sent on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

QuarantineState = Literal["open", "retried", "discarded"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What became of one OTLP request. What it counts as kept is durable."""

    spans: int = 0
    """Kept, as many as were sent: those that were there already count too."""
    logs: int = 0
    """Log records that were put to their spans."""
    signals: int = 0
    """Of them, what users said of answers."""
    quarantined: int = 0
    """Spans and log records that could not be kept; they wait with their reason."""
    ignored: int = 0
    """Log records that say nothing of calls; they were not kept."""
    message: str = ""
    """What the sender is told beside it; empty where all is well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantinedItem:
    """A span or log record that could not be kept."""

    id: str
    """What commands name it by."""
    signal: str
    """`traces` or `logs`."""
    reason: str
    """bad_ids, bad_times, too_large, undecodable, not_understood or redaction_failed."""
    detail: str
    """What is wrong."""
    trace_id: str | None
    """As it was sent, which may be no trace id."""
    span_id: str | None
    """As it was sent."""
    size_bytes: int
    """Of what is kept sealed."""
    received_at: str
    """RFC 3339."""
    state: QuarantineState
    """Whether it waits."""
    settled_at: str | None = None
    """When it was retried or discarded."""
    settled_by: str | None = None
    """Who retried or discarded it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantinedItems:
    """Items, newest first."""

    items: Sequence[QuarantinedItem]
    """Without what they say."""
    open: Mapping[str, int]
    """How many wait, by reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantinedBody:
    """An item with what it says."""

    item: QuarantinedItem
    """What is known of it."""
    body: Mapping[str, Any] | None
    """Unsealed; None once it is settled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantineRetry:
    """What became of items that were tried again."""

    kept: Sequence[str]
    """Ids of those that are spans now."""
    waiting: Mapping[str, str] = field(default_factory=dict)
    """Id to the reason why an item still cannot be kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantineSettled:
    """Items that were discarded."""

    discarded: int
    """How many were open until now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivingStatus:
    """How receiving stands."""

    redact: str
    """tokens, remove, hash or off."""
    waiting_bytes: int
    """Spans put aside until the store takes them, in bytes."""
    quarantined: Mapping[str, int]
    """How many items wait, by reason."""
    export: str | None
    """Where spans are sent on to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SentReport:
    """Spans that were sent to a collector."""

    url: str
    """Without credentials."""
    spans: int
    """Taken by the collector."""
    refused: int
    """Not taken by it."""
    message: str = ""
    """What it said of those."""
