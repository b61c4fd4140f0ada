"""JSON for many texts a second: orjson, and the standard library for what it refuses."""

from __future__ import annotations

import json
from typing import Any

import orjson

_LOADS = orjson.loads
CANONICAL = orjson.OPT_SORT_KEYS


def loads(data: bytes | str) -> Any:
    """Read JSON. Raises ValueError."""
    try:
        return _LOADS(data)
    except orjson.JSONDecodeError:
        return json.loads(data)  # NaN, numbers of any size, lone surrogates


def dumps(value: Any) -> bytes:
    """Write JSON with its keys in order, so that equal values are equal bytes."""
    try:
        return orjson.dumps(value, option=CANONICAL)
    except (TypeError, ValueError):
        return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def text_of(value: Any) -> str:
    """A value as a text: a text as it is, anything else as JSON."""
    if isinstance(value, str):
        return value
    try:
        return orjson.dumps(value).decode()
    except (TypeError, ValueError):
        return json.dumps(value, separators=(",", ":"))


def container(text: str) -> Any:
    """The list or mapping that a text holds as JSON, or None."""
    if len(text) < 2 or text[0] not in "[{" or text[-1] not in "]}":
        return None
    try:
        value = loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict | list) else None
