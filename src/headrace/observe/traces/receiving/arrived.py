"""A span or a log record as it arrived, and what is wrong with one that cannot be kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

Signal = Literal["traces", "logs"]
"""What a request carries, as in its path."""

MAX_ITEM_BYTES = 4_000_000
"""The largest span or log record."""
MAX_BACKWARDS_NS = 3_600_000_000_000
"""A span may end before it starts by as much as clocks may disagree."""
MAX_AHEAD_NS = 86_400_000_000_000
"""Nothing ends later than a day from now."""
_LAST_NS = 9_223_372_036_854_775_807


class Problem(NamedTuple):
    """Why something that arrived is kept out."""

    reason: str
    """bad_ids, bad_times, too_large, undecodable or redaction_failed."""
    detail: str
    """What is wrong, without what was sent."""


@dataclass(slots=True)
class Arrived:
    """One span or log record; its texts are replaced in place by redacted ones."""

    trace_id: str
    """Lowercase hex as sent, of any length."""
    span_id: str
    body: dict[str, Any]
    """A span: name, kind, start, end, parent, state, flags, status, attributes, events, links, dropped.
    A log record: time, observed, severity, event, body, attributes, dropped. What is empty is left out."""
    resource: Mapping[str, Any]
    """attributes, dropped, schema; shared by all that came with it."""
    scope: Mapping[str, Any]
    size_bytes: int = 0
    """0 where the whole request is small."""
    redacted: dict[str, int] = field(default_factory=dict)
    """Findings by type that were taken out."""
    problem: Problem | None = None


def check_span(item: Arrived, now_ns: int) -> Problem | None:
    """What is wrong with a span, or None."""
    if (problem := _ids_and_size(item)) is not None:
        return problem
    start, end = item.body.get("start", 0), item.body.get("end", 0)
    if not 0 < end <= _LAST_NS or not 0 <= start <= _LAST_NS:
        return Problem("bad_times", "It has no start or no end.")
    if start - end > MAX_BACKWARDS_NS:
        return Problem("bad_times", f"It ends {(start - end) / 1e9:.0f} s before it starts.")
    if max(start, end) - now_ns > MAX_AHEAD_NS:
        return Problem("bad_times", f"It ends {(end - now_ns) / 86_400e9:.1f} days in the future.")
    return None


def check_log(item: Arrived, now_ns: int) -> Problem | None:
    """What is wrong with a log record, or None."""
    if (problem := _ids_and_size(item)) is not None:
        return problem
    time = item.body.get("time", 0)
    if not 0 <= time <= _LAST_NS or time - now_ns > MAX_AHEAD_NS:
        return Problem("bad_times", "Its time lies in the future or is none.")
    return None


def _ids_and_size(item: Arrived) -> Problem | None:
    if item.problem is not None:
        return item.problem
    if not _is_id(item.trace_id, 32):
        return Problem("bad_ids", "The trace id is not 16 bytes that are not all zero.")
    if not _is_id(item.span_id, 16):
        return Problem("bad_ids", "The span id is not 8 bytes that are not all zero.")
    if item.size_bytes > MAX_ITEM_BYTES:
        return Problem("too_large", f"It has {item.size_bytes:,} bytes; allowed are {MAX_ITEM_BYTES:,}.")
    return None


def _is_id(text: str, digits: int) -> bool:
    return len(text) == digits and text.strip("0") != "" and not text.strip("0123456789abcdef")
