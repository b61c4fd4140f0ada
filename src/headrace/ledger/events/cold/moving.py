"""Move spans out of the event store: the file, then the ledger, and only then the rows go."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, NamedTuple

from headrace.ledger.events.cold import catalog
from headrace.ledger.events.cold.catalog import ColdFile
from headrace.ledger.events.cold.files import Row, read_rows, write_rows
from headrace.ledger.events.cold.reading import ColdSpans
from headrace.ledger.failpoints import declare, fire

if TYPE_CHECKING:
    from headrace.ledger.events.hot import HotStore

WRITTEN = declare("traces.file_written")
NAMED = declare("traces.file_named")
REMOVED = declare("traces.rows_removed")
REPLACED = declare("traces.file_replaced")

Key = tuple[str, str]
"""Trace and span id."""


class Moved(NamedTuple):
    """What became of one day."""

    spans: int
    bytes: int
    """Of the files that were written."""


def move_day(cold: ColdSpans, hot: HotStore, day: int, keys: Collection[Key]) -> Moved:
    """Move these spans of a day into files. A kill anywhere leaves each of them readable, once.

    A span that is in a file already, because a move was killed or because content came late, takes the
    place of the one in the file.
    """
    wanted = set(keys)
    rows = [row for row in hot.rows(day) if (row[0], row[1]) in wanted]
    if not rows:
        return Moved(0, 0)
    old = [file for file in cold.named("live", "archived") if file.day == day]
    kept = {file.path: read_rows(cold.files, file) for file in old}
    taken = {key for rows_of in kept.values() for row in rows_of if (key := (row[0], row[1])) in wanted}
    stale = [file for file in old if any((row[0], row[1]) in taken for row in kept[file.path])]
    rest = [row for file in stale for row in kept[file.path] if (row[0], row[1]) not in taken]
    written = write_rows(cold.files, day, [*rows, *rest])
    fire(WRITTEN)
    put(cold, add=written, remove=stale)
    fire(NAMED)
    hot.remove(day, rows)
    fire(REMOVED)
    return Moved(len(rows), sum(file.size_bytes for file in written))


def rewrite_file(cold: ColdSpans, file: ColdFile, change: Callable[[Row], Row | None]) -> int:
    """Put a file in the place of another in which rows changed, or are gone (None); returns how many."""
    before = read_rows(cold.files, file)
    after = [change(row) for row in before]
    changed = sum(1 for old, new in zip(before, after, strict=True) if old != new)
    if changed:
        left = [row for row in after if row is not None]
        put(
            cold,
            add=write_rows(cold.files, file.day, left, state=file.state) if left else [],
            remove=[file],
        )
    return changed


def put(cold: ColdSpans, *, add: Sequence[ColdFile], remove: Sequence[ColdFile]) -> None:
    """Name files in the place of others, then delete the others."""
    new = {file.path for file in add}
    gone = [file.path for file in remove if file.path not in new]
    there = {file.path for file in cold.named("live", "archived")}
    fresh = [file for file in add if file.path not in there]
    cold.ledger.write(lambda tx: catalog.replace(tx, add=fresh, remove=gone))
    fire(REPLACED)
    for path in gone:
        cold.files.delete(path)


def sweep(cold: ColdSpans) -> int:
    """Delete files that nothing names: what a killed move left. Returns how many."""
    named = {file.path.rpartition("/")[2]: file for file in cold.named("live", "archived")}
    orphans = [name for name in cold.files.paths(".parquet") if name.rpartition("/")[2] not in named]
    return sum(cold.files.delete(path) for path in orphans)
