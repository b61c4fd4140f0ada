"""Reads from a document's metadata since when and until when it holds, and whether it is deprecated."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from headrace.records.document import Value

VALID_FROM = ("valid_from", "effective_date", "effective_from", "effective", "not_before")
"""Metadata that says since when a document holds; the first that can be read counts."""
VALID_TO = ("valid_to", "valid_until", "expires", "expiry", "expiry_date", "expiration_date", "not_after")
"""Metadata that says until when: a day is included, a time is the end."""
DATED = ("date", "updated", "last_updated", "modified", "last_modified", "published", "created")
"""Metadata that says when a document was written."""
DEPRECATED = "deprecated"
SUPERSEDED_BY = ("superseded_by", "replaced_by")
_NO = frozenset({"", "false", "no", "0", "off"})


class Declared(NamedTuple):
    """What a document says of itself; times are UTC microseconds, ends exclusive."""

    valid_from_us: int | None
    valid_to_us: int | None
    dated_us: int | None
    deprecated: str | None
    """Why, empty without a reason; None when it is not."""
    replacement: str | None


NOTHING = Declared(None, None, None, None, None)
_KEYS = frozenset({*VALID_FROM, *VALID_TO, *DATED, *SUPERSEDED_BY, DEPRECATED})


def declared(metadata: Mapping[str, Value]) -> Declared:
    """What metadata says; values that are no date are passed over, since they stay visible as metadata."""
    values = {key.lower().replace("-", "_"): value for key, value in metadata.items()}
    if _KEYS.isdisjoint(values):
        return NOTHING
    replacement = next((str(values[key]) for key in SUPERSEDED_BY if values.get(key)), None)
    return Declared(
        valid_from_us=_first(values, VALID_FROM, end=False),
        valid_to_us=_first(values, VALID_TO, end=True),
        dated_us=_first(values, DATED, end=False),
        deprecated=_reason(values.get(DEPRECATED)),
        replacement=replacement,
    )


def moment_us(value: Value, *, end: bool = False) -> int | None:
    """A date or time as UTC microseconds; a day gives its beginning, with `end` that of the next."""
    if not isinstance(value, str):
        return None
    text = value.strip()
    try:
        if len(text) == 10:
            day = date.fromisoformat(text) + timedelta(days=int(end))
            moment = datetime(day.year, day.month, day.day, tzinfo=UTC)
        else:
            moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        return None
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return round(moment.timestamp() * 1_000_000)


def replacements(uri: str, named: str) -> tuple[str, ...]:
    """The URIs that a document may mean by a name: one beside it, or one from the root."""
    beside = posixpath.normpath(posixpath.join(posixpath.dirname(uri), named))
    return tuple(dict.fromkeys((beside, named.removeprefix("./"), named.lstrip("/"))))


def _first(values: Mapping[str, Value], keys: tuple[str, ...], *, end: bool) -> int | None:
    found = (moment_us(values[key], end=end) for key in keys if key in values)
    return next((moment for moment in found if moment is not None), None)


def _reason(value: Value) -> str | None:
    if value is None or value is False:
        return None
    text = str(value).strip()
    if value is True or text.lower() in ("true", "yes", "1", "on"):
        return ""
    return None if text.lower() in _NO else text
