"""OTLP as JSON: ids in hex, enumerations as numbers or names, large numbers as numbers or texts."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from headrace.observe.traces.receiving.arrived import MAX_ITEM_BYTES, Arrived, Problem, Signal
from headrace.observe.traces.receiving.jsontext import dumps, loads

_SPAN_KINDS = ("UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER")
_STATUS_CODES = ("UNSET", "OK", "ERROR")
_SEVERITIES = (
    "UNSPECIFIED",
    *(f"{name}{n}" for name in ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL") for n in ("", 2, 3, 4)),
)
_HEX = re.compile(r"[0-9a-f]*")
_MOST_DEPTH = 64

Read = Callable[[Mapping[str, Any]], dict[str, Any]]


def decode(data: bytes, signal: Signal) -> list[Arrived]:
    """Every span or log record of a request; one that is malformed has its problem. Raises ValueError."""
    try:
        request = loads(data)
    except RecursionError as error:
        raise ValueError("it nests too deeply") from error
    if not isinstance(request, dict):
        raise ValueError("it is not an object")
    outer, inner, items = _PLACES[signal]
    groups = _list(request, outer)
    if request and outer not in request and _snake(outer) not in request:
        raise ValueError(f"it has no {outer!r}")
    found: list[Arrived] = []
    for group in groups:
        given = _object(_get(group, "resource"))
        resource = _filled(
            attributes=_attributes(_list(given, "attributes")),
            dropped=_number(_get(given, "droppedAttributesCount")),
            schema=_text(_get(group, "schemaUrl")),
        )
        for part in _list(group, inner):
            scope = _scope(part)
            found += [_arrived(item, resource, scope, signal, len(data)) for item in _list(part, items)]
    return found


def answer(signal: Signal, rejected: int, message: str) -> bytes:
    """The answer to a request."""
    if not rejected and not message:
        return b"{}"
    name = "rejectedSpans" if signal == "traces" else "rejectedLogRecords"
    return dumps({"partialSuccess": {name: str(rejected), "errorMessage": message}})


_PLACES: Mapping[Signal, tuple[str, str, str]] = {
    "traces": ("resourceSpans", "scopeSpans", "spans"),
    "logs": ("resourceLogs", "scopeLogs", "logRecords"),
}


def _arrived(
    item: Any, resource: dict[str, Any], scope: dict[str, Any], signal: Signal, whole_bytes: int
) -> Arrived:
    read: Read = _span if signal == "traces" else _log
    try:
        given = _object(item)
        made = Arrived(_id(_get(given, "traceId")), _id(_get(given, "spanId")), read(given), resource, scope)
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        body = {"raw": item}
        problem = Problem("undecodable", f"A field has a value that OTLP does not allow there: {error}.")
        return Arrived("", "", body, resource, scope, problem=problem)
    if whole_bytes > MAX_ITEM_BYTES:
        made.size_bytes = len(dumps(item))
    return made


def _scope(part: Any) -> dict[str, Any]:
    given = _object(_get(part, "scope"))
    return _filled(
        name=_text(_get(given, "name")),
        version=_text(_get(given, "version")),
        attributes=_attributes(_list(given, "attributes")),
        dropped=_number(_get(given, "droppedAttributesCount")),
        schema=_text(_get(part, "schemaUrl")),
    )


def _span(given: Mapping[str, Any]) -> dict[str, Any]:
    status = _get(given, "status")
    body: dict[str, Any] = {
        "name": _text(_get(given, "name")),
        "kind": _enum(_get(given, "kind"), _SPAN_KINDS, "SPAN_KIND_"),
        "start": _number(_get(given, "startTimeUnixNano")),
        "end": _number(_get(given, "endTimeUnixNano")),
        "attributes": _attributes(_list(given, "attributes")),
    }
    more = _filled(
        parent=_id(_get(given, "parentSpanId")),
        flags=_number(_get(given, "flags")),
        state=_text(_get(given, "traceState")),
        events=[_event(_object(event)) for event in _list(given, "events")],
        links=[_link(_object(link)) for link in _list(given, "links")],
    )
    if status is not None:
        fields = _object(status)
        code = _enum(_get(fields, "code"), _STATUS_CODES, "STATUS_CODE_")
        more["status"] = [code, _text(_get(fields, "message"))]
    dropped = [_number(_get(given, f"dropped{name}Count")) for name in ("Attributes", "Events", "Links")]
    return body | more | ({"dropped": dropped} if any(dropped) else {})


def _event(given: Mapping[str, Any]) -> dict[str, Any]:
    return _filled(
        time=_number(_get(given, "timeUnixNano")),
        name=_text(_get(given, "name")),
        attributes=_attributes(_list(given, "attributes")),
        dropped=_number(_get(given, "droppedAttributesCount")),
    )


def _link(given: Mapping[str, Any]) -> dict[str, Any]:
    return _filled(
        trace=_id(_get(given, "traceId")),
        span=_id(_get(given, "spanId")),
        state=_text(_get(given, "traceState")),
        attributes=_attributes(_list(given, "attributes")),
        flags=_number(_get(given, "flags")),
        dropped=_number(_get(given, "droppedAttributesCount")),
    )


def _log(given: Mapping[str, Any]) -> dict[str, Any]:
    observed = _number(_get(given, "observedTimeUnixNano"))
    body = _get(given, "body")
    return _filled(
        time=_number(_get(given, "timeUnixNano")) or observed,
        observed=observed,
        severity=_enum(_get(given, "severityNumber"), _SEVERITIES, "SEVERITY_NUMBER_"),
        severity_text=_text(_get(given, "severityText")),
        event=_text(_get(given, "eventName")),
        body=None if body is None else any_value(_object(body)),
        attributes=_attributes(_list(given, "attributes")),
        dropped=_number(_get(given, "droppedAttributesCount")),
        flags=_number(_get(given, "flags")),
    )


def any_value(given: Mapping[str, Any], depth: int = 0) -> Any:
    """An AnyValue as JSON has it; bytes and numbers that JSON lacks are marked. Raises ValueError."""
    if depth > _MOST_DEPTH:
        raise ValueError("a value nests too deeply")
    for name, value in given.items():
        if name in ("stringValue", "string_value"):
            return _text(value)
        if name in ("intValue", "int_value"):
            return _number(value)
        if name in ("boolValue", "bool_value"):
            if not isinstance(value, bool):
                raise ValueError("a boolValue is not true or false")
            return value
        if name in ("doubleValue", "double_value"):
            return _double(value)
        if name in ("arrayValue", "array_value"):
            return [any_value(_object(item), depth + 1) for item in _list(_object(value), "values")]
        if name in ("kvlistValue", "kvlist_value"):
            return _attributes(_list(_object(value), "values"), depth + 1)
        if name in ("bytesValue", "bytes_value"):
            return {"$bytes": _text(value)}
    return None


def _double(value: Any) -> Any:
    if isinstance(value, str):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("a doubleValue is not a number")
    number = float(value)
    return number if math.isfinite(number) else {"$double": str(number)}


def _attributes(pairs: list[Any], depth: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for pair in pairs:
        given = _object(pair)
        value = _get(given, "value")
        found[_text(_get(given, "key"))] = None if value is None else any_value(_object(value), depth)
    return found


def _get(given: Mapping[str, Any], name: str) -> Any:
    value = given.get(name)
    return value if value is not None else given.get(_snake(name))


def _list(given: Any, name: str) -> list[Any]:
    value = _get(_object(given), name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise ValueError(f"{name!r} is not a list")
    return value


def _object(value: Any) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ValueError("an object is expected, and something else is there")
    return value


def _text(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError("a text is expected, and something else is there")
    return value


def _number(value: Any) -> int:
    if value is None or value == "":
        return 0
    if isinstance(value, bool) or not isinstance(value, int | str | float):
        raise ValueError("a number is expected, and something else is there")
    return int(value)


def _enum(value: Any, names: tuple[str, ...], prefix: str) -> int:
    if isinstance(value, str) and value.removeprefix(prefix) in names:
        return names.index(value.removeprefix(prefix))
    return _number(value)


def _id(value: Any) -> str:
    text = _text(value).lower()
    if not _HEX.fullmatch(text):
        raise ValueError("an id is not in hex")
    return text


_SNAKES: dict[str, str] = {}


def _snake(name: str) -> str:
    found = _SNAKES.get(name)
    if found is None:
        found = _SNAKES[name] = re.sub(r"([A-Z])", lambda letter: f"_{letter[0].lower()}", name)
    return found


def _filled(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value or value is False}


def status(code: int, message: str) -> bytes:
    """A refusal: a google.rpc.Status."""
    return dumps({"code": code, "message": message})
