"""Senders as they are installed: the SDK, OpenLLMetry and OpenInference around the OpenAI client."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import openai
import pytest
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from headrace.records.call import SpanEvent
from tests.fakes.model_server import Act, ModelServer
from tests.workbench import Workbench


class Taken(ThreadingHTTPServer):
    """A collector that keeps what it is sent."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.spans: list[Any] = []
        self.headers: list[dict[str, str]] = []
        self.statuses: list[int] = []


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        """Keep a request, or answer as it was told to."""
        import gzip

        assert isinstance(self.server, Taken)
        data = self.rfile.read(int(self.headers["content-length"]))
        status = self.server.statuses.pop(0) if self.server.statuses else 200
        if status == 200:
            request = ExportTraceServiceRequest.FromString(gzip.decompress(data))
            self.server.spans += [s for g in request.resource_spans for p in g.scope_spans for s in p.spans]
            self.server.headers.append({name.lower(): value for name, value in self.headers.items()})
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def collector() -> Iterator[Taken]:
    """A collector on loopback."""
    server = Taken()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def provider_of(address: str) -> TracerProvider:
    """The SDK with its own exporter, batching as in production."""
    provider = TracerProvider(resource=Resource({"service.name": "shop"}))
    exporter = OTLPSpanExporter(endpoint=f"{address}/v1/traces", compression=Compression.Gzip)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider


def openllmetry(provider: TracerProvider) -> Callable[[], None]:
    """Switch OpenLLMetry on; gives what switches it off."""
    from opentelemetry.instrumentation.openai import OpenAIInstrumentor

    instrumentor: Any = OpenAIInstrumentor()
    with warnings.catch_warnings(action="ignore"):  # of its own use of pydantic
        instrumentor.instrument(tracer_provider=provider)
    return partial(instrumentor.uninstrument)


def openinference(provider: TracerProvider) -> Callable[[], None]:
    """Switch OpenInference on; gives what switches it off."""
    from openinference.instrumentation.openai import OpenAIInstrumentor

    instrumentor: Any = OpenAIInstrumentor()
    instrumentor.instrument(tracer_provider=provider)
    return partial(instrumentor.uninstrument)


def _scope(span: SpanEvent) -> str:
    name = str(span.attributes["otlp"]["scope"]["name"])
    return name.replace("opentelemetry.instrumentation.openai", "openllmetry")


@pytest.mark.parametrize("instrument", [openllmetry, openinference])
def test_a_call_as_it_is_instrumented(
    bench: Workbench, address: str, instrument: Callable[[TracerProvider], Callable[[], None]]
) -> None:
    provider = provider_of(address)
    switch_off = instrument(provider)
    try:
        with ModelServer(Act(text="An answer.")) as model:
            with provider.get_tracer("shop").start_as_current_span("question") as root:
                root.set_attribute("user.id", "jane")
                asking = openai.OpenAI(base_url=model.base_url, api_key="none")
                asking.chat.completions.create(
                    model="gpt-4o",
                    temperature=0.1,
                    messages=[{"role": "user", "content": "Is jane.doe@example.com a customer?"}],
                )
            trace = f"{root.get_span_context().trace_id:032x}"
        provider.shutdown()
    finally:
        switch_off()
    with bench.open() as workspace:
        found = workspace.events.trace(trace)
    # OpenLLMetry cannot be switched off again in a process: its span may stand between root and call.
    (call,) = [span for span in found if instrument.__name__ in _scope(span)]
    assert call.kind == "call"
    assert call.parent_span_id is not None
    assert f"{root.get_span_context().span_id:016x}" in {span.span_id for span in found}
    assert (call.model, call.service) == ("gpt-4o", "shop")
    assert (call.input_tokens, call.output_tokens, call.cost_micro) == (11, 7, 98)
    assert call.attributes["input"] == [{"role": "user", "content": "Is [EMAIL_ADDRESS] a customer?"}]
    assert call.attributes["output"] == "An answer."
    assert call.attributes["gen_ai.response.finish_reasons"] == ["stop"]
    assert call.attributes["parameters"]["temperature"] == 0.1


def test_what_came_goes_on_as_it_came(
    bench: Workbench, address: str, collector: Taken, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = provider_of(address)
    with provider.get_tracer("shop", "1.2").start_as_current_span("work") as span:
        span.set_attributes({"n": 7, "x": 1.0, "on": True, "list": ["a", "b"]})
        span.add_event("half way", {"at": 5})
    provider.shutdown()
    trace = f"{span.get_span_context().trace_id:032x}"
    collector.statuses = [503, 429]
    (bench.root / "headrace.toml").write_text(
        f"""[corpus.docs]
sources = ["docs"]
[traces]
export = "http://127.0.0.1:{collector.server_port}"
[traces.export_headers]
x-key = "of ${{COLLECTOR_KEY}}"
"""
    )
    monkeypatch.setenv("COLLECTOR_KEY", "secret")
    with bench.open() as workspace:
        report = workspace.receiving.send(trace=trace)
        assert "secret" not in repr(workspace.config.traces)
    assert (report.spans, report.refused) == (1, 0)
    (sent,) = collector.spans
    assert collector.headers[0]["x-key"] == "of secret"
    assert {pair.key: pair.value.WhichOneof("value") for pair in sent.attributes} == {
        "n": "int_value",
        "x": "double_value",
        "on": "bool_value",
        "list": "array_value",
    }
    assert (sent.name, sent.events[0].name, sent.span_id.hex()) == (
        "work",
        "half way",
        f"{span.get_span_context().span_id:016x}",
    )


def test_own_calls_go_out_in_the_current_conventions_and_come_back(tmp_path: Any, collector: Taken) -> None:
    from headrace.observe.traces.receiving.exporting import request_of

    bench = Workbench(tmp_path / "own")
    bench.write("a.md", "Backups are kept for 35 days.")
    bench.sync()
    with bench.open() as workspace:
        asked = workspace.ask("How long are backups kept?")
        report = workspace.receiving.send(f"http://127.0.0.1:{collector.server_port}", kind="search")
        own = {span.span_id: span for span in workspace.events.trace(asked.trace_id)}
    assert report.spans == 1
    (sent,) = collector.spans
    attributes = {pair.key: pair.value for pair in sent.attributes}
    assert attributes["gen_ai.operation.name"].string_value == "retrieval"
    assert "How long" in attributes["gen_ai.retrieval.query.text"].string_value
    with Workbench(tmp_path / "other").open() as other:
        other.receiving.receive(request_of(list(own.values())))
        back = {span.span_id: span for span in other.events.trace(asked.trace_id)}
    assert {name: span.kind for name, span in back.items()} == {name: span.kind for name, span in own.items()}
    for name, span in own.items():
        assert (back[name].model, back[name].release, back[name].start_ns) == (
            span.model,
            span.release,
            span.start_ns,
        )
    search = back[sent.span_id.hex()]
    assert [hit["chunk_id"] for hit in search.attributes["hits"]]
    assert {ref.ref for ref in search.refs if ref.ref.startswith("chunk_")}
