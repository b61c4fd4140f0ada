"""OTLP as protobuf: requests to what arrived, and answers."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable
from typing import Any

from headrace.observe.traces.receiving.arrived import MAX_ITEM_BYTES, Arrived, Signal


def decode(data: bytes, signal: Signal) -> list[Arrived]:
    """Every span or log record of a request. Raises ValueError for what is no such request."""
    from google.protobuf.message import DecodeError

    request = _request(signal)
    try:
        request.ParseFromString(data)
    except (DecodeError, RuntimeError) as error:
        raise ValueError("it is cut off, or something else than OTLP") from error
    found = _spans(request) if signal == "traces" else _logs(request)
    if data and not found and request.ByteSize() != len(data):
        raise ValueError("it has none of the fields of such a request")
    if len(data) > MAX_ITEM_BYTES:
        return [_sized(item, message) for item, message in found]
    return [item for item, _ in found]


def answer(signal: Signal, rejected: int, message: str) -> bytes:
    """The answer to a request."""
    from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

    response: Any = ExportTraceServiceResponse() if signal == "traces" else ExportLogsServiceResponse()
    if rejected or message:
        name = "rejected_spans" if signal == "traces" else "rejected_log_records"
        setattr(response.partial_success, name, rejected)
        response.partial_success.error_message = message
    data: bytes = response.SerializeToString()
    return data


def any_value(value: Any) -> Any:
    """An AnyValue as JSON has it; bytes and numbers that JSON lacks are marked."""
    kind = value.WhichOneof("value")
    if kind == "string_value":
        return value.string_value
    if kind == "int_value":
        return value.int_value
    if kind == "bool_value":
        return value.bool_value
    if kind == "double_value":
        return double(value.double_value)
    if kind == "array_value":
        return [any_value(item) for item in value.array_value.values]
    if kind == "kvlist_value":
        return {item.key: any_value(item.value) for item in value.kvlist_value.values}
    if kind == "bytes_value":
        return {"$bytes": base64.b64encode(value.bytes_value).decode()}
    return None


def double(number: float) -> Any:
    """A floating-point number as JSON has it."""
    return number if math.isfinite(number) else {"$double": str(number)}


def _request(signal: Signal) -> Any:
    from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    return ExportTraceServiceRequest() if signal == "traces" else ExportLogsServiceRequest()


def _sized(item: Arrived, message: Any) -> Arrived:
    item.size_bytes = message.ByteSize()
    return item


def _attributes(pairs: Iterable[Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for pair in pairs:
        value = pair.value
        found[pair.key] = value.string_value or any_value(value)
    return found


def _spans(request: Any) -> list[tuple[Arrived, Any]]:
    found = []
    for group in request.resource_spans:
        resource = _resource(group)
        for part in group.scope_spans:
            scope = _scope(part)
            found += [
                (Arrived(span.trace_id.hex(), span.span_id.hex(), _span(span), resource, scope), span)
                for span in part.spans
            ]
    return found


def _logs(request: Any) -> list[tuple[Arrived, Any]]:
    found = []
    for group in request.resource_logs:
        resource = _resource(group)
        for part in group.scope_logs:
            scope = _scope(part)
            found += [
                (Arrived(log.trace_id.hex(), log.span_id.hex(), _log(log), resource, scope), log)
                for log in part.log_records
            ]
    return found


def _resource(group: Any) -> dict[str, Any]:
    resource = group.resource
    return _filled(
        attributes=_attributes(resource.attributes),
        dropped=resource.dropped_attributes_count,
        schema=group.schema_url,
    )


def _scope(part: Any) -> dict[str, Any]:
    scope = part.scope
    return _filled(
        name=scope.name,
        version=scope.version,
        attributes=_attributes(scope.attributes),
        dropped=scope.dropped_attributes_count,
        schema=part.schema_url,
    )


def _span(span: Any) -> dict[str, Any]:
    body: dict[str, Any] = {
        "name": span.name,
        "kind": span.kind,
        "start": span.start_time_unix_nano,
        "end": span.end_time_unix_nano,
        "attributes": _attributes(span.attributes),
    }
    if span.parent_span_id:
        body["parent"] = span.parent_span_id.hex()
    if span.flags:
        body["flags"] = span.flags
    if span.trace_state:
        body["state"] = span.trace_state
    if span.HasField("status"):
        body["status"] = [span.status.code, span.status.message]
    if span.events:
        body["events"] = [_event(event) for event in span.events]
    if span.links:
        body["links"] = [_link(link) for link in span.links]
    dropped = [span.dropped_attributes_count, span.dropped_events_count, span.dropped_links_count]
    if any(dropped):
        body["dropped"] = dropped
    return body


def _event(event: Any) -> dict[str, Any]:
    return _filled(
        time=event.time_unix_nano,
        name=event.name,
        attributes=_attributes(event.attributes),
        dropped=event.dropped_attributes_count,
    )


def _link(link: Any) -> dict[str, Any]:
    return _filled(
        trace=link.trace_id.hex(),
        span=link.span_id.hex(),
        state=link.trace_state,
        attributes=_attributes(link.attributes),
        flags=link.flags,
        dropped=link.dropped_attributes_count,
    )


def _log(log: Any) -> dict[str, Any]:
    return _filled(
        time=log.time_unix_nano or log.observed_time_unix_nano,
        observed=log.observed_time_unix_nano,
        severity=log.severity_number,
        severity_text=log.severity_text,
        event=log.event_name,
        body=any_value(log.body) if log.HasField("body") else None,
        attributes=_attributes(log.attributes),
        dropped=log.dropped_attributes_count,
        flags=log.flags,
    )


def _filled(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value or value is False}


def status(code: int, message: str) -> bytes:
    """A refusal: a google.rpc.Status, whose two fields are written here by hand."""
    text = message.encode()
    return b"\x08" + _varint(code) + b"\x12" + _varint(len(text)) + text


def _varint(number: int) -> bytes:
    made = bytearray()
    while number > 0x7F:
        made.append(number & 0x7F | 0x80)
        number >>= 7
    made.append(number)
    return bytes(made)
