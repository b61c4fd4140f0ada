"""P7: a generation has one embedder; a query is embedded by that one, or refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from headrace.infer.embedders.hash import HashEmbedder
from tests.fakes import openai_server as fake
from tests.promises.test_p06_nothing_fails_silently import MODELS
from tests.workbench import Workbench, rows


@pytest.fixture
def server() -> Iterator[fake.OpenAIServer]:
    with fake.OpenAIServer(dimension=8) as server:
        yield server


def test_each_embedder_has_generations_of_its_own(tmp_path: Path) -> None:
    bench = Workbench(tmp_path)
    bench.write("page.md", "A document about herons.")
    first = bench.sync()
    bench.configure(embedder="hash:32")
    second = bench.sync()
    assert first.generation != second.generation
    with bench.open() as workspace:
        assert {len(row["vector"]) for row in rows(workspace)} == {32}


def test_a_query_is_embedded_by_what_built_the_generation(tmp_path: Path) -> None:
    bench = Workbench(tmp_path)
    bench.write("page.md", "A document about herons.")
    before = bench.sync()
    bench.configure(embedder="hash:32")
    with bench.open() as workspace:
        found = workspace.search("herons")
    assert found.generation == before.generation
    assert found.warnings == ()
    assert found.hits


def test_a_query_without_the_embedder_of_the_generation_gets_no_vector(
    tmp_path: Path, server: fake.OpenAIServer
) -> None:
    bench = Workbench(tmp_path)
    bench.configure(embedder="fake:tiny", extra=MODELS.format(url=server.base_url))
    bench.write("page.md", "A document about herons.")
    bench.sync()
    changed = MODELS.format(url=server.base_url) + 'revision = "2"\n'
    bench.configure(embedder="fake:tiny", extra=changed)
    asked = len(server.requests)
    with bench.open() as workspace:
        found = workspace.search("herons")
    assert [hit.document for hit in found.hits] == ["docs/page.md"]
    assert "full text only" in found.warnings[0]
    assert "was built by embedder" in found.warnings[0]
    bench.configure()
    with bench.open() as workspace:
        found = workspace.search("herons")
    assert [hit.document for hit in found.hits] == ["docs/page.md"]
    assert "full text only" in found.warnings[0]
    assert len(server.requests) == asked


def test_the_fingerprint_names_every_component() -> None:
    assert HashEmbedder(dimension=32).fingerprint != HashEmbedder(dimension=64).fingerprint
    assert HashEmbedder(dimension=32).fingerprint == HashEmbedder(dimension=32).fingerprint
