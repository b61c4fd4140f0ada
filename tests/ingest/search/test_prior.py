"""Quality in hits and in their order."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from headrace.records.search import SearchResult
from headrace.workspace import Workspace
from tests.workbench import Workbench

TEXT = (
    "The warranty of a mill covers the wheel and the shaft for five years after the day on which it "
    "was handed over. The owner of the mill keeps the receipt, and the maker looks at the wheel once a year. "
)
QUERY = "warranty of the wheel and the shaft"


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Workbench:
    """A page, the same words shuffled under a name that sorts first, and another page."""
    found = Workbench(tmp_path_factory.mktemp("prior"))
    words = (TEXT + QUERY).split()
    random.Random(1).shuffle(words)
    found.configure(chunk_tokens=128)
    found.write("a-shuffled.md", f"{QUERY} {' '.join(words)} {QUERY}")
    found.write("warranty.md", TEXT)
    found.write("herons.md", "Herons stand in the millpond and wait for fish to come to the shaft.")
    found.sync()
    return found


def searched(bench: Workbench, quality: str = "") -> SearchResult:
    """The hits with these keys of `[corpus.docs.quality]`."""
    bench.configure(chunk_tokens=128, extra=f"[corpus.docs.quality]\n{quality}\n")
    with bench.open() as workspace:
        return workspace.search(QUERY)


def test_hits_show_quality_and_weight_nought_changes_no_score(bench: Workbench) -> None:
    hits = {hit.document: hit for hit in searched(bench).hits}
    shuffled, page = hits["docs/a-shuffled.md"], hits["docs/warranty.md"]
    assert shuffled.rank == 1
    assert shuffled.quality is not None
    assert page.quality is not None
    assert shuffled.quality < 0.3 < 0.9 < page.quality
    assert shuffled.quality_parts["prose"] < 0.3
    # Trust moves the score that is shown, not the rank, as long as the weight is nought.
    again = searched(bench, "[corpus.docs.quality.authority]\n'*a-*' = 0.5").hits
    assert [(hit.document, hit.score) for hit in again] == [
        (hit.document, hit.score) for hit in sorted(hits.values(), key=lambda hit: hit.rank)
    ]
    assert again[0].quality == pytest.approx(shuffled.quality / 2, abs=1e-3)


@pytest.mark.parametrize("weight", [0.5, 1.0])
def test_a_weight_multiplies_each_score_by_its_quality(bench: Workbench, weight: float) -> None:
    before = {hit.document: hit for hit in searched(bench).hits}
    after = searched(bench, f"weight = {weight}").hits
    assert after[0].document == "docs/warranty.md"
    for hit in after:
        assert hit.quality is not None
        expected = before[hit.document].score * (1 - weight * (1 - hit.quality))
        assert hit.score == pytest.approx(expected, abs=1e-4)


def test_a_document_without_a_score_keeps_what_it_has(bench: Workbench, tmp_path: Path) -> None:
    import shutil

    import sqlalchemy as sa

    from headrace.ledger.storage.tables.documents import documents

    root = tmp_path / "copy"
    shutil.copytree(bench.root, root)
    old = Workbench(root)
    before = {hit.document: hit.score for hit in searched(old).hits}
    with Workspace.open(root) as workspace:
        workspace.ledger.write(lambda tx: tx.conn.execute(sa.update(documents).values(quality="{}")))
    hits = searched(old, "weight = 1.0").hits
    assert {hit.document: hit.score for hit in hits} == before
    assert {hit.quality for hit in hits} == {None}
    with Workspace.open(root) as workspace:
        report = workspace.quality.list()
    assert (report.documents, report.unscored, report.mean) == (0, 3, None)
