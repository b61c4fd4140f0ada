"""Point-in-time joins of a file, or of rows in memory."""

from __future__ import annotations

import time as clock
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headrace.flows.asof import time_us
from headrace.observe.features.joining import Joined, join_features
from headrace.observe.features.parts import FeatureParts
from headrace.observe.features.requests import check_out, read_table, table_of, write_table
from headrace.observe.traces.consenting import checked_purpose
from headrace.records.features import JoinReport

if TYPE_CHECKING:
    from headrace.ledger.consents import Purpose


def join_file(
    parts: FeatureParts,
    requests: Path,
    features: Sequence[str],
    *,
    out: Path,
    time: str,
    as_known: str | datetime | None,
    purpose: Purpose | None,
) -> JoinReport:
    """Join a file of requests into another file."""
    started = clock.monotonic()
    check_out(out)
    asked = read_table(requests)
    joined = join_features(
        parts, asked, features, time=time, known_us=_known(as_known), purpose=_checked(purpose)
    )
    write_table(joined.table, out)
    return _report(joined, started, out=str(out))


def join_rows(
    parts: FeatureParts,
    rows: Sequence[Mapping[str, Any]],
    features: Sequence[str],
    *,
    time: str,
    as_known: str | datetime | None,
    purpose: Purpose | None,
) -> JoinReport:
    """Join rows and give them back with their features."""
    started = clock.monotonic()
    asked = table_of(rows)
    joined = join_features(
        parts, asked, features, time=time, known_us=_known(as_known), purpose=_checked(purpose)
    )
    values = tuple({key: _plain(value) for key, value in row.items()} for row in joined.table.to_pylist())
    return _report(joined, started, values=values)


def _checked(purpose: str | None) -> Purpose | None:
    return None if purpose is None else checked_purpose(purpose)


def _known(as_known: str | datetime | None) -> int | None:
    return None if as_known is None else time_us(as_known)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=UTC)
        return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return value


def _report(
    joined: Joined, started: float, *, out: str | None = None, values: tuple[Mapping[str, Any], ...] = ()
) -> JoinReport:
    return JoinReport(
        rows=len(joined.table),
        features=joined.features,
        statuses=joined.statuses,
        unreadable=joined.unreadable,
        out=out,
        values=values,
        seconds=round(clock.monotonic() - started, 3),
    )
