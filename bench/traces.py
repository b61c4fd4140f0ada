"""Durable OTLP spans a second, and CPU for each.

    python bench/traces.py                      # redaction off, redaction on, one trace of 10,000 spans
    python bench/traces.py --soak 10            # minutes of sending; memory must not grow
    python bench/traces.py --peers ~/mlflow ~/phoenix   # and MLflow and Phoenix, from these environments

A sender with 4 connections posts requests of 100 spans, encoded before the clock starts: traces of a root, a
retrieval with five documents, a chat and a tool, 1.6 kB of protobuf a span. A span counts once its request is
answered with 200; the store is counted afterwards.
"""

from __future__ import annotations

import argparse
import http.client
import json
import secrets
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psutil
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from traces_peers import beside

SPANS_PER_REQUEST = 100
CONNECTIONS = 4
_SENTENCES = (
    "Backups of the customer database are kept for thirty-five days and expire after that.",
    "The engineer on call answers a page within five minutes and writes down what was done.",
    "A restore is asked for with a ticket that names the table, the hour and who agreed to it.",
    "Traces with question and answer text are kept for thirty days unless a rule says otherwise.",
    "Whoever leaves the company hands back the laptop, and every session of theirs is closed.",
)
_PERSONAL = " Write to jane.doe@example.com or call +1 415 555 2671."
CONFIG = """\
[corpus.docs]
sources = ["docs"]

[traces]
redact = "{redact}"
"""


def text_of(number: int, sentences: int) -> str:
    """Prose that differs from one number to the next."""
    words = " ".join(_SENTENCES[(number + place) % len(_SENTENCES)] for place in range(sentences))
    return f"{number} {words}{_PERSONAL if number % 10 == 0 else ''}"


def requests_of(count: int) -> list[bytes]:
    """Requests with so many spans together."""
    return [_request(start) for start in range(0, count, SPANS_PER_REQUEST)]


def _request(start: int, spans: int = SPANS_PER_REQUEST, trace: bytes | None = None) -> bytes:
    request = ExportTraceServiceRequest()
    group = request.resource_spans.add()
    for name, value in (("service.name", "bench"), ("telemetry.sdk.language", "python")):
        _add(group.resource.attributes, name, value)
    part = group.scope_spans.add()
    part.scope.name = "bench"
    now = time.time_ns()
    for place in range(spans):
        number = start + place
        if place % 4 == 0:
            trace_id, root = trace or secrets.token_bytes(16), secrets.token_bytes(8)
        span = part.spans.add()
        span.trace_id, span.start_time_unix_nano, span.end_time_unix_nano = trace_id, now, now + 5_000_000
        span.span_id = root if place % 4 == 0 else secrets.token_bytes(8)
        span.kind = 3
        if place % 4:
            span.parent_span_id = root
        _fill(span, number, place % 4)
    return request.SerializeToString()


def _fill(span: object, number: int, kind: int) -> None:
    attributes = span.attributes  # type: ignore[attr-defined]
    if kind == 0:
        span.name = "answer"  # type: ignore[attr-defined]
        for name, value in (
            ("openinference.span.kind", "CHAIN"),
            ("session.id", f"session-{number % 50}"),
            ("input.value", text_of(number, 4)),
            ("output.value", text_of(number + 1, 8)),
        ):
            _add(attributes, name, value)
    elif kind == 1:
        span.name = "retrieve"  # type: ignore[attr-defined]
        _add(attributes, "openinference.span.kind", "RETRIEVER")
        _add(attributes, "input.value", text_of(number, 1))
        for place in range(5):
            start = f"retrieval.documents.{place}.document"
            _add(attributes, f"{start}.id", f"doc-{number}-{place}")
            _add(attributes, f"{start}.content", text_of(number * 7 + place, 4))
            _add(attributes, f"{start}.score", 0.9 - place / 10)
    elif kind == 2:
        span.name = "chat gpt-4o"  # type: ignore[attr-defined]
        asked = [
            {"role": "system", "parts": [{"type": "text", "content": text_of(1, 4)}]},
            {"role": "user", "parts": [{"type": "text", "content": text_of(number, 10)}]},
        ]
        wrote = [{"role": "assistant", "parts": [{"type": "text", "content": text_of(number + 1, 6)}]}]
        for name, value in (
            ("gen_ai.operation.name", "chat"),
            ("gen_ai.provider.name", "openai"),
            ("gen_ai.request.model", "gpt-4o"),
            ("gen_ai.response.model", "gpt-4o-2024-08-06"),
            ("gen_ai.usage.input_tokens", 700 + number % 50),
            ("gen_ai.usage.output_tokens", 120),
            ("gen_ai.input.messages", json.dumps(asked)),
            ("gen_ai.output.messages", json.dumps(wrote)),
        ):
            _add(attributes, name, value)
    else:
        span.name = "execute_tool lookup"  # type: ignore[attr-defined]
        for name, value in (
            ("gen_ai.operation.name", "execute_tool"),
            ("gen_ai.tool.name", "lookup"),
            ("gen_ai.tool.call.arguments", json.dumps({"question": text_of(number, 2)})),
            ("gen_ai.tool.call.result", text_of(number, 8)),
        ):
            _add(attributes, name, value)


def _add(attributes: object, name: str, value: object) -> None:
    pair = attributes.add()  # type: ignore[attr-defined]
    pair.key = name
    if isinstance(value, str):
        pair.value.string_value = value
    elif isinstance(value, int):
        pair.value.int_value = value
    else:
        pair.value.double_value = value


def send(
    address: str, bodies: Sequence[bytes], *, headers: Mapping[str, str] | None = None
) -> tuple[float, list[float]]:
    """Post every body; gives the seconds in all and the milliseconds of each. Raises RuntimeError."""
    waiting: Iterator[bytes] = iter(bodies)
    lock, took, failed = threading.Lock(), [], []

    def work() -> None:
        place = urlsplit(address)
        connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=120)
        while True:
            with lock:
                body = next(waiting, None)
            if body is None:
                return
            begun = time.perf_counter()
            given = {"content-type": "application/x-protobuf", **(headers or {})}
            connection.request("POST", "/v1/traces", body, given)
            answer = connection.getresponse()
            said = answer.read()
            took.append((time.perf_counter() - begun) * 1000)
            if answer.status != 200:
                failed.append(f"{answer.status} {said[:200]!r}")
                return

    threads = [threading.Thread(target=work) for _ in range(CONNECTIONS)]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - begun
    if failed:
        raise RuntimeError(failed[0])
    return seconds, took


def cpu_seconds(process: psutil.Process) -> float:
    """CPU time of a process and those under it."""
    every = [process, *process.children(recursive=True)]
    return sum(sum(one.cpu_times()[:2]) for one in every)


@contextmanager
def headrace(root: Path) -> Iterator[tuple[str, psutil.Process]]:
    """A served workspace."""
    command = [sys.executable, "-m", "headrace.cli.main", "serve", "--port", "0", "--workspace", str(root)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    address = process.stdout.readline().split(" at ")[1].split("/ ")[0]
    try:
        yield address, psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(timeout=60)


def workspace(redact: str) -> Path:
    """A fresh workspace."""
    root = Path(tempfile.mkdtemp(prefix="headrace-bench-"))
    (root / "docs").mkdir()
    (root / "headrace.toml").write_text(CONFIG.format(redact=redact))
    return root


def kept(root: Path) -> int:
    """Spans in its store."""
    import headrace as package

    with package.open(root) as opened:
        return sum(1 for _ in opened.events.all())


def measured(name: str, redact: str, count: int) -> None:
    """One run; prints a line."""
    root = workspace(redact)
    bodies = requests_of(count)
    size = sum(map(len, bodies)) / count
    with headrace(root) as (address, process):
        send(address, requests_of(1000))
        before = cpu_seconds(process)
        seconds, took = send(address, bodies)
        cpu_ms = (cpu_seconds(process) - before) * 1000 / count
        memory = process.memory_info().rss / 1e6
    lost = count + 1000 - kept(root)
    took.sort()
    print(
        f"{name:34} {count / seconds:8,.0f} spans/s  {cpu_ms:.3f} ms CPU/span  "
        f"p50 {statistics.median(took):.0f} ms  p99 {took[int(len(took) * 0.99)]:.0f} ms  "
        f"{memory:.0f} MB  {lost} lost  ({size:,.0f} B/span)",
        flush=True,
    )


def long_trace(spans: int = 10_000) -> None:
    """One trace in as many requests as it takes."""
    root = workspace("tokens")
    trace = secrets.token_bytes(16)
    bodies = [_request(start, trace=trace) for start in range(0, spans, SPANS_PER_REQUEST)]
    with headrace(root) as (address, _):
        seconds, _ = send(address, bodies)
    import headrace as package

    with package.open(root) as opened:
        begun = time.perf_counter()
        found = len(opened.events.trace(trace.hex()))
        read = time.perf_counter() - begun
    print(
        f"one trace of {spans:,} spans: {seconds:.1f} s in, {found:,} kept, read in {read:.2f} s", flush=True
    )


def soak(minutes: float) -> None:
    """Send for minutes; print what memory does."""
    root = workspace("tokens")
    bodies = requests_of(5000)
    end = time.monotonic() + minutes * 60
    with headrace(root) as (address, process):
        sent, marks = 0, []
        while time.monotonic() < end:
            send(address, requests_of(5000) if sent % 20_000 == 0 else bodies)
            sent += 5000
            marks.append(process.memory_info().rss / 1e6)
    third = max(1, len(marks) // 3)
    print(
        f"soak {minutes:g} min: {sent:,} spans, memory {statistics.median(marks[:third]):.0f} MB in the "
        f"first third, {statistics.median(marks[-third:]):.0f} MB in the last, most {max(marks):.0f} MB",
        flush=True,
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--spans", type=int, default=40_000)
    parser.add_argument("--soak", type=float, metavar="MINUTES")
    parser.add_argument("--peers", type=Path, nargs="+", metavar="ENVIRONMENT")
    parser.add_argument("--peer-spans", type=int, default=2000, help="Peers take a few hundred a second.")
    given = parser.parse_args()
    if given.soak:
        soak(given.soak)
        return
    measured("Headrace, redaction off", "off", given.spans)
    measured("Headrace, redaction on", "tokens", given.spans)
    long_trace()
    if given.peers:
        beside(given.peers, given.peer_spans, requests_of=requests_of, send=send)


if __name__ == "__main__":
    main()
