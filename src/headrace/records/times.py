"""Times as records show them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

DAY_US = 86_400_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def rfc3339(time_us: int) -> str:
    """UTC microseconds as `2026-03-01T09:30:00Z`; beyond the year 9999 as that year's end."""
    try:
        moment = _EPOCH + timedelta(microseconds=time_us)
    except OverflowError:
        moment = datetime.max.replace(tzinfo=UTC) if time_us > 0 else datetime.min.replace(tzinfo=UTC)
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def rfc3339_exact(time_us: int) -> str:
    """The same with the fraction of the second, where there is one."""
    try:
        moment = _EPOCH + timedelta(microseconds=time_us)
    except OverflowError:
        return rfc3339(time_us)
    return moment.isoformat().replace("+00:00", "Z")
