"""Forks a process for each program that it reads from its input; see `tests.processes`."""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import pkgutil
import sys
import threading
import traceback
import warnings
from collections.abc import Mapping
from typing import Any

import headrace

_LIBRARIES = (
    "alembic.command",
    "alembic.config",
    "jinja2.sandbox",
    "lance",
    "psycopg",
    "pyarrow.compute",
    "pyarrow.parquet",
    "re2",
    "sqlalchemy.dialects.postgresql",
    "sqlalchemy.dialects.sqlite",
    "tokenizers",
)
"""What is imported when it is first needed, except onnxruntime, whose threads do not live on in a child."""
_RUN_WHEN_IMPORTED = ("headrace.__main__", "headrace.ledger.storage.migrations.")


def main() -> None:
    """Import, beginning no thread; then answer each line, a program, with its exit code."""
    for name in _LIBRARIES:
        importlib.import_module(name)
    for module in pkgutil.walk_packages(headrace.__path__, "headrace."):
        if not module.name.startswith(_RUN_WHEN_IMPORTED):
            importlib.import_module(module.name)
    # A child that collects garbage would otherwise copy every page.
    gc.freeze()
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
    code = _run(asked["program"])
    # The rest of an interpreter's end, which would free each module that was imported.
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _run(program: str) -> int:
    try:
        exec(compile(program, "<string>", "exec"), {"__name__": "__main__"})
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001  the interpreter prints it too
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    main()
