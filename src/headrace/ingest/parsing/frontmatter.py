"""YAML front matter, read without constructing anything but plain values."""

from __future__ import annotations

import datetime
import math
import re
from typing import Any, cast

import yaml

from headrace.records.document import Scalar, Value

_MAX_FIELDS = 200
_MAX_VALUE_CHARS = 2_000
_MAX_ITEMS = 200
_PLAIN_LINE = re.compile(r"([A-Za-z_][\w-]*): +([A-Za-z][\w ,./()'-]*)\r?\Z")
_SPECIAL = frozenset({"true", "false", "yes", "no", "on", "off", "null", "y", "n"})

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def load_fields(source: str) -> dict[str, Value]:
    """Fields whose value is a string, number, truth value, date, or a list of strings.

    Raises ValueError for bad YAML.
    """
    quick = _quick(source)
    if quick is not None:
        return quick
    try:
        _refuse_aliases(source)
        loaded = yaml.load(source, Loader=_Loader)  # noqa: S506  # the safe loader, in C where there is one
    except (yaml.YAMLError, RecursionError, ValueError, OverflowError) as error:
        raise ValueError(str(error).splitlines()[0]) from error
    if loaded is None:
        return {}
    if not isinstance(loaded, dict):
        raise ValueError("it is no mapping of names to values")
    if len(loaded) > _MAX_FIELDS:
        raise ValueError(f"it has {len(loaded)} fields; allowed are {_MAX_FIELDS}")
    pairs = ((str(key), _value(value)) for key, value in loaded.items() if _is_value(value))
    return dict(sorted(pairs, key=lambda pair: pair[0]))


def _quick(source: str) -> dict[str, Value] | None:
    """Most front matter is lines of a name and plain words, which need no YAML parser."""
    fields: dict[str, Value] = {}
    for line in source.splitlines():
        match = _PLAIN_LINE.match(line)
        if match is None or match[1] in fields or match[2].strip().lower() in _SPECIAL:
            return None
        fields[match[1]] = match[2].strip()
    return dict(sorted(fields.items()))


def _refuse_aliases(source: str) -> None:
    """An alias lets a few lines stand for gigabytes."""
    if "*" not in source:
        return
    for event in yaml.parse(source, Loader=_Loader):
        if isinstance(event, yaml.AliasEvent):
            raise ValueError("aliases are not allowed")


def _is_value(value: object) -> bool:
    if isinstance(value, list):
        texts = len(value) <= _MAX_ITEMS and all(isinstance(item, str) for item in value)
        return texts and sum(map(len, value)) <= _MAX_VALUE_CHARS
    return _is_scalar(value)


def _is_scalar(value: object) -> bool:
    if isinstance(value, str):
        return len(value) <= _MAX_VALUE_CHARS
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return -(2**63) <= value < 2**63
    return value is None or isinstance(value, bool | datetime.date)


def _value(value: Any) -> Value:
    return list(value) if isinstance(value, list) else _scalar(value)


def _scalar(value: Any) -> Scalar:
    if isinstance(value, datetime.datetime):
        if value.tzinfo is not None:
            value = value.astimezone(datetime.UTC)
        return str(value.isoformat())
    if isinstance(value, datetime.date):
        return str(value.isoformat())
    return cast(Scalar, value)
