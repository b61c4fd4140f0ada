"""A field declared late: counted, warned about, filled without embedding, the same as from scratch."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from headrace.errors import NotFoundError
from headrace.ledger import refs, runs
from headrace.records.metadata import BackfillReport
from headrace.workspace import Workspace
from tests.workbench import Workbench, rows

DECLARED = """
[corpus.docs.metadata]
year = { type = "integer" }
team = { type = "string", default = "ops" }
"""


def _write(bench: Workbench, count: int = 6) -> None:
    """Herons: every other one has a year as a text, the last one none that fits."""
    for number in range(count):
        year = "MMXX" if number == count - 1 else f"'{2020 + number}'"
        front = f"---\nyear: {year}\n---\n" if number % 2 else ""
        bench.write(f"{number}.md", f"{front}Heron number {number} wades.")


def _declare(bench: Workbench, declared: str = DECLARED, **options: object) -> None:
    bench.configure(extra=declared, **options)  # type: ignore[arg-type]  # passed on as they come


def _backfill(bench: Workbench, field: str | None = None) -> BackfillReport:
    with bench.open() as workspace:
        return workspace.index.backfill_metadata(field)


def _missing(workspace: Workspace) -> dict[str, int]:
    return dict(workspace.status().corpora[0].metadata_missing)


def _versions(bench: Workbench) -> int:
    return len(list((bench.root / ".headrace").rglob("*.lance/_versions/*.manifest")))


def test_declaring_a_field_builds_no_generation_and_embeds_nothing(tmp_path: Path) -> None:
    bench = Workbench(tmp_path)
    _write(bench)
    first = bench.sync()
    before = _versions(bench)
    _declare(bench)
    second = bench.sync()
    assert (second.generation, second.documents.unchanged) == (first.generation, 6)
    assert (second.embeddings.computed, second.commits, _versions(bench)) == (0, 0, before)


def test_a_late_field_is_counted_and_warned_about_until_it_is_filled(tmp_path: Path) -> None:
    bench = Workbench(tmp_path)
    _write(bench)
    bench.sync()
    _declare(bench)
    bench.sync()
    with bench.open() as workspace:
        assert _missing(workspace) == {"team": 6, "year": 6}
        found = workspace.search("heron", filter="team = 'ops'")
        (warning,) = found.warnings
        assert found.hits == ()
        assert warning.startswith("6 chunks were indexed before 'team' was declared")
        assert "headrace index backfill-metadata team" in warning
        assert workspace.search("heron").warnings == ()
        report = workspace.index.backfill_metadata()
        assert (report.documents, report.rewritten, report.skipped, report.failures) == (6, 6, 0, ())
        assert (report.missing, report.generations) == ({}, (workspace.status().corpora[0].generation,))
        assert _missing(workspace) == {}
        assert workspace.status().corpora[0].metadata_misfits == {"year": 1}
        found = workspace.search("heron", filter="team = 'ops' and year > 2020")
        assert ({hit.document for hit in found.hits}, found.warnings) == ({"docs/1.md", "docs/3.md"}, ())
        again = workspace.index.backfill_metadata()
        assert (again.documents, again.commits) == (0, 0)


def test_nothing_is_embedded_and_the_vectors_stay(tmp_path: Path) -> None:
    bench = Workbench(tmp_path)
    _write(bench)
    bench.sync()
    vectors = {row["chunk_id"]: row["vector"] for row in bench.rows()}
    stored = sorted((tmp_path / ".headrace").rglob("embeddings/**/*.lance/data/*"))
    _declare(bench)
    bench.sync()
    _backfill(bench)
    assert {row["chunk_id"]: row["vector"] for row in bench.rows()} == vectors
    assert sorted((tmp_path / ".headrace").rglob("embeddings/**/*.lance/data/*")) == stored


def test_one_field_alone_reads_only_what_lacks_it(tmp_path: Path) -> None:
    bench = Workbench(tmp_path)
    for number in range(4):
        bench.write(f"{number}.md", f"---\nyear: {2020 + number}\n---\nHeron {number}.")
    bench.write("none.md", "A heron without a year.")
    bench.sync()
    _declare(bench)
    bench.sync()
    with bench.open() as workspace:
        assert _missing(workspace) == {"team": 5, "year": 1}
    report = _backfill(bench, "year")
    assert (report.field, report.documents, report.missing) == ("year", 1, {"team": 4})
    assert _backfill(bench, "team").missing == {}


def test_a_field_that_is_not_declared_cannot_be_filled(tmp_path: Path) -> None:
    bench = Workbench(tmp_path)
    _write(bench)
    _declare(bench)
    bench.sync()
    with bench.open() as workspace, pytest.raises(NotFoundError, match=r"'yeer'. Known: 'team', 'year'"):
        workspace.index.backfill_metadata("yeer")
    with bench.open() as workspace, workspace.ledger.read() as conn:
        run = runs.last(conn, "docs", kind="backfill-metadata")
        assert run is not None
        assert run.state == "failed"
        assert workspace.status().corpora[0].last_run_state == "done"


def test_an_edited_document_is_left_to_the_next_sync_and_a_gone_one_too(tmp_path: Path) -> None:
    bench = Workbench(tmp_path)
    _write(bench, 4)
    bench.sync()
    _declare(bench)
    bench.write("0.md", "Another heron altogether.")
    (tmp_path / "docs" / "1.md").unlink()
    report = _backfill(bench)
    assert (report.documents, report.skipped, report.missing) == (2, 2, {"team": 2, "year": 2})
    assert bench.sync().documents.updated == 1
    with bench.open() as workspace:
        assert _missing(workspace) == {}


def test_a_document_that_cannot_be_read_again_is_recorded_and_stays(tmp_path: Path) -> None:
    bench = Workbench(tmp_path)
    _write(bench, 3)
    bench.configure(sources='"docs", { type = "records", path = "rows.jsonl", id = "id", text = ["t"] }')
    (tmp_path / "rows.jsonl").write_text(json.dumps({"id": "a", "t": "A heron."}), encoding="utf-8")
    bench.sync()
    (tmp_path / "rows.jsonl").unlink()
    _declare(bench, sources='"docs", { type = "records", path = "rows.jsonl", id = "id", text = ["t"] }')
    report = _backfill(bench)
    assert report.documents == 3
    assert [(item.document, item.stage) for item in report.failures] == [("rows.jsonl#a", "list")]
    with bench.open() as workspace:
        assert len(workspace.search("heron").hits) == 4
        assert _missing(workspace) == {"team": 1, "year": 1}


def test_a_changed_default_and_a_taken_back_field_are_filled_too(tmp_path: Path) -> None:
    bench = Workbench(tmp_path)
    _write(bench, 2)
    _declare(bench)
    bench.sync()
    _declare(bench, DECLARED.replace('"ops"', '"dev"'))
    bench.sync()
    with bench.open() as workspace:
        assert _missing(workspace) == {"team": 2}
        workspace.index.backfill_metadata()
        assert len(workspace.search("heron", filter="team = 'dev'").hits) == 2


def test_the_declared_schema_has_a_history(tmp_path: Path) -> None:
    bench = Workbench(tmp_path)
    _write(bench, 1)
    bench.sync()
    _declare(bench)
    bench.sync()
    bench.sync()
    with bench.open() as workspace, workspace.ledger.read() as conn:
        assert len(refs.history(conn, "metadata/docs")) == 1
        (state,) = (ref for ref in workspace.at("now").refs if ref.name == "metadata/docs")
        assert set(state.body["fields"]) == {"team", "year"}


FRONT = st.dictionaries(
    st.sampled_from(["year", "team", "free"]), st.sampled_from(["2020", "'2021'", "soon", "true", "1.5"])
)
SCHEMAS = st.sampled_from(
    [
        {},
        {"year": '{ type = "integer" }'},
        {"year": '{ type = "integer", default = 7 }', "team": '{ type = "list" }'},
        {"team": '{ type = "string", default = "ops" }'},
        {"free": '{ type = "number" }', "year": '{ type = "date" }'},
    ]
)
STEPS = st.lists(st.tuples(st.dictionaries(st.sampled_from("abc"), FRONT), SCHEMAS), min_size=2, max_size=3)


@settings(
    max_examples=8,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=STEPS)
def test_backfilled_equals_from_scratch(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[dict[str, dict[str, str]], dict[str, str]]]
) -> None:
    grown, fresh = (Workbench(tmp_path_factory.mktemp(name)) for name in ("grown", "fresh"))
    declared: dict[str, str] = {}
    for step, (documents, schema) in enumerate(steps):
        declared |= schema
        for bench in (grown, fresh):
            _declare(bench, _table(declared))
            bench.write("always.md", "A heron.")
            for name, front in documents.items():
                lines = "\n".join(f"{key}: {value}" for key, value in front.items())
                bench.write(f"{name}.md", f"---\n{lines}\n---\nHeron {name} of step {step}.")
        with grown.open() as workspace:
            for field in declared:
                workspace.index.retype_field(field, confirmed=True)
            workspace.sync()
            workspace.index.backfill_metadata()
    expected = fresh.sync()
    with grown.open() as workspace:
        assert workspace.status().corpora[0].digest == expected.digest
        found = [{**row, "vector": None} for row in rows(workspace)]
    assert found == [{**row, "vector": None} for row in fresh.rows()]


def _table(declared: dict[str, str]) -> str:
    lines = "\n".join(f"{name} = {facts}" for name, facts in declared.items())
    return f"\n[corpus.docs.metadata]\n{lines}\n"
