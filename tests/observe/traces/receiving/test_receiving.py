"""What arrives is kept once, without personal data; what cannot be kept waits with its reason."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from headrace.errors import StorageError, UsageError
from headrace.ledger import consents
from headrace.ledger.events.base import Merge
from headrace.observe.traces.receiving import jsonform, protobuf
from headrace.observe.traces.receiving.redacting import Redactor
from headrace.observe.traces.receiving.spill import Spill
from headrace.observe.traces.receiving.storing import Storing
from headrace.records.call import SpanEvent
from headrace.workspace import Workspace
from tests.observe.traces.receiving.sent import NOW, TRACE, log, logs, span_fields, spans
from tests.sightings import seen
from tests.workbench import Workbench

MAIL, PHONE, CARD = "jane.doe@example.com", "+1 415 555 2671", 4111111111111111
ESCAPED = json.dumps({"to": "x@y"}).replace("x@y", "jane.doe\\u0040example.com")
PERSONAL = {
    "input.value": f"Write to {MAIL}.",
    "gen_ai.input.messages": json.dumps([{"role": "user", "parts": [{"type": "text", "content": PHONE}]}]),
    "gen_ai.tool.call.arguments": ESCAPED,
    "nested": {"deep": [MAIL, {"number": CARD}], MAIL: 1},
    "bytes": {"$bytes": base64.b64encode(MAIL.encode()).decode()},
    f"key {MAIL}": "x",
    "session.id": MAIL,
    "user.id": "u-4711-jane",
}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """One workspace for what does not get into each other's way: every test has its own trace."""
    with Workbench(tmp_path_factory.mktemp("receiving")).open() as opened:
        yield opened


@pytest.fixture
def trace(workspace: Workspace) -> str:
    """A trace id."""
    from headrace.records.call import new_trace_id

    return new_trace_id()


def test_json_says_what_protobuf_says() -> None:
    data = spans(
        span_fields(1, attributes={"a": [1, 2.5, True, "x"], "m": {"k": 5}, "n": float("inf"), **PERSONAL}),
        span_fields(2, parent=f"{1:016x}", status=(2, "broken"), events=["e"]),
        resource={"r": 1},
    )
    message = ExportTraceServiceRequest.FromString(data)
    plain = MessageToDict(message)
    for span in plain["resourceSpans"][0]["scopeSpans"][0]["spans"]:
        for name in ("traceId", "spanId", "parentSpanId"):
            if name in span:
                span[name] = base64.b64decode(span[name]).hex().upper()
    for keep in (False, True):
        named = (
            json.loads(json.dumps(plain))
            if not keep
            else MessageToDict(message, preserving_proto_field_name=True)
        )
        if keep:  # snake case, enumerations as numbers
            for span in named["resource_spans"][0]["scope_spans"][0]["spans"]:
                for name in ("trace_id", "span_id", "parent_span_id"):
                    if name in span:
                        span[name] = base64.b64decode(span[name]).hex()
        assert jsonform.decode(json.dumps(named).encode(), "traces") == protobuf.decode(data, "traces")


@pytest.mark.parametrize(
    "data", [b"\x00\xff garbage", b"\x0a\xff\xff\xff\xff\x0f", b"[]", b'{"spans": []}', b"{", b"[" * 9999]
)
@pytest.mark.parametrize("as_json", [False, True])
def test_garbage_is_refused(workspace: Workspace, data: bytes, as_json: bool) -> None:
    with pytest.raises(UsageError, match="no OTLP traces request"):
        workspace.receiving.receive(data, as_json=as_json)


@pytest.mark.parametrize("redact", ["tokens", "remove", "hash", "off"])
def test_no_personal_data_reaches_the_disk(tmp_path: Path, redact: str) -> None:
    bench = Workbench(tmp_path)
    bench.configure(extra=f'[traces]\nredact = "{redact}"\n')
    with bench.open() as workspace:
        receiving = workspace.receiving
        receiving.receive(
            spans(
                span_fields(
                    1, name=f"mail {MAIL}", attributes=PERSONAL, status=(2, f"bounced: {MAIL}"), events=[MAIL]
                ),
                span_fields(2, start=NOW + 10**13, end=NOW, attributes=PERSONAL),  # goes to quarantine
                resource={"owner": MAIL},
            )
        )
        receiving.receive(log("gen_ai.user.message", body={"content": MAIL}), signal="logs")
        receiving.parts.spill.put(receiving.parts.receiver.storing._events.trace(TRACE))
        (span,) = workspace.events.trace(TRACE)
        assert span.subject is not None
        assert span.subject.startswith("subject_")
        assert receiving.status().quarantined == {"bad_times": 1}
        marks = span.attributes
    where = {text: seen(tmp_path / ".headrace", text) for text in (MAIL, PHONE, str(CARD), "u-4711-jane")}
    coded = seen(tmp_path / ".headrace", base64.b64encode(MAIL.encode()).decode())
    assert where["u-4711-jane"] == set()
    if redact == "off":
        assert where[MAIL] >= {"events", "spilled-spans"}
        assert where[PHONE] >= {"events"}
        assert where[str(CARD)] >= {"events"}
        assert coded >= {"events"}
        assert marks["privacy.protected"] is False
        return
    assert coded == set()
    assert where == {MAIL: set(), PHONE: set(), str(CARD): set(), "u-4711-jane": set()}
    assert marks["privacy.redacted"]["EMAIL_ADDRESS"] >= 5
    assert marks["privacy.redacted"]["CREDIT_CARD"] == 1
    assert marks["privacy.engine"] == 1
    assert span.session is not None
    assert span.session.startswith("session_")
    told = {"tokens": "[EMAIL_ADDRESS]", "remove": "Write to .", "hash": "[EMAIL_ADDRESS_"}[redact]
    assert told in span.attributes["otlp"]["span"]["attributes"]["input.value"]


def test_what_the_engine_fails_on_waits_sealed(tmp_path: Path) -> None:
    class Failing:
        unprotected: Sequence[str] = ()

        def scan(self, text: str) -> Any:
            if "boom" in text:
                raise RuntimeError(text)
            return []

    bench = Workbench(tmp_path)
    with bench.open() as workspace:
        parts = workspace.receiving.parts
        own = parts.receiver.redactor
        broken = Redactor(lambda: Failing(), own._keyring, mode="tokens")  # type: ignore[arg-type,return-value]
        object.__setattr__(parts.receiver, "redactor", broken)
        receipt = workspace.receiving.receive(
            spans(span_fields(1), span_fields(2, attributes={"input.value": f"boom {MAIL}"}))
        )
        assert (receipt.spans, receipt.quarantined) == (1, 1)
        assert "redaction_failed" in receipt.message
        (item,) = workspace.receiving.quarantined().items
        assert seen(tmp_path / ".headrace", MAIL) == set()
        still = workspace.receiving.retry([item.id])
        assert (still.kept, list(still.waiting)) == ([], [item.id])
        object.__setattr__(parts.receiver, "redactor", own)
        assert workspace.receiving.retry(all=True).kept == [item.id]
        assert len(workspace.events.trace(TRACE)) == 2
        assert seen(tmp_path / ".headrace", MAIL) == set()
        assert workspace.receiving.quarantined().items == []


def test_poison_is_kept_out_and_the_rest_kept(workspace: Workspace, trace: str) -> None:
    good = span_fields(1, trace=trace)
    bad = [
        span_fields(2, trace="00" * 16),
        span_fields(3, trace=trace, start=NOW + 2 * 3_600_000_000_000, end=NOW),
        span_fields(4, trace=trace, end=0),
        span_fields(5, trace=trace, start=NOW, end=NOW + 3 * 86_400_000_000_000),
        span_fields(6, trace=trace, attributes={"input.value": "x" * 4_000_001}),
    ]
    before = workspace.receiving.status().quarantined
    for _ in range(2):
        receipt = workspace.receiving.receive(spans(good, *bad))
        assert (receipt.spans, receipt.quarantined) == (1, 5)
    after = workspace.receiving.status().quarantined
    grown = {reason: number - before.get(reason, 0) for reason, number in after.items()}
    assert grown == {"bad_ids": 1, "bad_times": 3, "too_large": 1}
    assert [span.name for span in workspace.events.trace(trace)] == ["step 1"]
    item = workspace.receiving.quarantined(reason="too_large").items[0]
    body = workspace.receiving.quarantined_item(item.id).body
    assert body is not None
    assert body["body"]["name"] == "step 6"
    assert workspace.receiving.discard([item.id]).discarded == 1
    assert workspace.receiving.quarantined_item(item.id).body is None
    with pytest.raises(UsageError):
        workspace.receiving.discard()


def test_an_undecodable_item_does_not_cost_the_others(workspace: Workspace, trace: str) -> None:
    one = {
        "traceId": trace,
        "spanId": "1" * 16,
        "name": "a",
        "startTimeUnixNano": str(NOW),
        "endTimeUnixNano": NOW,
    }
    odd = {**one, "spanId": "2" * 16, "attributes": [{"key": "k", "value": {"intValue": "many"}}]}
    body = {"resourceSpans": [{"scopeSpans": [{"spans": [one, odd, "what", {**one, "spanId": "xyz"}]}]}]}
    receipt = workspace.receiving.receive(json.dumps(body).encode(), as_json=True)
    assert (receipt.spans, receipt.quarantined) == (1, 3)


def test_a_little_time_backwards_is_a_clock(workspace: Workspace, trace: str) -> None:
    workspace.receiving.receive(spans(span_fields(1, trace=trace, start=NOW + 5, end=NOW)))
    (span,) = workspace.events.trace(trace)
    assert (span.start_ns, span.end_ns) == (NOW + 5, NOW + 5)


@pytest.mark.parametrize("logs_first", [True, False])
def test_log_records_join_their_span_whatever_the_order(
    workspace: Workspace, trace: str, logs_first: bool
) -> None:
    chat = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o"}
    mine = f"{1:016x}"
    requests = [
        (spans(span_fields(1, trace=trace, attributes=chat)), "traces"),
        (
            logs([{"event": "gen_ai.user.message", "span": mine, "body": {"content": "Hello?"}}], trace),
            "logs",
        ),
        (
            logs(
                [
                    {
                        "event": "gen_ai.choice",
                        "span": mine,
                        "body": {"index": 0, "finish_reason": "stop", "message": {"content": "Hello!"}},
                    },
                    {"event": "shop.cart", "span": mine},
                ],
                trace,
                NOW + 9,
            ),
            "logs",
        ),
    ]
    for data, signal in requests[::-1] if logs_first else requests:
        for _ in range(2):
            workspace.receiving.receive(data, signal=signal)  # type: ignore[arg-type]
    (span,) = workspace.events.trace(trace)
    assert (span.kind, span.name, span.service) == ("call", "step 1", "shop")
    assert span.attributes["input"] == [{"role": "user", "content": "Hello?"}]
    assert span.attributes["output"] == "Hello!"
    assert span.attributes["gen_ai.response.finish_reasons"] == ["stop"]
    assert len(span.attributes["otlp"]["logs"]) == 2


def test_details_and_records_of_other_things(workspace: Workspace, trace: str) -> None:
    details = {
        "gen_ai.operation.name": "chat",
        "gen_ai.input.messages": [{"role": "user", "parts": [{"type": "text", "content": "Hm?"}]}],
    }
    workspace.receiving.receive(spans(span_fields(1, trace=trace)))
    workspace.receiving.receive(
        log("gen_ai.client.inference.operation.details", attributes=details, trace=trace), signal="logs"
    )
    (span,) = workspace.events.trace(trace)
    assert (span.kind, span.attributes["input"]) == ("call", [{"role": "user", "content": "Hm?"}])
    receipt = workspace.receiving.receive(log("shop.cart", trace=trace), signal="logs")
    assert (receipt.logs, receipt.ignored) == (0, 1)
    assert "say nothing of calls" in receipt.message


def test_what_users_said_becomes_signals_once(workspace: Workspace, trace: str) -> None:
    workspace.receiving.receive(spans(span_fields(1, trace=trace)))
    said: list[tuple[str, dict[str, Any]]] = [
        (
            "user_feedback",
            {"gen_ai.evaluation.score.label": "thumbs_down", "gen_ai.evaluation.explanation": f"No. {MAIL}"},
        ),
        ("rating", {"gen_ai.evaluation.score.value": 4.0, "user.id": "jane"}),
        ("relevance", {"gen_ai.evaluation.score.value": 0.7}),
    ]
    for name, facts in said * 2:
        given = {"gen_ai.evaluation.name": name, **facts}
        workspace.receiving.receive(
            log("gen_ai.evaluation.result", attributes=given, trace=trace), signal="logs"
        )
    found = workspace.signals.list(trace=trace).signals
    assert {(item.kind, item.value, item.comment) for item in found} == {
        ("thumbs", "down", "No. [EMAIL_ADDRESS]"),
        ("rating", 4, None),
    }
    assert [item.kind for item in workspace.signals.list(trace=trace, user="jane").signals] == ["rating"]
    (span,) = workspace.events.trace(trace)
    assert {item["name"] for item in span.attributes["evaluations"]} == {
        "user_feedback",
        "rating",
        "relevance",
    }


def test_the_newest_word_on_consent_counts(workspace: Workspace, trace: str) -> None:
    def say(number: int, word: str, minutes: int) -> str:
        at = NOW + minutes * 60_000_000_000
        attributes = {"user.id": "omar", "headrace.consent": word}
        fields = span_fields(number, trace=trace, start=at, end=at, attributes=attributes)
        return workspace.receiving.receive(spans(fields)).message

    def now() -> dict[str, bool]:
        subject = workspace.receiving.parts.receiver.redactor.user("omar")
        with workspace.ledger.read() as conn:
            return {
                purpose: subject in consents.allowed(conn, [subject], purpose)
                for purpose in consents.PURPOSES
            }

    say(1, "eval,training", -10)
    assert now() == {"eval": True, "training": True}
    say(2, "none", -5)
    assert now() == {"eval": False, "training": False}
    say(3, "training", -8)  # older than the word before: late
    assert now() == {"eval": False, "training": False}
    say(4, "eval", -1)
    assert now() == {"eval": True, "training": False}
    assert "allowed: eval, training, none" in say(5, "everything", 0)


class Away:
    """A store of spans that fails, or does not answer, until it is well."""

    def __init__(self, events: Any) -> None:
        self.events = events
        self.mood = "fails"

    def append(self, given: Sequence[SpanEvent], *, merge: Merge | None = None) -> Future[None]:
        """Write, or not."""
        if self.mood == "well":
            done: Future[None] = self.events.append(given, merge=merge)
            return done
        future: Future[None] = Future()
        if self.mood == "fails":
            future.set_exception(StorageError("away"))
        return future


@pytest.mark.parametrize("mood", ["fails", "hangs"])
def test_spans_wait_beside_a_store_that_is_away(
    workspace: Workspace, trace: str, tmp_path: Path, mood: str
) -> None:
    away = Away(workspace.events)
    away.mood = mood
    spill = Spill(tmp_path / "spill", most_bytes=20_000)
    storing = Storing(away, spill, patience_seconds=0.05)  # type: ignore[arg-type]
    receiver = workspace.receiving.parts.receiver
    arrived = protobuf.decode(spans(span_fields(1, trace=trace), span_fields(2, trace=trace)), "traces")
    made = receiver._spans(arrived, "traces")
    storing.write(made)
    storing.write(made[:1])
    assert spill.size_bytes() > 0
    assert workspace.events.trace(trace) == []
    with pytest.raises(StorageError, match="wait already"):
        storing.write(made * 40)
    away.mood = "well"
    deadline = time.monotonic() + 20
    while spill.files() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert [span.name for span in workspace.events.trace(trace)] == ["step 1", "step 2"]
    storing.close()
    assert spill.files() == []


def test_forgetting_a_user_reaches_quarantine(tmp_path: Path) -> None:
    bench = Workbench(tmp_path)
    bench.configure(extra='[erasure]\nreader_wait = "0s"\n')
    bench.write("a.md", "A document about herons and their weir.")
    bench.sync()
    with bench.open() as workspace:
        quote = "A document about herons and their weir."
        bad = span_fields(1, end=0, attributes={"output.value": f"docs/a.md says: {quote}"})
        fine = span_fields(2, attributes={"output.value": f"docs/a.md says: {quote}"})
        workspace.receiving.receive(spans(bad, fine))
        hit = workspace.search("herons").hits[0]
        documents = [{"id": hit.chunk_id, "content": "of long-legged birds"}]
        given = {"gen_ai.operation.name": "retrieval", "gen_ai.retrieval.documents": documents}
        told = span_fields(3, attributes={"output.value": "of long-legged birds"})
        retrieved = spans(span_fields(4, attributes=given), told)
        workspace.receiving.receive(retrieved)
        workspace.receiving.parts.spill.put(workspace.events.trace(TRACE))
        workspace.forget("docs/a.md")
        assert workspace.receiving.quarantined().items == []
        assert workspace.receiving.parts.spill.files() == []
        workspace.receiving.receive(retrieved)  # sent once more: what was erased stays erased
    for text in (quote, "long-legged birds"):
        assert seen(tmp_path / ".headrace", text) == set()
