"""A sync writes every generation that serves, will serve or served, and none of them harms what serves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from headrace.records.generations import GenerationReport
from tests.fakes import openai_server as fake
from tests.promises.test_p06_nothing_fails_silently import MODELS
from tests.workbench import Workbench


@pytest.fixture
def server() -> Iterator[fake.OpenAIServer]:
    with fake.OpenAIServer(dimension=8) as server:
        yield server


def _bench(root: Path) -> Workbench:
    bench = Workbench(root)
    for number in range(6):
        bench.write(f"{number}.md", f"Document {number} about herons.\n\n" + "More words. " * 20)
    bench.sync()
    return bench


def _generations(bench: Workbench) -> list[GenerationReport]:
    with bench.open() as workspace:
        return list(workspace.index.list().generations)


def _build(bench: Workbench, **recipe: str) -> None:
    with bench.open() as workspace:
        assert workspace.index.build(recipe=recipe).state == "validating"


def test_every_sync_writes_what_is_built_and_what_was_replaced(tmp_path: Path) -> None:
    bench = _bench(tmp_path)
    _build(bench, chunk_tokens="16")
    bench.write("0.md", "Changed while another one is validating.")
    (bench.root / "docs" / "1.md").unlink()
    (bench.root / "docs" / "2.md").rename(bench.root / "docs" / "moved.md")
    report = bench.sync(confirm_deletes=True)
    assert [(item.state, item.written) for item in report.beside] == [("validating", 2)]
    assert [(item.state, item.coverage) for item in _generations(bench)] == [
        ("live", 1.0),
        ("validating", 1.0),
    ]
    with bench.open() as workspace:
        workspace.index.cutover(force=True, reason="a test")
    bench.write("0.md", "Changed after the cutover.")
    bench.sync()
    assert [(item.state, item.coverage) for item in _generations(bench)] == [("retired", 1.0), ("live", 1.0)]
    with bench.open() as workspace:
        workspace.index.rollback()
        assert workspace.search("changed after the cutover").hits[0].text == "Changed after the cutover."


def test_a_retired_generation_is_left_alone_once_its_time_is_over(tmp_path: Path) -> None:
    bench = _bench(tmp_path)
    bench.configure(chunk_tokens=16, extra='\n[index]\nkeep_retired = "0s"\n')
    bench.sync()
    bench.write("0.md", "Changed since.")
    assert bench.sync().beside == ()
    former, _ = _generations(bench)
    assert (former.state, former.written) == ("retired", False)
    assert former.coverage == pytest.approx(5 / 6)


def test_while_a_new_recipe_cannot_serve_yet_the_old_one_goes_on_being_written(
    tmp_path: Path, server: fake.OpenAIServer
) -> None:
    bench = _bench(tmp_path)
    server.misbehave(fake.error(400))
    bench.configure(embedder="fake:tiny", extra=MODELS.format(url=server.base_url))
    bench.write("0.md", "Changed while nothing can be embedded anew.")
    report = bench.sync()
    assert len(report.failures) == 6
    assert [(item.state, item.written) for item in report.beside] == [("live", 1)]
    with bench.open() as workspace:
        found = workspace.search("changed while nothing can be embedded anew")
    assert found.hits[0].text == "Changed while nothing can be embedded anew."
    assert found.generation == report.beside[0].generation


def test_a_failure_in_another_generation_harms_only_that_one_until_it_catches_up(
    tmp_path: Path, server: fake.OpenAIServer
) -> None:
    bench = _bench(tmp_path)
    models = MODELS.format(url=server.base_url)
    bench.configure(extra=models)
    _build(bench, embedder="fake:tiny")
    server.misbehave(fake.error(400))
    bench.write("0.md", "Changed while the other embedder refuses.")
    report = bench.sync()
    assert (report.failures, report.documents.updated) == ((), 1)
    (other,) = report.beside
    assert [failure.document for failure in other.failures] == ["docs/0.md"]
    with bench.open() as workspace:
        assert workspace.status().corpora[0].failures == ()
        assert workspace.search("changed while the other").hits[0].document == "docs/0.md"
        behind = workspace.index.show("docs/2")
    assert behind.generation.state == "catching_up"
    assert "docs/0.md" in behind.history[-1].reason
    server.behave()
    bench.sync()
    assert [item.state for item in _generations(bench)] == ["live", "validating"]


def test_a_generation_whose_embedder_is_gone_is_reported_and_the_sync_goes_on(
    tmp_path: Path, server: fake.OpenAIServer
) -> None:
    bench = _bench(tmp_path)
    bench.configure(extra=MODELS.format(url=server.base_url))
    _build(bench, embedder="fake:tiny")
    bench.configure()
    bench.write("0.md", "Changed since.")
    report = bench.sync()
    assert report.documents.updated == 1
    assert report.beside[0].error
    assert _generations(bench)[1].state == "catching_up"


def test_one_whose_files_are_broken_is_reported_and_the_sync_goes_on(tmp_path: Path) -> None:
    bench = _bench(tmp_path)
    _build(bench, chunk_tokens="16")
    broken = _generations(bench)[1].generation
    location = next((tmp_path / ".headrace").rglob(f"{broken}.lance"))
    for path in (location / "_versions").iterdir():
        path.write_bytes(b"not a manifest")
    bench.write("0.md", "Changed since.")
    report = bench.sync()
    assert report.documents.updated == 1
    (other,) = report.beside
    assert (other.generation, bool(other.error)) == (broken, True)
    assert _generations(bench)[1].state == "catching_up"
    with bench.open() as workspace:
        assert workspace.search("changed since").hits[0].text == "Changed since."


def test_a_change_of_labels_counts_in_every_generation(tmp_path: Path) -> None:
    bench = _bench(tmp_path)
    _build(bench, chunk_tokens="16")
    bench.configure(extra='\n[corpus.docs.access]\n"0.md" = ["finance"]\n"*" = ["public"]\n')
    bench.sync()
    assert [item.coverage for item in _generations(bench)] == [1.0, 1.0]
    with bench.open() as workspace:
        workspace.index.cutover("docs/2", force=True, reason="a test")
        assert "docs/0.md" not in {hit.document for hit in workspace.search("document 0").hits}
        assert "docs/0.md" in {
            hit.document for hit in workspace.search("document 0", access=["finance"]).hits
        }


def test_a_choice_by_hand_stands_until_the_configuration_changes(tmp_path: Path) -> None:
    bench = _bench(tmp_path)
    _build(bench, chunk_tokens="16")
    with bench.open() as workspace:
        switched = workspace.index.cutover(force=True, reason="a test")
    assert switched.configuration == ("[corpus.docs.recipe]", "chunk_overlap = 2", "chunk_tokens = 16")
    for _ in range(2):
        bench.write("0.md", f"Changed {_}.")
        assert bench.sync().generation == switched.generation
    with bench.open() as workspace:
        assert workspace.plan().generation == switched.generation
    assert _generations(bench)[1].configuration == switched.configuration
    bench.configure(chunk_tokens=64)
    assert bench.sync().generation not in (switched.generation, switched.former)
    bench.configure()
    back = bench.sync()
    assert (back.generation, back.embeddings.computed) == (switched.former, 0)


def test_withheld_deletions_are_withheld_in_every_generation(tmp_path: Path) -> None:
    bench = _bench(tmp_path)
    _build(bench, chunk_tokens="16")
    for path in (bench.root / "docs").iterdir():
        path.unlink()
    report = bench.sync()
    assert report.documents.withheld == 6
    assert [item.documents for item in _generations(bench)] == [6, 6]
    bench.sync(confirm_deletes=True)
    assert [item.documents for item in _generations(bench)] == [0, 0]
