"""The process: where it listens, what it says, how it ends."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from headrace.errors import UsageError
from headrace.server.app import serve
from headrace.server.loopback import address_of, host_name, is_loopback, listen
from tests.doors.cli.program import run_program
from tests.doors.server.serving import client, printed_address, start
from tests.workbench import Workbench

_WITHOUT_PACKAGE = """\
import sys
from headrace.errors import MissingExtra
sys.modules[{package!r}] = None
try:
    {call}
except MissingExtra as error:
    sys.stdout.write(error.hint)
"""


@pytest.mark.parametrize("host", ["127.0.0.1", "127.255.0.9", "::1", "localhost", "LocalHost"])
def test_loopback(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "::", "", "10.0.0.1", "192.168.1.2", "example.com", "localhost.example.com", "127.1"]
)
def test_everything_else_is_refused(synced: Workbench, host: str) -> None:
    assert not is_loopback(host)
    with pytest.raises(UsageError, match="other machines"):
        serve(synced.root, host, 0)


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("localhost:80", "localhost"),
        ("[::1]:80", "::1"),
        ("[::1]", "::1"),
        ("127.0.0.1", "127.0.0.1"),
        ("", ""),
    ],
)
def test_host_name(header: str, name: str) -> None:
    assert host_name(header) == name


def test_a_port_that_is_taken(synced: Workbench) -> None:
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        done = run_program("serve", "--port", str(port), "--json", "--workspace", synced.root)
    assert done.returncode == 2
    error = json.loads(done.stdout)["error"]
    assert error["type"] == "UsageError"
    assert f"port {port}" in error["message"]
    assert "--port 0" in error["hint"]


@pytest.mark.parametrize("port", [-1, 65536])
def test_a_port_that_does_not_exist(port: int) -> None:
    with pytest.raises(UsageError, match="no port"):
        listen("127.0.0.1", port)


def test_an_address_with_colons_is_printed_in_brackets() -> None:
    try:
        taken = listen("::1", 0)
    except UsageError:
        pytest.skip("this machine has no IPv6")
    with taken:
        assert address_of(taken).startswith("http://[::1]:")


@pytest.mark.parametrize(("number", "host"), [(signal.SIGTERM, "localhost"), (signal.SIGINT, "127.0.0.1")])
def test_a_signal_ends_it_cleanly(synced: Workbench, number: signal.Signals, host: str) -> None:
    with start(synced.root, "--port", "0", "--host", host) as process:
        address = printed_address(process)
        with client(address) as http:
            trace = http.get("/api/search", params={"q": "backups"}).json()["trace_id"]
        process.send_signal(number)
        assert process.wait(timeout=30) == 0
    port = int(address.rpartition(":")[2])
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0
    with synced.open() as workspace:
        assert workspace.why(trace).kind == "trace"


def test_a_folder_that_is_no_workspace(tmp_path: Path) -> None:
    done = run_program("serve", "--port", "0", "--json", "--workspace", tmp_path)
    assert done.returncode == 2
    assert json.loads(done.stdout)["error"]["type"] == "WorkspaceNotFound"


@pytest.mark.parametrize(
    ("package", "call", "extra"),
    [
        ("fastapi", "from headrace.server.app import serve; serve(sys.argv[1], port=0)", "server"),
        ("uvicorn", "from headrace.server.app import serve; serve(sys.argv[1], port=0)", "server"),
        ("mcp", "from headrace.server.mcp import run_stdio; run_stdio(sys.argv[1])", "mcp"),
    ],
)
def test_a_package_that_is_not_installed(synced: Workbench, package: str, call: str, extra: str) -> None:
    script = _WITHOUT_PACKAGE.format(package=package, call=call)
    done = subprocess.run(
        [sys.executable, "-c", script, str(synced.root)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout == f"pip install 'headrace[{extra}]'"
