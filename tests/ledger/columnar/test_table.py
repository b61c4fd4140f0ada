"""A columnar table: swaps are one commit, unpublished ones can be undone, foreign ones are noticed."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.errors import StorageError
from headrace.ledger.columnar.table import ColumnarTable

SCHEMA = pa.schema([pa.field("id", pa.string(), nullable=False), ("document", pa.string())])


def _rows(document: str, count: int) -> pa.Table:
    return pa.table(
        {"id": [f"{document}/{number}" for number in range(count)], "document": [document] * count},
        schema=SCHEMA,
    )


def _documents(table: ColumnarTable) -> dict[str, int]:
    counts: dict[str, int] = {}
    for name in table.head().to_table(columns=["document"])["document"].to_pylist():
        counts[name] = counts.get(name, 0) + 1
    return counts


@pytest.fixture
def table(tmp_path: Path) -> ColumnarTable:
    table = ColumnarTable(str(tmp_path / "tables" / "t.lance"))
    table.create(SCHEMA)
    return table


def test_a_swap_is_one_version(table: ColumnarTable) -> None:
    first = table.append(_rows("a", 3), run_id="run_1")
    second = table.swap(remove=table.addresses("document = 'a'"), rows=_rows("b", 2), run_id="run_2")
    assert second == first + 1
    assert _documents(table) == {"b": 2}
    assert table.at(first).count_rows() == 3


def test_an_empty_swap_makes_no_version(table: ColumnarTable) -> None:
    before = table.append(_rows("a", 1), run_id="run_1")
    assert table.swap(remove=[], rows=None, run_id="run_2") == before


def test_restore_undoes_what_was_not_published(table: ColumnarTable) -> None:
    published = table.append(_rows("a", 2), run_id="run_1")
    table.append(_rows("ghost", 5), run_id="run_dead")
    restored = table.restore(published)
    assert restored > published
    assert _documents(table) == {"a": 2}


def test_a_commit_of_another_writer_is_noticed(table: ColumnarTable, tmp_path: Path) -> None:
    table.append(_rows("a", 2), run_id="run_1")
    other = ColumnarTable(table.uri)
    other.append(_rows("b", 1), run_id="run_2")
    with pytest.raises(StorageError, match="Another writer"):
        table.append(_rows("c", 1), run_id="run_1")


def test_a_version_that_is_gone_is_a_clear_error(table: ColumnarTable) -> None:
    with pytest.raises(StorageError, match="cannot be opened"):
        table.at(99)


def test_compaction_and_cleaning_keep_rows_and_indices(table: ColumnarTable) -> None:
    for number in range(12):
        table.append(_rows(f"d{number}", 2), run_id="run_1")
    table.index("document", "BTREE", name="document")
    table.append(_rows("late", 1), run_id="run_1")
    assert table.indexed() == {"document": 1}
    assert table.fragments() == 13
    table.compact()
    assert table.fragments() == 1
    assert table.indexed() == {"document": 0}
    table.clean(older_than=timedelta(0), keep=1)
    assert sum(_documents(table).values()) == 25


def test_a_half_made_table_is_replaced(tmp_path: Path) -> None:
    folder = tmp_path / "t.lance"
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "left-behind.lance").write_bytes(b"half")
    table = ColumnarTable(str(folder))
    assert not table.exists()
    table.create(SCHEMA)
    assert table.head().count_rows() == 0
    assert not (folder / "data" / "left-behind.lance").exists()


@settings(max_examples=20, deadline=None)
@given(swaps=st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 4)), max_size=8))
def test_swaps_of_whole_documents_equal_a_dictionary(
    tmp_path_factory: pytest.TempPathFactory, swaps: list[tuple[str, int]]
) -> None:
    table = ColumnarTable(str(tmp_path_factory.mktemp("swaps") / "t.lance"))
    table.create(SCHEMA)
    expected: dict[str, int] = {}
    for name, count in swaps:
        rows = _rows(name, count) if count else None
        table.swap(remove=table.addresses(f"document = '{name}'"), rows=rows, run_id="run_1")
        expected[name] = count
        assert _documents(table) == {key: value for key, value in expected.items() if value}
