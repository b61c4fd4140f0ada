"""P5: what is forgotten leaves every version of every dataset; versions keep their names."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from headrace.curate.datasets import columns, entries, versions
from headrace.curate.datasets import eraser as _eraser  # noqa: F401 - declares its failpoint
from headrace.curate.datasets.tree import TreeReader, root
from headrace.ledger import datasets as book
from headrace.ledger.columnar.decoding import buffers
from headrace.records.datasets import RowInput
from headrace.workspace import Workspace
from tests.processes import run_python
from tests.workbench import Workbench, was_killed

SAID = "Quentin asked about the zanzibar ledger under the boathouse"
SENTENCE = "The heron of the mill was called Archibald Quince by everybody."
LETTER = "docs/letters/marlowe.md"
_FORGET = """\
import sys, headrace
with headrace.open(sys.argv[1]) as workspace:
    report = workspace.forget(sys.argv[2])
    sys.exit(0 if report.certificate and not report.scan.hits else 1)
"""


def rows(number: int) -> list[RowInput]:
    return [
        RowInput(
            key=f"k{at:03}", fields={"q": f"question {at}", "n": at, "label": "plain"}, group=f"u{at % 7}"
        )
        for at in range(number)
    ]


def filled(root_: Path, ledger: str | None = None) -> Workbench:
    bench = Workbench(root_)
    bench.configure(extra='[erasure]\nreader_wait = "0s"\n', ledger=ledger)
    (root_ / "docs" / "letters").mkdir()
    (root_ / LETTER).write_text(f"# A letter\n\n{SENTENCE}\n")
    bench.sync()
    with bench.open() as workspace:
        workspace.datasets.create("answers")
        workspace.datasets.add("answers", rows(60))
        first = workspace.datasets.commit("answers", message="first").version
        personal = [
            RowInput(
                key="quentin@example.org", fields={"q": SAID, "label": "rare-zanzibar"}, subject="quentin"
            ),
            RowInput(key="k007", fields={"q": SAID + " again", "n": 7}, subject="quentin", group="quentin"),
            RowInput(
                key="zz", fields={"q": "What was the heron called?"}, provenance={"source": f"docs/{LETTER}"}
            ),
        ]
        workspace.datasets.add("answers", personal)
        second = workspace.datasets.commit("answers", message="second", force=True, reason="a test").version
        workspace.datasets.remove("answers", ["k001"])
        workspace.datasets.commit("answers", message="third")
        workspace.datasets.add(
            "answers", [RowInput(key="later", fields={"q": SAID}, subject="quentin"), *rows(3)]
        )
        workspace.datasets.export("answers", format="rows", purpose="eval", version=second)
        workspace.models.register("helper", data=["answers@2"])
        assert first != second
    return bench


def bytes_of(root_: Path) -> bytes:
    """Everything under the state, decoded."""
    found = []
    for path in sorted((root_ / ".headrace").rglob("*")):
        if not path.is_file() or "keys" in path.parts or path.suffix == ".lance":
            continue
        data = path.read_bytes()
        found.append(data)
        if data[:4] in (b"PAR1", b"ARRO"):
            found += [buffer.data for buffer in buffers(path)]
    return b"\n".join(found)


def ids(workspace: Workspace) -> list[tuple[str, bytes]]:
    """Every version with the root of its tree, computed from what lies on disk."""
    parts = workspace.datasets.parts
    reader = TreeReader(parts.files)
    with parts.ledger.read() as conn:
        every = book.versions(conn)
    found = []
    for version in every:
        leaves = versions.leaves_of(reader, version)
        assert all(reader.leaf(leaf).digest() == leaf.digest for leaf in leaves)
        found.append((version.id, root(leaf.digest for leaf in leaves)))
    return found


def check_gone(bench: Workbench, before: list[tuple[str, bytes]]) -> None:
    left = bytes_of(bench.root)
    for canary in (SAID, "quentin@example.org", "rare-zanzibar"):
        assert canary.encode() not in left, canary
    with bench.open() as workspace:
        assert ids(workspace) == before
        report = workspace.datasets.show("answers", version="2", limit=100)
        assert (report.rows, report.erased, len(report.sample)) == (62, 2, 60)
        assert workspace.models.show("helper").erased_rows == 2
        assert workspace.datasets.diff("answers", "1", "2").removed == 1
        assert "n" in workspace.datasets.show("answers", version="1", key="k007").sample[0].fields
        again = workspace.datasets.add("answers", [RowInput(key="x", fields={"q": "y"}, subject="quentin")])
        assert again.kept_out == 1
        assert workspace.datasets.export("answers", format="rows", purpose="eval", version="2").withheld == {
            "erased": 2
        }


@pytest.fixture(autouse=True)
def small_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entries, "LEAF_ROWS", 8)


def test_a_user_leaves_every_version_and_the_versions_keep_their_names(tmp_path: Path) -> None:
    bench = filled(tmp_path)
    with bench.open() as workspace:
        before = ids(workspace)
        assert SAID.encode() in bytes_of(tmp_path)
        report = workspace.forget("subject:quentin")
        assert report.certificate is not None
        assert report.scan.hits == 0
        assert {item.store: item.items for item in report.found}["datasets"] == 3
        assert "datasets" not in report.unproven
    check_gone(bench, before)
    with bench.open() as workspace:
        # What comes after has the same name as if the forgotten rows had never been there.
        assert workspace.datasets.commit("answers").state == "committed"
        later = workspace.datasets.show("answers").version
        workspace.datasets.create("fresh", salt="answers")
        pack, erased = versions.all_rows(
            workspace.datasets.parts, versions.find(workspace.datasets.parts, "answers")
        )
        assert erased == 0
        workspace.datasets.add("fresh", list(columns.to_inputs(pack.rows)))
        assert workspace.datasets.commit("fresh").version == later


@pytest.mark.soak
def test_rows_of_a_forgotten_document_go_too(tmp_path: Path) -> None:
    bench = filled(tmp_path)
    with bench.open() as workspace:
        workspace.datasets.add("answers", [RowInput(key="quote", fields={"a": f"They say: {SENTENCE}"})])
        workspace.datasets.commit("answers", force=True, reason="a test")
        report = workspace.forget(LETTER)
        assert report.certificate is not None
        assert report.scan.hits == 0
        assert {item.store: item.items for item in report.found}["datasets"] == 2
        for key in ("zz", "quote"):
            assert key not in [row.key for row in workspace.datasets.show("answers", limit=500).sample]
    left = bytes_of(tmp_path)
    assert b"Archibald Quince" not in left
    assert b"marlowe.md" not in left


@pytest.mark.soak
@pytest.mark.parametrize(
    "failpoint",
    ["dataset.in_erase_transaction", "dataset.files_named", "dataset.files_written", "dataset.files_swept:2"],
)
def test_an_erasure_that_is_killed_is_finished_by_the_next(tmp_path: Path, failpoint: str) -> None:
    bench = filled(tmp_path)
    with bench.open() as workspace:
        before = ids(workspace)
    killed = _forget(tmp_path, failpoint)
    assert was_killed(killed), killed.stderr
    with bench.open() as workspace:
        (report,) = workspace.forget_due()
        assert report.certificate is not None
        assert report.scan.hits == 0
    check_gone(bench, before)


@pytest.mark.soak
def test_it_is_so_on_postgresql(tmp_path: Path, postgres_url: str) -> None:
    bench = filled(tmp_path, ledger=postgres_url)
    with bench.open() as workspace:
        before = ids(workspace)
        report = workspace.forget("subject:quentin")
        assert report.certificate is not None
        assert report.scan.hits == 0
    check_gone(bench, before)


def _forget(root_: Path, failpoint: str) -> subprocess.CompletedProcess[str]:
    return run_python(_FORGET, str(root_), "subject:quentin", failpoints=failpoint)
