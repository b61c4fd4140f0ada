"""Taking a field away, or giving it another type, is refused while it is in use, and then decided."""

from __future__ import annotations

from pathlib import Path

import pytest

from headrace.errors import NotFoundError, UsageError, Withheld
from headrace.ledger import refs
from tests.workbench import Workbench

YEAR = '\n[corpus.docs.metadata]\nyear = { type = "integer" }\n'


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    """Two herons with a declared year, one without."""
    found = Workbench(tmp_path)
    found.configure(extra=YEAR)
    for number in range(2):
        found.write(f"{number}.md", f"---\nyear: {2020 + number}\n---\nHeron {number}.")
    found.write("free.md", "---\nteam: ops\n---\nA heron.")
    found.sync()
    return found


def test_a_field_with_values_does_not_go_by_itself(bench: Workbench) -> None:
    bench.configure()
    with pytest.raises(Withheld) as caught:
        bench.sync()
    assert caught.value.exit_code == 3
    assert "'year' of corpus 'docs' is gone from headrace.toml" in caught.value.message
    assert "0 recent searches filtered by it, and 2 documents have a value of it" in caught.value.message
    assert caught.value.hint.endswith("headrace index drop-field year --corpus docs --yes")


def test_a_field_that_filters_name_does_not_go_by_itself(bench: Workbench) -> None:
    bench.configure(extra=f'{YEAR}teem = {{ type = "string" }}\n')
    bench.sync()
    with bench.open() as workspace:
        workspace.search("heron", filter="teem = 'ops' or teem exists")
    bench.configure(extra=YEAR)
    with pytest.raises(Withheld, match="1 recent search filtered by it, and 0 documents"):
        bench.sync()


def test_a_field_that_nobody_uses_goes(bench: Workbench) -> None:
    bench.configure(extra=f'{YEAR}new = {{ type = "string" }}\n')
    bench.sync()
    bench.configure(extra=YEAR)
    assert bench.sync().documents.unchanged == 3


def test_a_dropped_field_leaves_the_index_at_the_next_backfill(bench: Workbench) -> None:
    bench.configure()
    with bench.open() as workspace:
        with pytest.raises(Withheld, match="2 documents have a value of it"):
            workspace.index.drop_field("year")
        decision = workspace.index.drop_field("year", confirmed=True)
        assert (decision.decision, decision.use.documents, decision.use.chunks) == ("dropped", 2, 2)
        assert workspace.sync().embeddings.computed == 0
        assert len(workspace.search("heron", filter="year exists").hits) == 2
        report = workspace.index.backfill_metadata("year")
        assert (report.documents, report.rewritten) == (2, 2)
        assert workspace.search("heron", filter="year exists").hits == ()
        assert all("year" not in hit.metadata for hit in workspace.search("heron").hits)
        with workspace.ledger.read() as conn:
            assert [row.reason for row in refs.history(conn, "metadata/docs")][-1] == "year dropped"
    bench.write("1.md", "---\nyear: 1999\n---\nHeron edited.")
    bench.sync()
    with bench.open() as workspace:
        assert workspace.search("heron", filter="year exists").hits == ()


def test_declaring_a_dropped_field_again_takes_the_drop_back(bench: Workbench) -> None:
    bench.configure()
    with bench.open() as workspace:
        workspace.index.drop_field("year", confirmed=True)
        workspace.index.backfill_metadata()
    bench.configure(extra=YEAR)
    bench.sync()
    with bench.open() as workspace:
        assert workspace.status().corpora[0].metadata_missing == {"year": 3}
        workspace.index.backfill_metadata()
        assert len(workspace.search("heron", filter="year >= 2020").hits) == 2


def test_an_undeclared_field_can_be_dropped_too(bench: Workbench) -> None:
    with bench.open() as workspace:
        workspace.index.drop_field("team", confirmed=True)
        workspace.index.backfill_metadata()
        assert workspace.search("heron", filter="team exists").hits == ()
        with pytest.raises(NotFoundError, match="No metadata field 'nothing'"):
            workspace.index.drop_field("nothing")
        with pytest.raises(UsageError, match="'year' is declared in headrace.toml"):
            workspace.index.drop_field("year", confirmed=True)


def test_another_type_is_refused_and_then_decided(bench: Workbench) -> None:
    bench.configure(extra=YEAR.replace("integer", "string"))
    with pytest.raises(Withheld, match="was declared 'integer' and is now 'string'") as caught:
        bench.sync()
    assert "headrace index retype-field year" in caught.value.hint
    with bench.open() as workspace:
        with pytest.raises(Withheld):
            workspace.index.retype_field("year")
        assert workspace.index.retype_field("year", confirmed=True).decision == "retyped"
        workspace.sync()
        assert workspace.status().corpora[0].metadata_missing == {"year": 3}
        workspace.index.backfill_metadata()
        assert workspace.status().corpora[0].metadata_misfits == {"year": 2}
        with pytest.raises(NotFoundError):
            workspace.index.retype_field("nothing", confirmed=True)


def test_another_default_or_description_needs_no_decision(bench: Workbench) -> None:
    bench.configure(extra=YEAR.replace('"integer"', '"integer", description = "When.", since = 2026-01-01'))
    bench.sync()
    with bench.open() as workspace:
        assert workspace.status().corpora[0].metadata_missing == {}
        with workspace.ledger.read() as conn:
            assert len(refs.history(conn, "metadata/docs")) == 2
