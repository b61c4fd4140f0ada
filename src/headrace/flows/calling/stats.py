"""Counts over the newest calls."""

from __future__ import annotations

import time
from collections.abc import Mapping

from headrace.errors import UsageError
from headrace.infer.gateway.counting import Counts, Group, count_calls, fill_rates
from headrace.infer.gateway.spans import KIND
from headrace.ledger import call_letters
from headrace.ledger.events.base import EventStore
from headrace.ledger.ledger import Ledger
from headrace.records.calls import CallCounts, CallStats
from headrace.records.times import rfc3339

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def call_stats(
    events: EventStore, ledger: Ledger, *, since: str, limit: int, breakers: Mapping[str, str]
) -> CallStats:
    """Count the newest calls, at most `limit`, no older than `since`, such as `7d`. Raises UsageError."""
    since_ns = time.time_ns() - _seconds(since) * 1_000_000_000
    spans = [span for span in events.recent(kind=KIND, limit=limit) if span.end_ns >= since_ns]
    with ledger.read() as conn:
        opened = call_letters.count(conn)
    groups = count_calls(span.attributes for span in spans)
    return CallStats(
        since=rfc3339(since_ns // 1000),
        calls=len(spans),
        without_schema=sum(span.attributes.get("schema") is None for span in spans),
        without_prompt=sum(span.prompt is None for span in spans),
        open_dead_letters=opened,
        breakers=breakers,
        groups=sorted(
            (_report(group, counts) for group, counts in groups.items()), key=lambda item: -item.calls
        ),
    )


def _report(group: Group, counts: Counts) -> CallCounts:
    return CallCounts(
        prompt=group.prompt,
        schema=group.schema,
        model=group.model,
        correction_ms=round(counts.correction_ms, 3),
        fill_rates=fill_rates(counts),
        **{name: counts.numbers[name] for name in _NUMBERS},
    )


_NUMBERS = (
    "calls",
    "valid",
    "first_valid",
    "repaired",
    "reasked",
    "fell_back",
    "dead_lettered",
    "fenced",
    "prose",
    "syntax",
    "truncated",
    "refused",
    "upstream_errors",
    "cached",
    "input_tokens",
    "output_tokens",
    "cost_micro",
)


def _seconds(length: str) -> int:
    number, unit = length[:-1], length[-1:]
    if not number.isdecimal() or unit not in _UNITS:
        raise UsageError(f"{length!r} is not a length of time.", hint="Write for example 90m, 24h or 7d.")
    return int(number) * _UNITS[unit]
