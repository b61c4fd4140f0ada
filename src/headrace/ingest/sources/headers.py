"""Reads the headers of HTTP responses."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def retry_after_seconds(value: str | None) -> float | None:
    """How long a Retry-After header asks to wait; None when it says nothing usable."""
    if value is None:
        return None
    if value.strip().isdecimal():
        return float(value[:12])
    moment_us = http_date_us(value)
    if moment_us is None:
        return None
    return max(0.0, moment_us / 1_000_000 - datetime.now(UTC).timestamp())


def http_date_us(value: str | None) -> int | None:
    """A date of HTTP in UTC microseconds."""
    if value is None:
        return None
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    return round(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()) * 1_000_000


def content_type(value: str) -> tuple[str | None, str | None]:
    """Media type and charset of a Content-Type header."""
    parts = value.split(";")
    charset = None
    for part in parts[1:]:
        key, _, value = part.strip().partition("=")
        if key.strip().lower() == "charset" and value:
            charset = value.strip().strip("\"'").lower() or None
    return parts[0].strip().lower() or None, charset
