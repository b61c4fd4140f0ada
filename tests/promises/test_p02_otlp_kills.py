"""P2: spans that were answered with 200 are there after a kill, and those sent again are there once."""

from __future__ import annotations

import signal
import subprocess
import threading
from pathlib import Path

import httpx
import pytest

from headrace.ledger.failpoints import NAMES
from headrace.observe.traces.receiving import quarantine as _quarantine  # noqa: F401 - they declare failpoints
from headrace.observe.traces.receiving import receiving as _receiving  # noqa: F401
from headrace.observe.traces.receiving import spill as _spill  # noqa: F401
from headrace.records.call import new_trace_id
from tests.doors.server.serving import client, printed_address, start
from tests.observe.traces.receiving.sent import span_fields, spans
from tests.processes import run_python
from tests.workbench import Workbench, was_killed

FAILPOINTS = sorted(name for name in NAMES if name.startswith("receiving."))
_REQUESTS, _PER_REQUEST, _SENDERS = 20, 100, 4
_RECEIVE = """\
import sys, headrace
from headrace.errors import StorageError
with headrace.open(sys.argv[1]) as workspace:
    if sys.argv[3] == "away":
        storing = workspace.receiving.parts.storing
        def away(spans): raise StorageError("away")
        storing._into_store = away
    workspace.receiving.receive(open(sys.argv[2], "rb").read())
    print("confirmed", flush=True)
    if sys.argv[3] == "away":
        del storing._into_store
        workspace.receiving.drain()
        print("drained", flush=True)
"""


def test_none_of_two_thousand_is_lost(tmp_path: Path) -> None:
    _send_and_stop(tmp_path, signal.SIGKILL, None)


@pytest.mark.parametrize("postgres", [False, True])
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
@pytest.mark.soak
def test_none_of_two_thousand_is_lost_however_it_stops(
    tmp_path: Path, request: pytest.FixtureRequest, how: signal.Signals, postgres: bool
) -> None:
    _send_and_stop(tmp_path, how, str(request.getfixturevalue("postgres_url")) if postgres else None)


@pytest.mark.parametrize("failpoint", ["receiving.before_answer", "receiving.spill_read_back"])
def test_kill_and_send_again(tmp_path: Path, failpoint: str) -> None:
    _kill_and_send_again(tmp_path, failpoint)


@pytest.mark.soak
@pytest.mark.parametrize("failpoint", [*FAILPOINTS, "events.before_commit"])
def test_every_failpoint(tmp_path: Path, failpoint: str) -> None:
    _kill_and_send_again(tmp_path, failpoint)


@pytest.mark.soak
def test_so_it_is_on_postgresql(tmp_path: Path, postgres_url: str) -> None:
    _kill_and_send_again(tmp_path, "receiving.before_answer", url=postgres_url)


def _kill_and_send_again(root: Path, failpoint: str, *, url: str | None = None) -> None:
    bench = _bench(root, url)
    trace = new_trace_id()
    request = root / "request"
    request.write_bytes(spans(span_fields(1, trace=trace), span_fields(2, trace=trace, end=0)))
    mode = "away" if "spill" in failpoint else "there"
    killed = _receive(bench, request, mode, failpoint)
    assert was_killed(killed), killed.stderr
    assert ("confirmed" in killed.stdout) == (failpoint == "receiving.spill_read_back")
    again = _receive(bench, request, mode, "")
    assert again.returncode == 0, again.stderr
    with bench.open() as workspace:
        workspace.receiving.drain()
        assert [span.name for span in workspace.events.all()] == ["step 1"]
        assert workspace.receiving.status().quarantined == {"bad_times": 1}
        assert workspace.receiving.status().waiting_bytes == 0


def _receive(bench: Workbench, request: Path, mode: str, failpoint: str) -> subprocess.CompletedProcess[str]:
    return run_python(_RECEIVE, str(bench.root), str(request), mode, failpoints=failpoint)


def _send_and_stop(root: Path, how: signal.Signals, url: str | None) -> None:
    """Stop a server right after its last 200; every span that was answered for is there, once."""
    bench = _bench(root, url)
    bodies = [
        spans(*(span_fields(number * _PER_REQUEST + place + 1, trace=trace) for place in range(_PER_REQUEST)))
        for number, trace in enumerate(new_trace_id() for _ in range(_REQUESTS))
    ]
    answered: list[int] = []
    with start(root, "--port", "0") as process:
        address = printed_address(process)
        senders = [
            threading.Thread(target=_send, args=(address, bodies[number::_SENDERS], answered))
            for number in range(_SENDERS)
        ]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()
        process.send_signal(how)
        assert process.wait(timeout=60) == (-how if how == signal.SIGKILL else 0)
    assert answered == [200] * _REQUESTS
    with bench.open() as workspace:
        workspace.receiving.drain()
        kept = [(span.trace_id, span.span_id) for span in workspace.events.all()]
    assert len(kept) == len(set(kept)) == _REQUESTS * _PER_REQUEST


def _send(address: str, bodies: list[bytes], answered: list[int]) -> None:
    headers = {"content-type": "application/x-protobuf"}
    with client(address) as http:
        for body in bodies:
            try:
                answered.append(http.post("/v1/traces", content=body, headers=headers).status_code)
            except httpx.TransportError as error:
                raise AssertionError("the server went away before it was told to") from error


def _bench(root: Path, url: str | None) -> Workbench:
    bench = Workbench(root)
    bench.configure(extra="" if url is None else f'[storage]\nledger = "{url}"\nevents = "{url}"\n')
    return bench
