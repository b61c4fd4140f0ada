"""Makes one of everything that arrived of a span, the same one in whatever order it came, and however often.

Of each thing the fuller one stays: of two values of an attribute the longer, of equally long ones the later
in the alphabet; the earliest start and the latest end; an error before ok before unset; every event, link and
log record once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from headrace.observe.traces.receiving import names
from headrace.observe.traces.receiving.arrived import Arrived
from headrace.observe.traces.receiving.jsontext import dumps
from headrace.observe.traces.receiving.normalising import OTLP, span_of
from headrace.records.call import SpanEvent

Otlp = Mapping[str, Any]
_STATUS_ORDER = (0, 1, 2)  # unset, ok, error


def of_span(item: Arrived, privacy: Otlp) -> dict[str, Any]:
    """Everything that a span says, as it is kept."""
    made: dict[str, Any] = {"v": names.NORMALISER, "span": item.body}
    if item.resource:
        made["resource"] = item.resource
    if item.scope:
        made["scope"] = item.scope
    made["privacy"] = {**privacy, "redacted": item.redacted} if item.redacted else privacy
    return made


def of_log(item: Arrived, privacy: Otlp) -> dict[str, Any]:
    """Everything that a log record says, as it is kept beside its span."""
    log = dict(item.body)
    more = (("resource", item.resource), ("scope", item.scope), ("redacted", item.redacted))
    log |= {name: value for name, value in more if value}
    return {"v": names.NORMALISER, "logs": [log], "privacy": privacy}


def merge(kept: SpanEvent, arriving: SpanEvent) -> SpanEvent:
    """The span that both make. One of this workspace, or one that was erased, stays as it is."""
    mine, theirs = kept.attributes.get(OTLP), arriving.attributes.get(OTLP)
    if not isinstance(mine, Mapping) or not isinstance(theirs, Mapping):
        return kept
    both = join(mine, theirs)
    return kept if both is mine else span_of(kept.trace_id, kept.span_id, both)


def join(one: Otlp, other: Otlp) -> Otlp:
    """Everything that both say; the first itself where the second adds nothing."""
    if dumps(one) == dumps(other):
        return one
    made: dict[str, Any] = {"v": max(one["v"], other["v"])}
    for name, put in _PARTS.items():
        if (found := _either(one.get(name), other.get(name), put)) is not None:
            made[name] = found
    return one if dumps(made) == dumps(one) else made


def _either(one: Any, other: Any, put: Callable[[Any, Any], Any]) -> Any:
    if one is None or other is None:
        return other if one is None else one
    return put(one, other)


def _fuller(one: Any, other: Any) -> Any:
    return max((one, other), key=_rank)


def _rank(value: Any) -> tuple[int, bytes]:
    text = dumps(value)
    return len(text), text


def _maps(one: Otlp, other: Otlp) -> dict[str, Any]:
    """Two mappings as one, of each key the fuller value."""
    made = dict(one)
    for name, value in other.items():
        made[name] = _fuller(made[name], value) if name in made else value
    return made


def _once(one: Iterable[Any], other: Iterable[Any]) -> list[Any]:
    found = {dumps(item): item for item in (*one, *other)}
    return [found[key] for key in sorted(found, key=lambda key: (found[key].get("time", 0), key))]


def _spans(one: Otlp, other: Otlp) -> dict[str, Any]:
    if dumps(one) == dumps(other):
        return dict(one)
    made: dict[str, Any] = {}
    for name in {*one, *other}:
        if name in ("events", "links"):
            made[name] = _once(one.get(name, ()), other.get(name, ()))
        else:
            made[name] = _either(one.get(name), other.get(name), _FIELDS.get(name, _fuller))
    return made


def _status(one: list[Any], other: list[Any]) -> list[Any]:
    def order(status: list[Any]) -> tuple[int, int, str]:
        code = status[0] if status[0] in _STATUS_ORDER else -1
        return code, len(status[1]), status[1]

    return max((one, other), key=order)


def _described(one: Otlp, other: Otlp) -> dict[str, Any]:
    """Two resources or scopes as one."""
    made = _maps(one, other)
    if "attributes" in one and "attributes" in other:
        made["attributes"] = _maps(one["attributes"], other["attributes"])
    return made


def _privacy(one: Otlp, other: Otlp) -> dict[str, Any]:
    """As little as was done for either."""
    made = _maps(one, other)
    if "off" in (one.get("mode"), other.get("mode")):
        made["mode"] = "off"
    counts = [part.get("redacted", {}) for part in (one, other)]
    most = {kind: max(part.get(kind, 0) for part in counts) for kind in sorted({*counts[0], *counts[1]})}
    return made | ({"redacted": most} if most else {})


def _logs(one: Iterable[Any], other: Iterable[Any]) -> list[Any]:
    found: dict[bytes, Any] = {}
    for log in (*one, *other):
        key = identity(log)
        found[key] = _maps(found[key], log) if key in found else log
    return [found[key] for key in sorted(found, key=lambda key: (found[key].get("time", 0), key))]


def identity(log: Otlp) -> bytes:
    """What two sendings of one log record have in common."""
    facts = {name: log[name] for name in ("time", "event", "body", "attributes") if name in log}
    return dumps(facts)


_PARTS: Mapping[str, Callable[[Any, Any], Any]] = {
    "span": _spans,
    "resource": _described,
    "scope": _described,
    "logs": _logs,
    "privacy": _privacy,
}
_FIELDS: Mapping[str, Callable[[Any, Any], Any]] = {
    "start": min,
    "end": max,
    "kind": max,
    "flags": max,
    "status": _status,
    "attributes": _maps,
    "dropped": lambda one, other: [max(pair) for pair in zip(one, other, strict=True)],
}
