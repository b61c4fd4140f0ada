"""Versions: equal content is one id, a difference applied gives the other, little is written."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headrace.curate.datasets import columns, entries, overview, staging, versions
from headrace.curate.datasets.commit import commit
from headrace.curate.datasets.comparing import diff
from headrace.curate.datasets.config import DatasetGates
from headrace.curate.datasets.entries import Entries
from headrace.curate.datasets.parts import DatasetParts
from headrace.curate.datasets.tree import TreeReader, without
from headrace.errors import NotFoundError, UsageError
from headrace.ledger import datasets as book
from headrace.ledger.ledger import Ledger
from headrace.records.datasets import CommitReport, RowInput
from tests.curate.datasets.conftest import parts_of

FREE = DatasetGates(
    schema="off", empty="off", categories="off", distribution="off", near_duplicates="off", quality="off"
)
_numbers = itertools.count()
CONTENT = st.dictionaries(
    st.integers(0, 60).map(lambda number: f"k{number}"),
    st.sampled_from([{"a": None}, {"a": ""}, {"a": 0}, {"a": 0.0}, {}, {"a": "x", "b": [1]}]),
    max_size=30,
)


@pytest.fixture(scope="module")
def parts(shared: tuple[Ledger, Path]) -> DatasetParts:
    ledger, folder = shared
    made = parts_of(ledger, folder)
    return DatasetParts(
        ledger=ledger,
        files=made.files,
        keyring=made.keyring,
        configs=_Everything(),
        actor="tester",
    )


class _Everything(dict[str, Any]):
    """The same settings for every dataset."""

    def get(self, key: object, default: Any = None) -> Any:
        from headrace.curate.datasets.config import DatasetConfig

        return DatasetConfig(gates=FREE)


@pytest.fixture(autouse=True)
def small_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many leaves for few rows."""
    monkeypatch.setattr(entries, "LEAF_ROWS", 4)


def new(parts: DatasetParts, content: Mapping[str, Mapping[str, Any]], *, batches: int = 1) -> str:
    name = f"d{next(_numbers)}"
    overview.create(parts, name)
    for batch in range(batches):
        some = list(content.items())[batch::batches]
        put(parts, name, dict(some))
    return name


def put(parts: DatasetParts, name: str, content: Mapping[str, Mapping[str, Any]]) -> CommitReport:
    staging.add(parts, name, [RowInput(key=key, fields=fields) for key, fields in content.items()])
    return commit(parts, name)


def content_of(parts: DatasetParts, name: str, version: str | None = None) -> dict[str, dict[str, Any]]:
    pack, _ = versions.all_rows(parts, versions.find(parts, name, version))
    return dict(zip(pack.rows.keys.to_pylist(), columns.fields_of(pack.rows), strict=True))


def head_id(parts: DatasetParts, name: str) -> str:
    with parts.ledger.read() as conn:
        found = versions.head(conn, name)
    assert found is not None
    return found.id


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=CONTENT, after=CONTENT, batches=st.integers(1, 3))
def test_equal_content_is_one_id_and_a_difference_leads_from_one_to_the_other(
    parts: DatasetParts, before: dict[str, Any], after: dict[str, Any], batches: int
) -> None:
    at_once = new(parts, after)
    name = new(parts, before, batches=batches)
    first = head_id(parts, name)
    assert content_of(parts, name) == before
    staging.remove(parts, name, [key for key in before if key not in after] or ["nowhere"])
    put(parts, name, after)
    assert head_id(parts, name) == head_id(parts, at_once)
    found = diff(parts, name, first, limit=None)
    applied: dict[str, Any] = dict(before)
    for change in found.rows:
        assert change.key is not None
        if change.change == "removed":
            del applied[change.key]
        else:
            assert (change.key in applied) == (change.change == "changed")
            applied[change.key] = change.after
    assert repr(sorted(applied.items())) == repr(sorted(after.items()))
    overview.restore(parts, name, first)
    assert head_id(parts, name) == first


def test_a_small_change_writes_and_reads_little(parts: DatasetParts) -> None:
    content = {f"k{number:04}": {"n": number} for number in range(1000)}
    name = new(parts, content)
    with parts.ledger.read() as conn:
        known = {file.id for file in book.files(conn, "live")}
    report = put(parts, name, {"k0500": {"n": -1}, "k0499": {"n": 499}})
    assert (report.changed, report.unchanged, report.added) == (1, 1, 0)
    with parts.ledger.read() as conn:
        fresh = [file for file in book.files(conn, "live") if file.id not in known]
    assert {file.kind: file.rows for file in fresh if file.kind != "tree"}["rows"] == 1
    assert sum(file.rows for file in fresh if file.kind == "leaves") < 60
    found = diff(parts, name, str(report.parent))
    assert (found.changed, found.added, found.removed) == (1, 0, 0)
    assert found.leaves_read == 2
    assert found.leaves > 300
    assert found.flips == {"n": {"another value": 1}}


def test_what_is_staged_waits_and_the_last_of_a_key_counts(parts: DatasetParts) -> None:
    name = new(parts, {"a": {"n": 1}, "b": {"n": 2}})
    staging.add(parts, name, [RowInput(key="a", fields={"n": 5})])
    staging.remove(parts, name, ["a", "b"])
    waiting = staging.add(parts, name, [RowInput(key="b", fields={"n": 7})])
    assert waiting.staged == 4
    assert content_of(parts, name) == {"a": {"n": 1}, "b": {"n": 2}}
    commit(parts, name)
    assert content_of(parts, name) == {"b": {"n": 7}}
    staging.add(parts, name, [RowInput(key="c", fields={})])
    assert staging.unstage(parts, name).staged == 0
    assert commit(parts, name).state == "nothing"


def test_keys_are_refused_that_name_two_rows_or_none(parts: DatasetParts) -> None:
    name = new(parts, {"a": {}})
    with pytest.raises(UsageError, match="'x'"):
        staging.add(parts, name, [RowInput(key="x", fields={}), RowInput(key="x", fields={"n": 1})])
    with pytest.raises(UsageError, match="no key"):
        staging.add(parts, name, [RowInput(key="", fields={})])
    assert staging.read(parts, name) is None
    with pytest.raises(NotFoundError, match="nowhere"):
        staging.add(parts, "nowhere", [])


def test_a_row_does_not_become_another_users_in_silence(parts: DatasetParts) -> None:
    name = new(parts, {})
    staging.add(parts, name, [RowInput(key="a", fields={"n": 1}, subject="ada")])
    commit(parts, name)
    staging.add(parts, name, [RowInput(key="a", fields={"n": 1}, subject="bo")])
    with pytest.raises(UsageError, match="another user"):
        commit(parts, name)
    staging.unstage(parts, name)
    staging.add(parts, name, [RowInput(key="a", fields={"n": 1}, subject="ada")])
    assert commit(parts, name).state == "nothing"


def test_tags_and_numbers_name_versions(parts: DatasetParts) -> None:
    name = new(parts, {"a": {"n": 1}})
    first = head_id(parts, name)
    overview.tag(parts, name, "gold")
    put(parts, name, {"a": {"n": 2}})
    told = overview.tag(parts, name, "gold")
    assert [version for version, _, _ in told.history] == [first, head_id(parts, name)]
    assert versions.find(parts, name, "1").id == versions.find(parts, name, first).id == first
    assert versions.find(parts, name, "gold").id == head_id(parts, name)
    assert [entry.seq for entry in overview.log(parts, name).entries] == [2, 1]
    with pytest.raises(UsageError, match="cannot be a tag"):
        overview.tag(parts, name, "7")
    with pytest.raises(NotFoundError, match="gold"):
        versions.find(parts, name, "gould")


def test_damaged_leaves_are_noticed(parts: DatasetParts) -> None:
    name = new(parts, {f"k{number}": {"n": number} for number in range(40)})
    version = versions.find(parts, name)
    reader = TreeReader(parts.files)
    leaf = versions.leaves_of(reader, version)[0]
    from headrace.errors import StorageError

    with pytest.raises(StorageError, match="damaged"):
        reader.leaf(leaf._replace(digest=bytes(32)))


def test_it_is_the_same_on_postgresql(ledger: Ledger, tmp_path: Path) -> None:
    made = parts_of(ledger, tmp_path)
    overview.create(made, "a", shares={"train": 0.5, "test": 0.5})
    staging.add(made, "a", [RowInput(key=f"k{n}", fields={"q": f"question {n}", "n": n}) for n in range(50)])
    report = commit(made, "a", message="first")
    assert (report.state, report.rows, report.version) == (
        "committed",
        50,
        "dataset_x5akk2oyoew3a6tmmp6lsvjeow",
    )
    staging.remove(made, "a", ["k7"])
    commit(made, "a")
    assert diff(made, "a", "1").removed == 1
    assert content_of(made, "a", "1")["k7"] == {"q": "question 7", "n": 7}
    assert overview.list_datasets(made).datasets[0].rows == 49


def test_entries_whose_hashes_begin_alike_are_told_apart() -> None:
    def entries(*hashes: bytes) -> Entries:
        size = len(hashes)
        return Entries(
            keys=pa.array([str(number) for number in range(size)], pa.large_string()),
            hashes=np.frombuffer(b"".join(hashes), dtype=np.uint8).reshape(size, 32),
            files=np.zeros(size, dtype=np.int32),
            places=np.arange(size, dtype=np.int32),
        )

    def left(one: Entries, other: Entries) -> list[str]:
        found: list[str] = without(one, other).keys.to_pylist()
        return found

    a, b, c = (b"same 8 b" + bytes([number]) * 24 for number in range(3))
    other = b"other" + bytes(27)
    assert left(entries(a, b, c, other), entries(c, a)) == ["1", "3"]
    assert left(entries(a, other), entries(b)) == ["0", "1"]
    assert left(entries(other, a), entries(other)) == ["1"]
    assert left(entries(a, a), entries(a)) == []
