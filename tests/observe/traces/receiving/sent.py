"""What senders post, made by hand."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from headrace.observe.traces.receiving.exporting import _attributes, _value

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
NOW = time.time_ns()


def span_fields(number: int = 1, **more: Any) -> dict[str, Any]:
    """One span, by the names that `spans` takes."""
    base = {"span": f"{number:016x}", "name": f"step {number}", "start": NOW, "end": NOW + 1000}
    return {**base, **more}


def spans(
    *given: Mapping[str, Any], service: str | None = "shop", resource: Mapping[str, Any] | None = None
) -> bytes:
    """A request with these spans."""
    request = ExportTraceServiceRequest()
    group = request.resource_spans.add()
    described = {**({} if service is None else {"service.name": service}), **(resource or {})}
    _attributes(group.resource.attributes, described)
    part = group.scope_spans.add()
    part.scope.name = "tests"
    for fields in given:
        span = part.spans.add()
        span.trace_id = bytes.fromhex(fields.get("trace", TRACE))
        span.span_id = bytes.fromhex(fields["span"])
        span.parent_span_id = bytes.fromhex(fields.get("parent", ""))
        span.name = fields["name"]
        span.start_time_unix_nano, span.end_time_unix_nano = fields["start"], fields["end"]
        _attributes(span.attributes, fields.get("attributes", {}))
        if "status" in fields:
            span.status.code, span.status.message = fields["status"]
        for name in fields.get("events", ()):
            event = span.events.add()
            event.name, event.time_unix_nano = name, fields["start"]
    data: bytes = request.SerializeToString()
    return data


def log(
    event: str,
    *,
    span: str = f"{1:016x}",
    body: Any = None,
    attributes: Mapping[str, Any] | None = None,
    trace: str = TRACE,
    time_ns: int = NOW,
) -> bytes:
    """A request with one log record."""
    return logs(
        [{"event": event, "span": span, "body": body, "attributes": attributes or {}}], trace, time_ns
    )


def logs(given: Sequence[Mapping[str, Any]], trace: str = TRACE, time_ns: int = NOW) -> bytes:
    """A request with these log records."""
    request = ExportLogsServiceRequest()
    part = request.resource_logs.add().scope_logs.add()
    for fields in given:
        record = part.log_records.add()
        record.trace_id, record.span_id = bytes.fromhex(trace), bytes.fromhex(fields["span"])
        record.time_unix_nano = time_ns
        record.event_name = fields["event"]
        if fields.get("body") is not None:
            _value(record.body, fields["body"])
        _attributes(record.attributes, fields.get("attributes", {}))
    data: bytes = request.SerializeToString()
    return data
