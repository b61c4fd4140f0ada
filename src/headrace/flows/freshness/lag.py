"""How far each source is ahead of what is searchable."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from headrace.ledger import freshness, listings
from headrace.ledger.freshness import DAY_US, Day
from headrace.ledger.listings import ListingRow
from headrace.records.freshness import WINDOW_DAYS, FreshnessDay, Service, SourceFreshness

if TYPE_CHECKING:
    from sqlalchemy import Connection


def lag(conn: Connection, corpus: str, services: Mapping[str, Service]) -> tuple[SourceFreshness, ...]:
    """One record for each source; `services` maps the configured ones to what is asked of them."""
    now_us = time.time_ns() // 1000
    listed = listings.load(conn, corpus)
    days = freshness.load(conn, corpus, since_day=now_us // DAY_US - WINDOW_DAYS + 1)
    return tuple(
        _source(
            corpus, source, service, listed.get(source), [day for day in days if day.source == source], now_us
        )
        for source, service in services.items()
    )


def _source(
    corpus: str, source: str, service: Service, row: ListingRow | None, days: list[Day], now_us: int
) -> SourceFreshness:
    listed = _age(row.complete_at_us if row else None, now_us)
    waiting = _age(row.waiting_since_us if row else None, now_us)
    lag_seconds = None if listed is None else max(listed, waiting or 0.0)
    target = None if service.freshness_us is None else service.freshness_us / 1e6
    changes, late = sum(day.changes for day in days), sum(day.late for day in days)
    return SourceFreshness(
        corpus=corpus,
        source=source,
        target_seconds=target,
        objective=service.objective,
        lag_seconds=lag_seconds,
        listed_seconds=listed,
        waiting_seconds=waiting,
        waiting=row.waiting if row else 0,
        documents=row.documents if row else 0,
        reason=row.reason if row else "never listed",
        breached=target is not None and (lag_seconds is None or lag_seconds > target),
        changes=changes,
        late=late,
        budget_left=None if target is None else budget_left(changes, late, service.objective),
        days=tuple(_day(day) for day in days),
    )


def budget_left(changes: int, late: int, objective: float) -> float:
    """Share of the late changes that an objective allows and that are left, 0 to 1."""
    allowed = (1 - objective) * changes
    if late == 0:
        return 1.0
    return round(max(0.0, 1 - late / allowed), 4) if allowed else 0.0


def _age(time_us: int | None, now_us: int) -> float | None:
    return None if time_us is None else round(max(0, now_us - time_us) / 1e6, 3)


def _day(day: Day) -> FreshnessDay:
    date = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day.day)
    return FreshnessDay(
        day=date.date().isoformat(),
        changes=day.changes,
        late=day.late,
        mean_lag_seconds=round(day.total_lag_us / day.changes / 1e6, 3),
        max_lag_seconds=round(day.max_lag_us / 1e6, 3),
    )
