"""Spans of calls, durable before they are acknowledged, apart from the ledger because they are bulky."""

from headrace.ledger.events.base import EventStore, Redactor, SpanLink
from headrace.ledger.events.opening import open_events

__all__ = ["EventStore", "Redactor", "SpanLink", "open_events"]
