"""`POST /v1/traces` and `/v1/logs`: content types, compression, bounds, and what senders are told."""

from __future__ import annotations

import gzip
import json
import socket
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from headrace.records.call import new_trace_id
from headrace.server.otlp import MAX_BODY_BYTES, MAX_OPENED_BYTES
from tests.doors.server.serving import client, serving
from tests.observe.traces.receiving.sent import NOW, log, span_fields, spans
from tests.workbench import Workbench

PROTOBUF = {"content-type": "application/x-protobuf"}
JSON = {"content-type": "application/json; charset=utf-8"}


def post(address: str, data: bytes, headers: dict[str, str], *, path: str = "/v1/traces") -> httpx.Response:
    """Send a body."""
    with client(address) as http:
        return http.post(path, content=data, headers=headers)


def test_protobuf_and_json_plain_and_packed(address: str, bench: Workbench) -> None:
    trace = new_trace_id()
    span = {
        "traceId": trace,
        "spanId": "2" * 16,
        "name": "b",
        "startTimeUnixNano": str(NOW),
        "endTimeUnixNano": str(NOW),
    }
    plain = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}).encode()
    data = spans(span_fields(1, trace=trace))
    packed = {"content-encoding": "gzip"}
    for headers, body in ((PROTOBUF, data), (JSON, plain)):
        for more, sent in (
            ({}, body),
            (packed, gzip.compress(body)),
            (packed, gzip.compress(body[:9]) + gzip.compress(body[9:])),
        ):
            answer = post(address, sent, {**headers, **more})
            assert answer.status_code == 200, answer.text
            assert answer.headers["content-type"] == headers["content-type"].partition(";")[0]
            assert answer.content == (b"" if headers is PROTOBUF else b"{}")
    with bench.open() as workspace:
        assert {item.name for item in workspace.events.trace(trace)} == {"step 1", "b"}
    assert post(address, b"", PROTOBUF).status_code == 200


def test_what_could_not_be_kept_is_told(address: str) -> None:
    answer = post(address, spans(span_fields(1), span_fields(2, trace="00" * 16)), PROTOBUF)
    told = ExportTraceServiceResponse.FromString(answer.content).partial_success
    assert (answer.status_code, told.rejected_spans) == (200, 1)
    assert "1 bad_ids" in told.error_message
    answer = post(address, log("shop.cart"), PROTOBUF, path="/v1/logs")
    records = ExportLogsServiceResponse.FromString(answer.content).partial_success
    assert (answer.status_code, records.rejected_log_records) == (200, 1)
    span = {"traceId": "zz", "spanId": "1", "name": "b"}
    body = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}).encode()
    assert post(address, body, JSON).json()["partialSuccess"]["rejectedSpans"] == "1"


@pytest.mark.parametrize(
    ("data", "headers", "status", "says"),
    [
        (b"\x0a\xff\xff", PROTOBUF, 400, b"no OTLP traces request in protobuf"),
        (b"{", JSON, 400, b"no OTLP traces request in JSON"),
        (b"x", {"content-type": "text/plain"}, 415, b"'text/plain' is not known"),
        (b"x", {}, 415, b"is not known"),
        (b"x", {**JSON, "content-encoding": "br"}, 415, b"'br' is not known"),
        (b"not gzip", {**JSON, "content-encoding": "gzip"}, 400, b"not gzip"),
        (gzip.compress(b"{}" * 99)[:-9], {**JSON, "content-encoding": "gzip"}, 400, b"cut off"),
        (b"x" * (MAX_BODY_BYTES + 1), PROTOBUF, 413, b"allowed are 16,000,000"),
        (
            gzip.compress(bytes(MAX_OPENED_BYTES + 1)),
            {**PROTOBUF, "content-encoding": "gzip"},
            413,
            b"once it is opened",
        ),
    ],
    ids=["protobuf", "json", "text", "untyped", "brotli", "unpacked", "cut", "large", "bomb"],
)
def test_refusals(address: str, data: bytes, headers: dict[str, str], status: int, says: bytes) -> None:
    answer = post(address, data, headers)
    assert (answer.status_code, says in answer.content) == (status, True), answer.content[:300]
    if headers.get("content-type") == JSON["content-type"]:
        assert answer.json()["code"] > 0


def test_too_much_at_once_is_sent_away_for_a_moment(address: str) -> None:
    place = urlsplit(address)
    held = []
    head = (
        f"POST /v1/traces HTTP/1.1\r\nhost: {place.netloc}\r\n"
        f"content-type: application/x-protobuf\r\ncontent-length: {MAX_BODY_BYTES}\r\n\r\n"
    )
    for _ in range(6):  # as much as all may hold together
        sender = socket.create_connection((place.hostname, place.port))
        sender.sendall(head.encode() + b"\x0a")
        held.append(sender)
    answer = None
    for _ in range(200):
        answer = post(address, b"x" * 1_000_000, PROTOBUF)
        if answer.status_code == 503:
            break
    assert answer is not None
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    for sender in held:
        sender.close()
    for _ in range(200):
        answer = post(address, spans(span_fields(1)), PROTOBUF)
        if answer.status_code == 200:
            break
    assert answer.status_code == 200


def test_keys_open_it_by_their_scope(tmp_path: Path) -> None:
    bench = Workbench(tmp_path)
    with bench.open() as workspace:
        secrets = {scope: workspace.keys.create(scope, scopes=[scope]).secret for scope in ("traces", "chat")}
    with serving(tmp_path) as served:
        data = spans(span_fields(1))
        found: dict[str, Any] = {"none": post(served, data, PROTOBUF).status_code}
        for scope, secret in secrets.items():
            found[scope] = post(served, data, {**PROTOBUF, "authorization": f"Bearer {secret}"}).status_code
    assert found == {"none": 401, "traces": 200, "chat": 403}


def test_quarantine_over_http(address: str) -> None:
    post(address, spans(span_fields(7, end=0)), PROTOBUF)
    with client(address) as http:
        assert http.get("/api/otlp").json()["quarantined"]["bad_times"] >= 1
        (item, *_) = http.get("/api/otlp/quarantine", params={"reason": "bad_times"}).json()["items"]
        assert http.get(f"/api/otlp/quarantine/{item['id']}").json()["body"]["body"]["name"] == "step 7"
        again = http.post("/api/otlp/quarantine/retry", json={"items": [item["id"]]}).json()
        assert list(again["waiting"]) == [item["id"]]
        assert http.post("/api/otlp/quarantine/discard", json={"items": [item["id"]]}).json() == {
            "discarded": 1
        }
        assert http.post("/api/otlp/quarantine/discard", json={}).status_code == 400
        assert http.post("/api/otlp/send", json={}).status_code == 400
