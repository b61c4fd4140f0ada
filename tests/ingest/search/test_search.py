"""Search as a caller meets it: order, limits, empty and broken states."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from headrace.errors import RetryableError, UsageError
from headrace.infer.embedders.hash import HashEmbedder
from headrace.ingest.search.retrieve import MAX_K, Query, Retriever
from tests.fakes.openai_server import OpenAIServer, error
from tests.workbench import Workbench

BIRDS = ("heron", "crane", "stork", "ibis", "bittern")


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    """Forty short documents on birds, every eighth of them word for word the same."""
    found = Workbench(tmp_path)
    for number in range(40):
        bird = BIRDS[number % len(BIRDS)]
        text = "The heron wades." if number % 8 == 0 else f"The {bird} number {number} wades in the marsh."
        found.write(f"{number:02}.md", text)
    return found


def test_hits_carry_what_a_caller_needs(bench: Workbench) -> None:
    report = bench.sync()
    with bench.open() as workspace:
        result = workspace.search("bittern number 9", k=3)
        first = result.hits[0]
        assert (first.rank, first.document, first.text) == (
            1,
            "docs/09.md",
            "The bittern number 9 wades in the marsh.",
        )
        assert first.span == (0, len(first.text))
        assert first.metadata["media_type"] == "text/markdown"
        assert [hit.rank for hit in result.hits] == [1, 2, 3]
        assert list(result.hits) == sorted(result.hits, key=lambda hit: -hit.score)
        assert result.generation == report.generation
        assert all(0 <= hit.score <= 1 for hit in result.hits)


def test_equal_scores_are_ordered_by_chunk_whatever_the_history_of_the_index(
    bench: Workbench, tmp_path: Path
) -> None:
    bench.sync()
    with bench.open() as workspace:
        orders = {tuple(hit.chunk_id for hit in workspace.search("heron wades", k=12).hits) for _ in range(5)}
    assert len(orders) == 1
    (order,) = orders
    other = Workbench(tmp_path / "other")
    for path in sorted((bench.root / "docs").iterdir(), reverse=True):
        other.write(path.name, path.read_text(encoding="utf-8"))
        if path.name in ("32.md", "16.md", "08.md"):
            other.sync()  # the same documents by another way
    other.sync()
    with other.open() as workspace:
        hits = workspace.search("heron wades", k=12).hits
    same = [hit.chunk_id for hit in hits if hit.text == "The heron wades."]
    assert same == sorted(same)
    assert len(same) == 5
    assert tuple(hit.chunk_id for hit in hits)[:5] == order[:5]


@pytest.mark.parametrize("k", [0, -1, MAX_K + 1])
def test_k_outside_its_limits_is_refused(bench: Workbench, k: int) -> None:
    bench.sync()
    with bench.open() as workspace, pytest.raises(UsageError, match=f"k is {k}"):
        workspace.search("heron", k=k)


def test_k_is_kept_and_may_exceed_what_there_is(bench: Workbench) -> None:
    bench.sync()
    with bench.open() as workspace:
        assert len(workspace.search("heron wades", k=1).hits) == 1
        assert len(workspace.search("heron wades", k=25).hits) == 25
        assert len(workspace.search("heron wades", k=MAX_K).hits) == 40
        for k in (1, 5, 30):
            assert [hit.chunk_id for hit in workspace.search("wades", k=k).hits] == [
                hit.chunk_id for hit in workspace.search("wades", k=30).hits[:k]
            ]


@pytest.mark.parametrize("query", ["", "   ", "\n"])
def test_an_empty_query_is_refused(bench: Workbench, query: str) -> None:
    bench.sync()
    with bench.open() as workspace, pytest.raises(UsageError, match="query is empty"):
        workspace.search(query)


@pytest.mark.parametrize(
    "query",
    [
        "the",
        "?!",
        "heron' OR '1'='1",
        'he said "heron"',
        "heron AND NOT crane +stork -ibis",
        "🐦",
        "x" * 9000,
    ],
)
def test_any_text_is_a_query(bench: Workbench, query: str) -> None:
    bench.sync()
    with bench.open() as workspace:
        assert len(workspace.search(query, k=5).hits) == 5


def test_before_the_first_sync_there_is_a_warning(bench: Workbench) -> None:
    with bench.open() as workspace:
        result = workspace.search("heron")
    assert (result.hits, result.warnings) == ((), ("nothing has been synced yet",))


def test_an_empty_index_gives_nothing(tmp_path: Path) -> None:
    bench = Workbench(tmp_path)
    bench.sync()
    with bench.open() as workspace:
        assert workspace.search("heron").hits == ()
    bench.write("heron.md", "A heron.")
    bench.sync()
    (bench.root / "docs" / "heron.md").unlink()
    bench.sync(confirm_deletes=True)
    with bench.open() as workspace:
        assert workspace.search("heron").hits == ()


def test_an_embedder_that_is_down_leaves_full_text_and_a_warning(bench: Workbench) -> None:
    with OpenAIServer(dimension=16) as server:
        provider = f'[models.local]\nbase_url = "{server.base_url}"\nmodel = "m"\n'
        bench.configure(embedder="local:m", extra=provider)
        bench.sync()
        with bench.open() as workspace:
            assert workspace.search("bittern number 9").warnings == ()
            server.misbehave(error(400, message="no such model today"))
            result = workspace.search("bittern number 9")
            (warning,) = result.warnings
            assert warning.startswith("full text only: ")
            assert result.hits[0].document == "docs/09.md"
            assert all("bittern" in hit.text or "number" in hit.text for hit in result.hits)
            (span,) = workspace.events.trace(result.trace_id)
            assert span.attributes["warnings"] == [warning]
            server.behave()
            assert workspace.search("bittern number 9").warnings == ()


def test_a_query_vector_of_another_embedder_is_not_used(bench: Workbench) -> None:
    bench.sync()
    with bench.open() as workspace:
        proper: Retriever = workspace._retriever
        wrong = Retriever(
            snapshots=proper.snapshots,
            embedder=lambda generation: HashEmbedder(dimension=32),
            pool=proper.pool,
        )
        found = wrong(Query(text="heron", corpus="docs"))
    assert found.hits
    assert "was built by embedder" in found.warnings[0]


def test_a_reranker_decides_the_order(bench: Workbench) -> None:
    bench.sync()

    def by_number(query: str, texts: Sequence[str]) -> list[float]:
        return [float(text.split("number ")[1].split()[0]) if "number" in text else -1.0 for text in texts]

    with bench.open() as workspace:
        proper: Retriever = workspace._retriever
        reranking = Retriever(
            snapshots=proper.snapshots, embedder=proper.embedder, pool=proper.pool, reranker=by_number
        )
        hits = reranking(Query(text="wades", corpus="docs", k=4)).hits
    assert [hit.document for hit in hits] == [f"docs/{number}.md" for number in (39, 38, 37, 36)]
    assert [hit.score for hit in hits] == [39, 38, 37, 36]


def test_a_reranker_that_fails_costs_its_order_not_the_search(bench: Workbench) -> None:
    bench.sync()

    def down(query: str, texts: Sequence[str]) -> list[float]:
        raise RetryableError("the reranker does not answer", provider="local", cause="unreachable")

    with bench.open() as workspace:
        proper: Retriever = workspace._retriever
        plain = proper(Query(text="wades", corpus="docs", k=4))
        reranking = Retriever(
            snapshots=proper.snapshots, embedder=proper.embedder, pool=proper.pool, reranker=down
        )
        found = reranking(Query(text="wades", corpus="docs", k=4))
    assert found.hits == plain.hits
    assert found.warnings == ("not reranked: the reranker does not answer",)
