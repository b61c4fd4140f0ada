"""Values of rows: their kinds, and how they stand in JSON without being confused.

JSON has no NaN, no infinities and no bytes; they are written as maps with one key that starts with `$`. A map
that looks like one of these is written under `$map`, so reading back gives what was written.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping
from typing import Any, Literal

from headrace.errors import UsageError

Kind = Literal["int", "float", "text", "bool", "bytes", "list", "map", "null", "missing"]

_FLOATS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def kind_of(value: Any) -> Kind:
    """The kind of a value. Raises UsageError for what a row cannot hold."""
    if value is None:
        return "null"
    kinds: Mapping[type, Kind] = {bool: "bool", int: "int", float: "float", str: "text", bytes: "bytes"}
    if type(value) in kinds:
        return kinds[type(value)]
    if isinstance(value, Mapping):
        return "map"
    if isinstance(value, list | tuple):
        return "list"
    raise UsageError(
        f"A row cannot hold a value of type {type(value).__name__!r}.",
        hint="Allowed: None, bool, int, float, str, bytes, and lists and maps of these. Write times as text.",
    )


def to_json(value: Any) -> Any:
    """A value as JSON values, reversibly."""
    if isinstance(value, float) and not math.isfinite(value):
        return {"$float": "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"}
    if isinstance(value, bytes):
        return {"$bytes": base64.b64encode(value).decode()}
    if isinstance(value, Mapping):
        plain = {key: to_json(item) for key, item in value.items()}
        tagged = len(plain) == 1 and next(iter(plain)).startswith("$")
        return {"$map": plain} if tagged else plain
    if isinstance(value, list | tuple):
        return [to_json(item) for item in value]
    return value


def from_json(value: Any) -> Any:
    """Read back what `to_json` wrote."""
    if isinstance(value, list):
        return [from_json(item) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        (tag, inside), *_ = value.items()
        if tag == "$float" and inside in _FLOATS:
            return _FLOATS[inside]
        if tag == "$bytes" and isinstance(inside, str):
            return base64.b64decode(inside)
        if tag == "$map" and isinstance(inside, dict):
            return {key: from_json(item) for key, item in inside.items()}
    return {key: from_json(item) for key, item in value.items()}


def shown(value: Any, *, most: int = 60) -> str:
    """A value as people tell kinds apart: `null`, `""`, `0`, `0.0`, `NaN`."""
    import json

    text = (
        "NaN"
        if isinstance(value, float) and math.isnan(value)
        else json.dumps(to_json(value), ensure_ascii=False)
    )
    return text if len(text) <= most else f"{text[: most - 1]}…"
