"""The table of a generation: which indices it gets, and that small commits leave it in shape."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from headrace.ingest.index.coverage import live_rows, segments, uncovered
from headrace.ingest.index.generation import GenerationTable, IndexConfig, Upkeep
from headrace.ingest.search.candidates import (
    by_vector,
    by_words,
    outside_index,
    read_rows,
    similarities,
    vectors_of,
)
from headrace.ingest.search.opened import Opened
from tests.ingest.index.chunks import chunk_table, unit_vectors

DIMENSION = 128
ROWS = 3000


def _table(folder: Path, *, dimension: int = DIMENSION, rows: int = ROWS, **config: Any) -> GenerationTable:
    options = {"vector_rows": 1000, **config}
    table = GenerationTable(str(folder / "t.lance"), dimension=dimension, config=IndexConfig(**options))
    table.ensure()
    names = [f"d{number}" for number in range(rows)]
    table.replace(names, rows=chunk_table(names, unit_vectors(rows, dimension)), run_id="run_1")
    table.maintain(Upkeep())
    return table


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> GenerationTable:
    """A table above the threshold, for tests that only read."""
    return _table(tmp_path_factory.mktemp("built"))


def _opened(table: GenerationTable) -> Opened:
    head = table.table.head()
    return Opened(head, version=head.version)


def _documents(table: GenerationTable) -> dict[str, str]:
    found = table.table.head().to_table(columns=["document", "text"]).to_pylist()
    assert len(found) == len({row["document"] for row in found}), "a document stands twice"
    return {row["document"]: row["text"] for row in found}


@pytest.mark.parametrize(
    ("dimension", "rows", "expected"),
    [
        (128, 1000, {"acl_id", "document", "text", "vector/IVF_RQ"}),
        (64, 1000, {"acl_id", "document", "text", "vector/IVF_SQ"}),
        (132, 1000, {"acl_id", "document", "text", "vector/IVF_SQ"}),
        (128, 999, {"text"}),
        (128, 0, set()),
    ],
)
def test_indices_depend_on_rows_and_dimension(
    tmp_path: Path, dimension: int, rows: int, expected: set[str]
) -> None:
    table = _table(tmp_path, dimension=dimension, rows=rows)
    found = {
        f"{index.name}/{index.index_type}" if index.name == "vector" else index.name
        for index in table.table.head().describe_indices()
    }
    assert found == expected


def test_the_vector_index_finds_what_is_nearest(built: GenerationTable) -> None:
    opened = _opened(built)
    assert opened.vectors_indexed
    assert "ANN" in _plan(opened)
    vectors = unit_vectors(ROWS, DIMENSION)
    queries = unit_vectors(50, DIMENSION, seed=5)
    found = 0
    for query in queries:
        near = by_vector(opened, query, where=None, limit=100)
        similar = similarities(query, near, vectors_of(opened, near))
        best = sorted(similar, key=lambda row: -similar[row])[:10]
        names = {row["document"] for row in read_rows(opened, best)}
        found += len(names & {f"d{place}" for place in np.argsort(-(vectors @ query))[:10]})
    assert found / (10 * len(queries)) >= 0.98


def _plan(opened: Opened) -> str:
    query = unit_vectors(1, DIMENSION)[0]
    nearest = {"column": "vector", "q": query, "k": 10, "metric": "cosine"}
    return str(opened.dataset.scanner(columns=["document"], nearest=nearest).explain_plan(True))


def test_similarities_are_those_of_the_vectors(built: GenerationTable) -> None:
    opened = _opened(built)
    query = unit_vectors(1, DIMENSION, seed=3)[0]
    rows = by_vector(opened, query, where=None, limit=50)
    similar = similarities(query, rows, vectors_of(opened, rows))
    vectors = unit_vectors(ROWS, DIMENSION)
    places = [int(row["document"][1:]) for row in read_rows(opened, rows)]
    assert [similar[row] for row in rows] == pytest.approx(
        [float(vectors[place] @ query) for place in places]
    )


def test_a_filter_holds_inside_every_scan(built: GenerationTable) -> None:
    opened = _opened(built)
    where = "document IN ('d5', 'd70')"
    query = unit_vectors(1, DIMENSION)[0]
    rows = by_vector(opened, query, where=where, limit=100)
    assert {row["document"] for row in read_rows(opened, rows)} == {"d5", "d70"}
    words = by_words(opened, "heron", where=where, limit=100)
    assert {row["document"] for row in read_rows(opened, list(words))} == {"d5", "d70"}


def test_a_row_that_no_index_covers_is_found_by_word_and_by_vector(tmp_path: Path) -> None:
    table = _table(tmp_path)
    fresh = unit_vectors(1, DIMENSION, seed=77)
    table.replace(["d9"], rows=chunk_table(["d9"], fresh, word="bittern"), run_id="run_2")
    opened = _opened(table)
    assert sum(map(live_rows, uncovered(opened.dataset))) == 1
    (row,) = outside_index(opened, fresh[0], where=None, limit=10)
    assert similarities(fresh[0], [row], vectors_of(opened, [row]))[row] == pytest.approx(1.0)
    assert list(by_words(opened, "bittern", where=None, limit=10)) == [row]
    assert read_rows(opened, [row])[0]["document"] == "d9"
    assert outside_index(opened, fresh[0], where="document = 'd8'", limit=10) == []
    gone = by_vector(opened, unit_vectors(ROWS, DIMENSION)[9], where=None, limit=ROWS)
    assert "d9" not in {item["document"] for item in read_rows(opened, gone)}


def test_many_small_commits_keep_what_a_search_scans_small(tmp_path: Path) -> None:
    table = _table(tmp_path, rows=1500)
    expected = _documents(table)
    chance = np.random.default_rng(4)
    for number in range(60):
        name = f"d{chance.integers(1500)}"
        rows = chunk_table([name], unit_vectors(1, DIMENSION, seed=number), word=f"stork{number}")
        table.replace([name], rows=rows, run_id="run_2")
        expected[name] = f"The stork{number} of {name} wades."
        head = table.table.head()
        assert len(uncovered(head, index="text")) <= 6
        assert sum(map(live_rows, uncovered(head, index="text"))) <= 15
        assert len(uncovered(head, index="vector")) <= 48
        assert segments(head, index="text") <= 4
        assert segments(head, index="vector") == 1
    assert _documents(table) == expected
    opened = _opened(table)
    for number in range(60):
        for row in read_rows(opened, list(by_words(opened, f"stork{number}", where=None, limit=5))):
            assert row["text"] == expected[row["document"]]


def test_upkeep_merges_and_changes_no_row(tmp_path: Path) -> None:
    table = _table(tmp_path, rows=1500)
    for number in range(40):
        table.replace(
            [f"d{number}"], rows=chunk_table([f"d{number}"], unit_vectors(1, DIMENSION)), run_id="r"
        )
    before = _documents(table)
    assert len(table.table.head().get_fragments()) > 40
    assert table.maintain(Upkeep(small_fragments=8)) > 0
    head = table.table.head()
    assert len(head.get_fragments()) <= 2
    assert (segments(head), uncovered(head)) == (1, [])
    assert _documents(table) == before
    assert table.maintain(Upkeep(small_fragments=8)) == 0, "nothing is left to do"


def test_segments_become_one_when_much_was_added(tmp_path: Path) -> None:
    table = _table(tmp_path, rows=1200)
    for start in range(0, 600, 200):
        names = [f"n{number}" for number in range(start, start + 200)]
        table.replace(names, rows=chunk_table(names, unit_vectors(200, DIMENSION)), run_id="run_2")
    assert segments(table.table.head()) > 1
    assert table.maintain(Upkeep()) == 0
    assert table.maintain(Upkeep(added_rows=500)) == 1
    assert segments(table.table.head()) == 1


def test_cleaning_bounds_versions_and_spares_the_readers_of_young_ones(tmp_path: Path) -> None:
    table = _table(tmp_path, rows=1200)
    published = int(table.table.head().version)
    reader = Opened(table.table.at(published), version=published)
    for number in range(20):
        name = f"d{number}"
        table.replace([name], rows=chunk_table([name], unit_vectors(1, DIMENSION)), run_id="run_2")
    kept = len(table.table.head().versions())
    assert table.maintain(Upkeep(clean_versions=5, small_fragments=4)) > 0
    assert table.clean(Upkeep(clean_versions=5))
    assert len(table.table.head().versions()) > kept, "none of them is an hour old"
    late = GenerationTable(table.table.uri, dimension=DIMENSION, config=IndexConfig())
    assert late.table.at(published).count_rows() == 1200
    assert len(by_words(reader, "heron", where=None, limit=10)) == 10
    for number in range(6):
        table.replace(["d1"], rows=chunk_table(["d1"], unit_vectors(1, DIMENSION, seed=number)), run_id="r")
    assert table.clean(Upkeep(clean_versions=5, keep_versions=timedelta(0)))
    assert len(table.table.head().versions()) <= 3
    assert table.table.head().count_rows() == 1200


def test_nothing_to_write_makes_no_version(tmp_path: Path) -> None:
    table = _table(tmp_path, rows=10)
    version = table.table.head().version
    assert table.replace(["unknown"], rows=None, run_id="run_2") == version
    assert table.replace([], rows=None, run_id="run_2") == version
