"""Metadata as a corpus declares it: values brought to their type, defaults filled in, misfits kept aside."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from headrace.records.document import Value
from headrace.records.metadata import FieldType, MetadataSchema

_INT64 = 2**63
_WHOLE = re.compile(r"[+-]?\d{1,19}")
_DECIMAL = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_CONTROL = re.compile(r"[\x00-\x1f]")


class Served(NamedTuple):
    """The metadata of one document."""

    metadata: dict[str, Value]
    """What is served and filtered."""
    misfits: dict[str, Any]
    """Field to `{"value", "type", "error"}` of values that did not fit; their fields are not served."""


def serve(raw: Mapping[str, Value], schema: MetadataSchema) -> Served:
    """What a document's own metadata become under a schema.

    Lists are served only where they are declared: anywhere else there is no way to filter them.
    """
    metadata: dict[str, Value] = {name: value for name, value in raw.items() if not isinstance(value, list)}
    misfits: dict[str, Any] = {}
    for name in schema.dropped:
        metadata.pop(name, None)
    for field in schema.fields:
        value = raw.get(field.name)
        metadata.pop(field.name, None)
        if value is None:
            if field.default is not None:
                metadata[field.name] = field.default
            continue
        try:
            metadata[field.name] = fit(value, field.type)
        except ValueError as error:
            misfits[field.name] = {"value": value, "type": field.type, "error": str(error)}
    return Served(metadata, misfits)


def fit(value: Value, kind: FieldType) -> Value:
    """A value in the form of its type; doing it twice changes nothing. Raises ValueError.

    Dates are `YYYY-MM-DD`, times UTC with microseconds and `Z`, so that both sort as texts do.
    """
    return _FITS[kind](value)


def fits(value: Value, kind: FieldType) -> bool:
    """Whether a value already has the form of a type."""
    try:
        return fit(value, kind) == value
    except ValueError:
        return False


def _string(value: Value) -> Value:
    if isinstance(value, str):
        return value
    raise ValueError(f"{_kind(value)} where a text is declared: write it in quotes")


def _integer(value: Value) -> Value:
    if isinstance(value, str) and _WHOLE.fullmatch(value.strip()):
        value = int(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and -_INT64 <= value < _INT64:
        return value
    raise ValueError(f"{_kind(value)} where a whole number is declared")


def _number(value: Value) -> Value:
    if isinstance(value, str) and _DECIMAL.fullmatch(value.strip()):
        value = int(value) if _WHOLE.fullmatch(value.strip()) else float(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        if math.isfinite(value) and abs(value) < 1e308:
            return value
        raise ValueError("a number that is too large")
    raise ValueError(f"{_kind(value)} where a number is declared")


def _boolean(value: Value) -> Value:
    if isinstance(value, str) and value.strip().lower() in ("true", "false"):
        return value.strip().lower() == "true"
    if isinstance(value, bool):
        return value
    raise ValueError(f"{_kind(value)} where true or false is declared")


def _date(value: Value) -> Value:
    return str(_moment(value, "a date such as 2026-03-01").date().isoformat())


def _datetime(value: Value) -> Value:
    moment = _moment(value, "a time such as 2026-03-01T09:30:00Z").astimezone(UTC)
    return moment.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _list(value: Value) -> Value:
    items: Any = value
    if isinstance(value, str):
        items = _listed(value)
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        raise ValueError(f"{_kind(value)} where a list of texts is declared")
    if any(_CONTROL.search(item) for item in items):
        raise ValueError("a list with a control character in one of its texts")
    return list(items)


def _listed(text: str) -> Any:
    """A JSON list, else the parts between commas."""
    if text.lstrip().startswith("["):
        try:
            return json.loads(text)
        except ValueError:
            raise ValueError("a text that begins like a list of JSON and is none") from None
    return [part.strip() for part in text.split(",") if part.strip()]


def _moment(value: Value, wanted: str) -> datetime:
    if not isinstance(value, str):
        raise ValueError(f"{_kind(value)} where {wanted} is declared")
    try:
        moment = datetime.fromisoformat(value.strip())
    except ValueError:
        raise ValueError(f"a text that is not {wanted}") from None
    try:
        # A time without an offset is UTC; the first and last day have no neighbour to move to.
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("a time out of range") from None


def _kind(value: Value) -> str:
    kinds: tuple[tuple[type, str], ...] = (
        (str, "a text"),
        (bool, "true or false"),
        (int, "a whole number"),
        (float, "a number"),
        (list, "a list"),
    )
    return next((said for kind, said in kinds if isinstance(value, kind)), "nothing")


_FITS: Mapping[FieldType, Callable[[Value], Value]] = {
    "string": _string,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "date": _date,
    "datetime": _datetime,
    "list": _list,
}
