"""Spans as OTLP: those that came as OTLP as they came, those of this workspace in the current conventions."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from headrace.observe.traces.receiving.jsontext import text_of
from headrace.observe.traces.receiving.normalising import OTLP
from headrace.records.call import SpanEvent

SCOPE = "headrace"
_CLIENT, _INTERNAL = 3, 1
_OPERATIONS = {"search": "retrieval", "embed": "embeddings", "call": "chat", "chat": "chat"}
_STATUS = {"unset": 0, "ok": 1, "error": 2}
_OWN = {
    "release": "headrace.release",
    "generation": "headrace.generation",
    "prompt": "headrace.prompt",
    "session": "gen_ai.conversation.id",
    "subject": "user.id",
    "input_tokens": "gen_ai.usage.input_tokens",
    "output_tokens": "gen_ai.usage.output_tokens",
    "cost_micro": "headrace.cost_micro",
    "currency": "headrace.currency",
    "model": "gen_ai.response.model",
}
"""Columns of a span to attributes."""
_MAX_INT, _MIN_INT = 2**63 - 1, -(2**63)


def request_of(spans: Sequence[SpanEvent]) -> bytes:
    """One OTLP request of spans, as protobuf."""
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    request: Any = ExportTraceServiceRequest()
    groups: dict[str, Any] = {}
    for span in spans:
        sent = _sent(span)
        resource = sent.get("resource") or {"attributes": {"service.name": span.service or SCOPE}}
        scope = sent.get("scope") or {"name": SCOPE}
        key = text_of([resource, scope])
        if key not in groups:
            groups[key] = _group(request, resource, scope)
        _write(groups[key].spans.add(), span, sent.get("span") or _own(span))
    data: bytes = request.SerializeToString()
    return data


def is_sendable(span: SpanEvent) -> bool:
    """Whether it is a span, and no log record that waits for one."""
    return span.kind != "log"


def _sent(span: SpanEvent) -> Mapping[str, Any]:
    otlp = span.attributes.get(OTLP)
    return otlp if isinstance(otlp, Mapping) else {}


def _group(request: Any, resource: Mapping[str, Any], scope: Mapping[str, Any]) -> Any:
    group = request.resource_spans.add()
    _attributes(group.resource.attributes, resource.get("attributes", {}))
    group.resource.dropped_attributes_count = resource.get("dropped", 0)
    group.schema_url = resource.get("schema", "")
    part = group.scope_spans.add()
    part.scope.name = scope.get("name", "")
    part.scope.version = scope.get("version", "")
    part.scope.dropped_attributes_count = scope.get("dropped", 0)
    _attributes(part.scope.attributes, scope.get("attributes", {}))
    part.schema_url = scope.get("schema", "")
    return part


def _write(made: Any, span: SpanEvent, body: Mapping[str, Any]) -> None:
    made.trace_id = bytes.fromhex(span.trace_id)
    made.span_id = bytes.fromhex(span.span_id)
    made.parent_span_id = bytes.fromhex(body.get("parent", ""))
    made.name = body["name"]
    made.kind = body.get("kind", 0)
    made.start_time_unix_nano = body["start"]
    made.end_time_unix_nano = body["end"]
    made.flags = body.get("flags", 0)
    made.trace_state = body.get("state", "")
    _attributes(made.attributes, body.get("attributes", {}))
    for given in body.get("events", ()):
        event = made.events.add()
        event.time_unix_nano = given.get("time", 0)
        event.name = given.get("name", "")
        event.dropped_attributes_count = given.get("dropped", 0)
        _attributes(event.attributes, given.get("attributes", {}))
    for given in body.get("links", ()):
        link = made.links.add()
        link.trace_id = bytes.fromhex(given.get("trace", ""))
        link.span_id = bytes.fromhex(given.get("span", ""))
        link.trace_state = given.get("state", "")
        link.flags = given.get("flags", 0)
        link.dropped_attributes_count = given.get("dropped", 0)
        _attributes(link.attributes, given.get("attributes", {}))
    if "status" in body:
        made.status.code, made.status.message = body["status"]
    dropped = body.get("dropped", (0, 0, 0))
    made.dropped_attributes_count, made.dropped_events_count, made.dropped_links_count = dropped


def _own(span: SpanEvent) -> dict[str, Any]:
    """What a span of this workspace says, by the names of the conventions where they have one."""
    facts = dict(span.attributes)
    given: dict[str, Any] = {"headrace.kind": span.kind}
    given["gen_ai.operation.name"] = _OPERATIONS.get(span.kind, span.kind)
    for column, name in _OWN.items():
        value = getattr(span, column)
        if value is not None:
            given[name] = value
    asked, wrote = facts.pop("input", None), facts.pop("output", None)
    if span.kind in ("call", "chat"):
        if isinstance(asked, list):
            given["gen_ai.input.messages"] = text_of([_message(item) for item in asked])
        if wrote is not None:
            given["gen_ai.output.messages"] = text_of([_message({"role": "assistant", "content": wrote})])
    else:
        given |= {"input.value": asked} if asked is not None else {}
        given |= {"output.value": wrote} if wrote is not None else {}
    hits = facts.get("hits")
    if isinstance(hits, list):
        given["gen_ai.retrieval.documents"] = text_of([_document(hit) for hit in hits])
    if "query" in facts:
        given["gen_ai.retrieval.query.text"] = facts["query"]
    for name, value in facts.items():
        key = name if name.startswith(("gen_ai.", "privacy.")) else f"headrace.{name}"
        if value is not None and name != OTLP:
            given.setdefault(key, value)
    return {
        "name": span.name,
        "kind": _CLIENT if span.kind in ("call", "chat", "embed") else _INTERNAL,
        "start": span.start_ns,
        "end": span.end_ns,
        "attributes": given,
        "status": [_STATUS[span.status], span.error or ""],
        **({"parent": span.parent_span_id} if span.parent_span_id else {}),
    }


def _message(item: Any) -> dict[str, Any]:
    if not isinstance(item, Mapping):
        return {"role": "user", "parts": [{"type": "text", "content": text_of(item)}]}
    content = item.get("content")
    parts: list[dict[str, Any]] = []
    if isinstance(content, list):
        calls = content
    else:
        calls = list(item.get("tool_calls", ()))
        if content:
            parts.append({"type": "text", "content": text_of(content)})
    for call in calls:
        function = call.get("function") if isinstance(call, Mapping) else None
        if isinstance(function, Mapping):
            facts = {"name": function.get("name"), "arguments": function.get("arguments")}
            parts.append({"type": "tool_call", "id": call.get("id"), **facts})
        else:
            parts.append({"type": "text", "content": text_of(call)})
    return {"role": item.get("role", "user"), "parts": parts}


def _document(hit: Any) -> Any:
    if not isinstance(hit, Mapping):
        return hit
    return {"id": hit.get("chunk_id") or hit.get("document"), **hit}


def _attributes(target: Any, given: Mapping[str, Any]) -> None:
    for name, value in given.items():
        pair = target.add()
        pair.key = name
        _value(pair.value, value)


def _value(target: Any, value: Any) -> None:
    if isinstance(value, bool):
        target.bool_value = value
    elif isinstance(value, str):
        target.string_value = value
    elif isinstance(value, int):
        if _MIN_INT <= value <= _MAX_INT:
            target.int_value = value
        else:
            target.string_value = str(value)
    elif isinstance(value, float):
        target.double_value = value
    elif isinstance(value, Mapping):
        _mapping(target, value)
    elif isinstance(value, Iterable):
        target.array_value.SetInParent()
        for item in value:
            _value(target.array_value.values.add(), item)
    elif value is not None:
        target.string_value = str(value)


def _mapping(target: Any, value: Mapping[str, Any]) -> None:
    if len(value) == 1 and isinstance(value.get("$bytes"), str):
        target.bytes_value = base64.b64decode(value["$bytes"])
    elif len(value) == 1 and isinstance(value.get("$double"), str):
        target.double_value = float(value["$double"])
    else:
        target.kvlist_value.SetInParent()
        for name, item in value.items():
            pair = target.kvlist_value.values.add()
            pair.key = str(name)
            _value(pair.value, item)
