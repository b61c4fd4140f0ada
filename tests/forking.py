"""Forks a process for each program that it reads from its input; see `tests.processes`."""

from __future__ import annotations

import importlib
import json
import os
import sys
import warnings
from collections.abc import Mapping
from typing import Any

IMPORTED = (
    "headrace.workspace",
    "headrace.wiring_sync",
    "headrace.wiring_gates",
    "headrace.wiring_steps",
    "headrace.wiring_embedding",
    "headrace.wiring_prompts",
    "headrace.wiring_schemas",
    "headrace.forgetting",
    "headrace.config.load",
    "headrace.config.overrides",
    "headrace.flows.probing",
    "headrace.flows.forget.restore",
    "headrace.infer.embedders.guarded",
    "headrace.ingest.chunking.splitter",
    "headrace.ingest.parsing.pool",
    "headrace.ingest.search.retrieve",
    "headrace.ingest.sync.plan",
    "headrace.ingest.sync.run",
    "headrace.ledger.events.opening",
    "headrace.ledger.ledger",
    "headrace.privacy.build",
    "headrace.ship.releases",
    "alembic.command",
    "lance",
    "pyarrow.compute",
    "pyarrow.parquet",
    "psycopg",
    "sqlalchemy.dialects.postgresql",
    "sqlalchemy.dialects.sqlite",
)


def main() -> None:
    """Import, beginning no thread; then answer each line, a program, with its exit code."""
    for name in IMPORTED:
        importlib.import_module(name)
    # Lance warns of every fork, since its threads do not live on in the child; none was begun here.
    warnings.filterwarnings("ignore", message="lance is not fork-safe")
    while line := sys.stdin.readline():
        asked = json.loads(line)
        child = os.fork()
        if not child:
            _become(asked)
            return
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def _become(asked: Mapping[str, Any]) -> None:
    """Run a program as the main program of this process."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    for number, path in enumerate(asked["outputs"], start=1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), number)
    os.environ.clear()
    os.environ.update(asked["env"])
    os.chdir(asked["cwd"])
    sys.argv = ["-c", *asked["arguments"]]
    exec(compile(asked["program"], "<string>", "exec"), {"__name__": "__main__"})


if __name__ == "__main__":
    main()
