"""What the index itself says of its gaps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from headrace.ingest.index.coverage import live_rows, uncovered
from headrace.ingest.search.opened import reading
from headrace.ledger.columnar.table import ColumnarTable


class Gaps(NamedTuple):
    """Counts of one version, from its metadata."""

    rows: int
    unindexed: int
    """Rows that some index does not cover."""


def look(location: str, version: int) -> Gaps:
    """Count without opening a row. Raises StorageError."""
    dataset = ColumnarTable(location).at(version)
    with reading():
        return Gaps(int(dataset.count_rows()), sum(live_rows(fragment) for fragment in uncovered(dataset)))


def wrong_rows(location: str, version: int, held: Mapping[str, str]) -> int:
    """Rows whose revision is not the one that the ledger holds of their document. Raises StorageError."""
    import pyarrow as pa
    import pyarrow.compute as pc

    dataset = ColumnarTable(location).at(version)
    with reading():
        rows = dataset.to_table(columns=["document", "revision"])
    counts = rows.group_by(["document", "revision"]).aggregate([([], "count_all")])
    ledger = pa.table({"document": list(held.keys()), "held": list(held.values())})
    joined = counts.join(ledger, keys="document", join_type="left outer")
    right = pc.fill_null(pc.equal(joined["revision"], joined["held"]), False)
    return int(pc.sum(joined.filter(pc.invert(right))["count_all"]).as_py() or 0)
