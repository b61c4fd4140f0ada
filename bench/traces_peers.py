"""The peers of traces.py: MLflow and Phoenix, each over SQLite, sent the same spans, and killed."""

from __future__ import annotations

import os
import socket
import sqlite3
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import psutil

_START_SECONDS = 120
_STORED_SECONDS = 300
_WARM = 200


class Peer(NamedTuple):
    """A server that takes OTLP."""

    name: str
    arguments: tuple[str, ...]
    """After its program; {port} and {root} are filled in."""
    database: str
    """In its folder."""
    headers: Mapping[str, str]
    environment: Mapping[str, str]


PEERS = {
    "mlflow": Peer(
        "MLflow",
        (
            *("server", "--backend-store-uri", "sqlite:///{root}/mlflow.db"),
            *("--artifacts-destination", "{root}/artifacts"),
            *("--host", "127.0.0.1", "--port", "{port}", "--workers", "1"),
        ),
        "mlflow.db",
        {"x-mlflow-experiment-id": "0"},
        {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"},
    ),
    "phoenix": Peer(
        "Phoenix",
        ("serve",),
        "phoenix.db",
        {},
        {
            "PHOENIX_WORKING_DIR": "{root}",
            "PHOENIX_PORT": "{port}",
            "PHOENIX_HOST": "127.0.0.1",
            "PHOENIX_GRPC_PORT": "{other}",
            "PHOENIX_TELEMETRY_ENABLED": "false",
        },
    ),
}

Send = Callable[..., tuple[float, list[float]]]


def beside(
    folders: Sequence[Path], count: int, *, requests_of: Callable[[int], list[bytes]], send: Send
) -> None:
    """Measure the peers whose environments lie in these folders; a line each, or why it was left out."""
    for program, peer in PEERS.items():
        found = next((path for folder in folders if (path := folder / "bin" / program).exists()), None)
        if found is None:
            print(f"Left out: {peer.name}. No environment of --peers has bin/{program}.", flush=True)
            continue
        root = Path(tempfile.mkdtemp(prefix=f"headrace-bench-{program}-"))
        with _served(found, peer, root) as (address, process):
            _measure(peer, root, address, process, count, requests_of, send)
        _kill(found, peer, count, requests_of, send)


def _kill(
    program: Path, peer: Peer, count: int, requests_of: Callable[[int], list[bytes]], send: Send
) -> None:
    """SIGKILL right after the last 200; then its database is counted."""
    root = Path(tempfile.mkdtemp(prefix=f"headrace-bench-{program.name}-"))
    with _served(program, peer, root) as (address, process):
        send(address, requests_of(_WARM), headers=peer.headers)
        _stored(root / peer.database, _WARM)
        send(address, requests_of(count), headers=peer.headers)
        for one in (*process.children(recursive=True), process):
            with suppress(psutil.NoSuchProcess):
                one.kill()
    with closing(sqlite3.connect(root / peer.database)) as connection:
        kept = connection.execute("SELECT count(*) FROM spans").fetchone()[0] - _WARM
    print(f"{peer.name:34} killed after the last 200: {count - kept:,} of {count:,} spans lost", flush=True)


def _measure(
    peer: Peer,
    root: Path,
    address: str,
    process: psutil.Process,
    count: int,
    requests_of: Callable[[int], list[bytes]],
    send: Send,
) -> None:
    send(address, requests_of(_WARM), headers=peer.headers)
    _stored(root / peer.database, _WARM)
    bodies = requests_of(count)
    before, begun = _cpu(process), time.perf_counter()
    answered, took = send(address, bodies, headers=peer.headers)
    kept = _stored(root / peer.database, _WARM + count) - _WARM
    seconds = time.perf_counter() - begun
    cpu_ms = (_cpu(process) - before) * 1000 / count
    took.sort()
    print(
        f"{peer.name:34} {kept / seconds:8,.0f} spans/s  {cpu_ms:.3f} ms CPU/span  "
        f"p50 {statistics.median(took):.0f} ms  p99 {took[int(len(took) * 0.99)]:.0f} ms  "
        f"{process.memory_info().rss / 1e6:.0f} MB  {count - kept} lost  "
        f"(all answered after {answered:.1f} s, all stored after {seconds:.1f} s)",
        flush=True,
    )


def _stored(database: Path, wanted: int) -> int:
    """Wait until its database has so many spans, and no longer than a while; gives how many it has."""
    end, found = time.monotonic() + _STORED_SECONDS, 0
    while found < wanted and time.monotonic() < end:
        with (
            suppress(sqlite3.OperationalError),  # locked by a writer: asked again
            closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=30)) as connection,
        ):
            found = connection.execute("SELECT count(*) FROM spans").fetchone()[0]
        if found < wanted:
            time.sleep(0.05)
    return found


def _cpu(process: psutil.Process) -> float:
    return sum(sum(one.cpu_times()[:2]) for one in (process, *process.children(recursive=True)))


@contextmanager
def _served(program: Path, peer: Peer, root: Path) -> Iterator[tuple[str, psutil.Process]]:
    given = {"port": str(_free_port()), "other": str(_free_port()), "root": str(root)}
    command = [str(program), *(part.format(**given) for part in peer.arguments)]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment |= {name: value.format(**given) for name, value in peer.environment.items()}
    with (root / "log.txt").open("wb") as log:
        started = subprocess.Popen(command, env=environment, cwd=root, stdout=log, stderr=log)
    process = psutil.Process(started.pid)
    try:
        _await(int(given["port"]), started)
        yield f"http://127.0.0.1:{given['port']}", process
    finally:
        under = process.children(recursive=True)
        started.terminate()
        with suppress(subprocess.TimeoutExpired):
            started.wait(timeout=20)
        for one in (process, *under):
            with suppress(psutil.NoSuchProcess):
                one.kill()


def _await(port: int, started: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end and started.poll() is None:
        with suppress(OSError), closing(socket.create_connection(("127.0.0.1", port), timeout=1)):
            return
        time.sleep(0.2)
    raise RuntimeError("The peer did not start; log.txt in its folder says why.")


def _free_port() -> int:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
