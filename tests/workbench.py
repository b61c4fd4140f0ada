"""A real workspace in a folder, for tests: files in, syncs, what readers see."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import headrace
from headrace.ingest.search.snapshot import Snapshots
from headrace.records.sync import SyncReport
from headrace.workspace import Workspace
from tests.processes import run_python

_CONFIG = """\
{storage}
[corpus.docs]
sources = [{sources}]

[corpus.docs.recipe]
embedder = "{embedder}"
chunk_tokens = {chunk_tokens}
chunk_overlap = 0
"""

_SYNC = """\
import sys, headrace
from headrace.records.wire import to_plain
import json
with headrace.open(sys.argv[1]) as workspace:
    print(json.dumps(to_plain(workspace.sync())))
"""


class Workbench:
    """A workspace with one corpus `docs` over the folder `docs`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "docs").mkdir(parents=True, exist_ok=True)
        self.configure()

    def configure(
        self,
        *,
        chunk_tokens: int = 32,
        embedder: str = "hash",
        sources: str = '"docs"',
        ledger: str | None = None,
        extra: str = "",
    ) -> None:
        """Write headrace.toml anew."""
        storage = f'[storage]\nledger = "{ledger}"\n' if ledger else ""
        text = _CONFIG.format(storage=storage, sources=sources, embedder=embedder, chunk_tokens=chunk_tokens)
        (self.root / "headrace.toml").write_text(text + extra, encoding="utf-8")

    def write(self, name: str, text: str) -> Path:
        """Write a document."""
        path = self.root / "docs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def open(self) -> Workspace:
        """Open the workspace."""
        return headrace.open(self.root)

    def sync(self, **options: Any) -> SyncReport:
        """Open, sync, close."""
        with self.open() as workspace:
            return workspace.sync(**options)

    def rows(self) -> list[dict[str, Any]]:
        """Every chunk that readers see, in document order, without permissions."""
        with self.open() as workspace:
            return rows(workspace)

    def sync_in_process(
        self, *, failpoints: str = "", env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Sync in a process of its own, with failpoints armed."""
        return run_python(_SYNC, str(self.root), failpoints=failpoints, env=env)

    def start_sync(self) -> subprocess.Popen[str]:
        """Start a sync in a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-c", _SYNC, str(self.root)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


def rows(workspace: Workspace, corpus: str = "docs") -> list[dict[str, Any]]:
    """Every chunk of the snapshot that serves, in document order."""
    snapshots = Snapshots(workspace.ledger, pointer=workspace.releases.pointer)
    served = snapshots.current(corpus, ())
    if served is None:
        return []
    columns = [
        "document",
        "position",
        "chunk_id",
        "revision",
        "start",
        "end",
        "text",
        "text_hash",
        "metadata",
    ]
    table = snapshots.dataset(served).to_table(columns=[*columns, "vector"])
    found = table.to_pylist()
    for row in found:
        row["metadata"] = json.loads(row["metadata"])
    return sorted(found, key=lambda row: (row["document"], row["position"]))


def was_killed(process: subprocess.CompletedProcess[str]) -> bool:
    """Whether a failpoint killed it."""
    return process.returncode == -signal.SIGKILL
