"""P2: marks on documents belong to the publish, declarations to their command; a kill halves neither."""

from __future__ import annotations

from pathlib import Path

import pytest

from headrace.flows import deprecate as _deprecate  # noqa: F401 - declares its failpoints
from headrace.ingest.sync import standing as _standing  # noqa: F401 - declares its failpoint
from headrace.ledger.failpoints import NAMES
from tests.processes import run_python
from tests.workbench import Workbench, was_killed

TEXT = "Receipts are due within {} days after the trip ends, and flights need the approval of a manager."
DECLARING = sorted(name for name in NAMES if name.startswith("deprecate."))
_DEPRECATE = (
    "import sys, headrace\nwith headrace.open(sys.argv[1]) as w: w.deprecate('travel-2025.md', reason='x')"
)


def marks(bench: Workbench) -> dict[str, tuple[str, ...]]:
    """The marks of each document that is found."""
    with bench.open() as workspace:
        return {hit.document: hit.marks for hit in workspace.search("receipts", k=20).hits}


def history(bench: Workbench, uri: str) -> list[str]:
    """What the ledger says happened to a document."""
    from headrace.ledger import history as steps

    with bench.open() as workspace, workspace.ledger.read() as conn:
        return [step.event for step in steps.of(conn, "docs", uri)]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Workbench:
    """Two versions of a policy, the newer of which is not synced yet."""
    found = Workbench(tmp_path)
    found.configure(ledger=request.getfixturevalue("postgres_url") if request.param == "postgresql" else None)
    found.write("travel-2024.md", TEXT.format(60))
    found.sync()
    found.write("travel-2025.md", TEXT.format(30))
    return found


def test_a_kill_while_marks_are_written(bench: Workbench) -> None:
    assert was_killed(bench.sync_in_process(failpoints="standing.recorded"))
    assert marks(bench) == {"docs/travel-2024.md": ()}
    bench.sync()
    assert marks(bench) == {"docs/travel-2024.md": ("superseded",), "docs/travel-2025.md": ()}
    assert history(bench, "docs/travel-2024.md") == ["indexed", "superseded"]
    (bench.root / "docs" / "travel-2025.md").unlink()
    assert was_killed(bench.sync_in_process(failpoints="standing.recorded"))
    assert marks(bench)["docs/travel-2024.md"] == ("superseded",)
    bench.sync()
    assert marks(bench) == {"docs/travel-2024.md": ()}
    assert history(bench, "docs/travel-2025.md") == ["indexed", "deleted"]


@pytest.mark.parametrize("failpoint", DECLARING)
def test_a_kill_during_a_declaration(bench: Workbench, failpoint: str) -> None:
    bench.sync()
    done = run_python(_DEPRECATE, str(bench.root), failpoints=failpoint)
    assert was_killed(done), done.stderr
    declared = failpoint == "deprecate.after_ledger"
    assert marks(bench)["docs/travel-2025.md"] == (("deprecated",) if declared else ())
    assert ("deprecated" in history(bench, "docs/travel-2025.md")) == declared


def test_every_step_has_a_failpoint() -> None:
    assert DECLARING == ["deprecate.after_ledger", "deprecate.in_ledger_transaction"]
