"""P2 under power loss: every file of an index commit is on disk before the ledger names it.

A SIGKILL keeps the page cache, so this watches the system calls of a real sync instead.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.workbench import Workbench

_CALL = re.compile(
    r"^(?P<pid>\d+)\s+(?P<name>\w+)\((?P<args>.*?)\)\s*=\s*(?P<result>-?\d+)(?:<(?P<opened>[^>]*)>)?"
)
_PATH = re.compile(r"\d+<(?P<path>[^>]*)>")
_CALLS = "openat,creat,write,pwrite64,writev,pwritev,fsync,fdatasync,rename,renameat,renameat2,link,linkat"
_SYNC = "import sys, headrace\nwith headrace.open(sys.argv[1]) as workspace: workspace.sync()"


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, str]]:
    """(call, path) in order, of a sync that edits a document."""
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("strace is not installed")
    root = tmp_path_factory.mktemp("fsync")
    bench = Workbench(root / "workspace")
    bench.write("a.md", "The first revision about herons.")
    bench.sync()
    bench.write("a.md", "The second revision about herons.")
    log = root / "calls.txt"
    command = [strace, "-f", "-y", "-qq", "-s", "0", "-e", f"trace={_CALLS}", "-o", str(log)]
    done = subprocess.run(
        [*command, sys.executable, "-c", _SYNC, str(bench.root)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if "ptrace" in done.stderr and "ermitted" in done.stderr:
        pytest.skip("tracing system calls is not permitted here")
    assert done.returncode == 0, done.stderr
    return _parsed(log)


def _parsed(log: Path) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    unfinished: dict[str, str] = {}
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
        pid = line.split(None, 1)[0]
        if line.endswith("<unfinished ...>"):
            unfinished[pid] = line.removesuffix("<unfinished ...>").rstrip()
            continue
        resumed = re.match(r"^\d+\s+<\.\.\. \w+ resumed>\s*(.*)$", line)
        if resumed is not None:
            line = unfinished.pop(pid, "") + resumed.group(1)
        match = _CALL.match(line)
        if match is None:
            continue
        name, args = match["name"], match["args"]
        if name in ("fsync", "fdatasync") or "write" in name:
            path = _PATH.match(args)
            found.append((name, path["path"] if path else ""))
        elif name in ("openat", "creat"):
            if "O_CREAT" in args:
                found.append(("create", match["opened"] or ""))
        else:
            names = re.findall(r'"([^"]*)"', args)
            found.append(("create", names[-1] if names else ""))
    return found


def test_index_files_are_synced_before_the_ledger_commits(calls: list[tuple[str, str]]) -> None:
    tables = [
        place
        for place, (name, path) in enumerate(calls)
        if name == "create" and "/generations/" in path and "_versions" in path
    ]
    assert tables, "the sync made no index version"
    manifest = tables[0]
    publish = next(
        place
        for place, (name, path) in enumerate(calls)
        if place > manifest and name in ("fsync", "fdatasync") and path.endswith("ledger.sqlite-wal")
    )
    created = {
        path
        for name, path in calls[:publish]
        if name == "create" and "/generations/" in path and not _is_temporary(path)
    }
    synced = {path for name, path in calls[:publish] if name == "fsync"}
    assert any("/data/" in path for path in created)
    assert created <= synced, f"not on disk when the ledger named them: {sorted(created - synced)}"
    folders = {str(Path(path).parent) for path in created}
    assert folders <= synced, f"folders not on disk: {sorted(folders - synced)}"


def test_nothing_of_a_version_is_written_after_it_was_synced(calls: list[tuple[str, str]]) -> None:
    synced: set[str] = set()
    for name, path in calls:
        if "/generations/" not in path:
            continue
        if name == "fsync":
            synced.add(path)
        elif "write" in name:
            assert path not in synced, f"{path} was written after its fsync"


def _is_temporary(path: str) -> bool:
    return ".tmp" in path or "#" in Path(path).name or path.endswith("latest_version_hint.json")
