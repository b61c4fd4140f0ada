"""Whatever keeps something of documents has an eraser, or a reason why it needs none."""

from __future__ import annotations

import importlib
import pkgutil
import sqlite3
from pathlib import Path

from headrace.ledger.erasers import COVERED, EXEMPT
from headrace.ledger.storage.tables import metadata
from tests.workbench import Workbench

_ROOMS = (
    "headrace.ledger",
    "headrace.privacy",
    "headrace.infer",
    "headrace.ingest",
    "headrace.observe",
    "headrace.curate",
    "headrace.flows",
    "headrace.ship",
)


def _declared() -> set[str]:
    for room in _ROOMS:
        package = importlib.import_module(room)
        for module in pkgutil.walk_packages(package.__path__, prefix=f"{room}."):
            if module.name.endswith(("eraser", "erasing", "rows", "declarations")):
                importlib.import_module(module.name)
    return set(COVERED) | set(EXEMPT)


def test_every_table_of_the_ledger_is_declared() -> None:
    declared = _declared()
    missing = {f"table:{name}" for name in metadata.tables} - declared
    assert not missing, f"no eraser and no reason for {sorted(missing)}: see headrace/ledger/erasers.py"
    gone = {place for place in declared if place.startswith("table:")} - {
        f"table:{name}" for name in metadata.tables
    }
    assert not gone, f"declared but not there: {sorted(gone)}"
    assert not set(COVERED) & set(EXEMPT)
    assert all(reason.strip() for reason in EXEMPT.values())


def test_every_folder_of_the_state_is_declared(tmp_path: Path) -> None:
    bench = Workbench(tmp_path)
    bench.configure(extra='[erasure]\nreader_wait = "0s"\n')
    bench.write("a.md", "A document about herons.")
    bench.write("b.md", "A document about mills.")
    bench.sync()
    with bench.open() as workspace:
        workspace.ask("What about herons?")
        workspace.forget("docs/a.md")
    state = tmp_path / ".headrace"
    places = {f"folder:{path.name}" for path in state.iterdir() if path.name != "index"}
    places |= {f"folder:index/{path.name}" for path in (state / "index").iterdir()}
    places = {place.removesuffix("-wal").removesuffix("-shm") for place in places}
    assert places <= _declared(), f"undeclared: {sorted(places - _declared())}"
    tables: set[str] = set()
    for day in (state / "events").glob("*.sqlite"):
        connection = sqlite3.connect(day)
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        tables |= {f"events:{name}" for (name,) in names}
        connection.close()
    assert tables <= _declared()
