"""Feature views over tables in memory, for tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from headrace.observe.features.base import FeatureSource, FeatureView
from headrace.observe.features.reading import Sources

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


def view(
    *,
    entity: tuple[str, ...] = ("user",),
    key_types: tuple[Any, ...] = ("string",),
    known: bool = True,
    ttl_us: int | None = None,
    columns: dict[str, Any] | None = None,
) -> FeatureView:
    """A view `account` of what `sources` gives."""
    return FeatureView(
        name="account",
        entity=entity,
        key_types=key_types,
        source=FeatureSource(kind="sql", text="", database="memory"),
        event_time="at",
        known_time="known" if known else None,
        columns=columns or {"value": "integer"},
        ttl_us=ttl_us,
        subject=entity[0],
    )


def sources(table: pa.Table) -> Sources:
    """Sources that give this table."""
    return Sources(root=Path(), query=lambda name, text: table, function=lambda text: table)


def at(microseconds: int) -> datetime:
    """A time."""
    return EPOCH + timedelta(microseconds=microseconds)
