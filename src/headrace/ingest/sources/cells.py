"""What the cells of a row mean: a name, text, metadata, labels, a time; ValueError for what is none."""

from __future__ import annotations

import json
import math
from datetime import UTC, date, datetime, time
from decimal import Decimal
from uuid import UUID

from headrace.records.document import Scalar

_INT64 = 2**63


def name(value: object) -> str | None:
    """The id of a row; None when it has none."""
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | UUID):
        raise ValueError(f"the id is {_described(value)}, not text or a whole number")
    return unicode(str(value))


def text(value: object) -> str:
    """A part of the text; null is empty."""
    if isinstance(value, str):
        return unicode(value)
    if value is None:
        return ""
    if isinstance(value, list | dict | bytes):
        raise ValueError(f"{_described(value)} where text is expected")
    found = scalar(value)
    return found if isinstance(found, str) else json.dumps(found)


def scalar(value: object) -> Scalar:
    """A metadata value: types stay; lists and objects become JSON, times ISO 8601, NaN and infinity null."""
    if isinstance(value, str):
        return unicode(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        if not -_INT64 <= value < _INT64:
            raise ValueError("a whole number of more than 64 bits")
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, Decimal | UUID):
        return str(value)
    if isinstance(value, list | dict):
        found = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_plain)
        return unicode(found)
    raise ValueError(f"{_described(value)} cannot be metadata")


def labels(value: object) -> tuple[str, ...]:
    """Access labels, sorted; none at all means visible to nobody."""
    if value is None:
        return ()
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
        raise ValueError("access labels are neither a list of strings nor a string separated by commas")
    return tuple(sorted({unicode(part.strip()) for part in parts} - {""}))


def moment_us(value: object) -> int | None:
    """A time in UTC microseconds."""
    if value is None or value == "":
        return None
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise ValueError(f"the time {value!r} is not ISO 8601") from None
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time())
    if isinstance(value, datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=UTC)
        since = moment - datetime(1970, 1, 1, tzinfo=UTC)
        return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e12:
        return round(value * 1_000_000)
    raise ValueError(f"{_described(value)} is neither an ISO 8601 time nor seconds since 1970")


def unicode(value: str) -> str:
    """The text itself, if it can be written as UTF-8."""
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"text that is not valid Unicode at character {error.start + 1}") from None
    return value


def _plain(value: object) -> Scalar:
    return scalar(value)


def _described(value: object) -> str:
    return f"a value of type {type(value).__name__}"
