"""Take rows out of a Lance table for good: out of every version, tag, index and file."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any

from headrace.ledger.columnar.table import ColumnarTable


def holds(dataset: Any, where: str) -> list[int]:
    """Fragments of a version that hold rows of a filter, deleted ones included."""
    return [
        fragment.fragment_id
        for fragment in dataset.get_fragments()
        if dataset.scanner(
            columns=[], filter=where, fragments=[fragment], include_deleted_rows=True,
            with_row_id=True, use_scalar_index=False, late_materialization=False,
        ).to_table().num_rows
    ]  # fmt: skip


def purge(table: ColumnarTable, where: str, *, run_id: str) -> int:
    """Take out the rows of a filter, also those deleted before; returns the new version.

    They are gone from the newest version, its files and its indices; old versions keep them until `sweep`.
    """
    return purge_rows(table, table.addresses(where), also=holds(table.head(), where), run_id=run_id)


def purge_rows(
    table: ColumnarTable, addresses: Sequence[int], *, also: Collection[int] = (), run_id: str
) -> int:
    """Take out rows by address and rewrite their fragments, and others; returns the new version."""
    affected = {address >> 32 for address in addresses} | set(also)
    if affected:
        table.swap(remove=addresses, rows=None, run_id=run_id)
        _rewrite(table, affected)
    return int(table.head().version)


def purge_tags(table: ColumnarTable, where: str, *, run_id: str) -> list[str]:
    """Make tagged versions that hold such rows anew, under the same tags; returns these tags.

    The newest version has the same rows before and after.
    """
    rewritten = []
    for name, tag in sorted(table.head().tags.list().items()):
        if not holds(table.at(tag["version"]), where):
            continue
        newest = int(table.head().version)
        table.restore(tag["version"])
        version = purge(table, where, run_id=run_id)
        table.restore(newest)
        with table.rewriting():
            table.head().tags.update(name, version)
        rewritten.append(name)
    return rewritten


def stale_indices(table: ColumnarTable) -> list[str]:
    """Indices with a part over fragments that are no more: they may still hold words of rows that went."""
    head = table.head()
    there = {fragment.fragment_id for fragment in head.get_fragments()}
    return [
        index.name
        for index in head.describe_indices()
        if any(set(segment.fragment_ids) - there for segment in index.segments)
    ]


def drop_indices(table: ColumnarTable, names: Collection[str]) -> None:
    """Remove indices, to be built anew."""
    for name in names:
        with table.rewriting():
            table.head().drop_index(name)


def sweep(table: ColumnarTable) -> None:
    """Remove every old version without a tag, with every file that nothing names any more."""
    table.clean(older_than=timedelta(0), keep=1, unnamed=True)


def _rewrite(table: ColumnarTable, affected: Collection[int]) -> None:
    from lance.optimize import Compaction

    head = table.head()
    rows = [item.metadata.physical_rows for item in head.get_fragments() if item.fragment_id in affected]
    if not rows:
        return  # whole fragments went
    options = {
        "target_rows_per_fragment": max(rows),
        "materialize_deletions": True,
        "materialize_deletions_threshold": 0.0,
        "num_threads": 2,
    }
    with table.rewriting():
        tasks = Compaction.plan(head, options).tasks
        mine = [task for task in tasks if affected_by(task, affected)]
        Compaction.commit(head, [task.execute(head) for task in mine])


def affected_by(task: Any, affected: Collection[int]) -> bool:
    """Whether a task of a compaction rewrites one of these fragments."""
    return any(fragment.id in set(affected) for fragment in task.fragments)
