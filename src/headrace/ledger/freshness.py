"""How long changes took to become searchable: one row for each source and day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from headrace.ledger.storage.rows import upsert
from headrace.ledger.storage.tables.documents import freshness_days as table

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.ledger.storage.writer import Write

DAY_US = 86_400_000_000


class Day(NamedTuple):
    """The changes of a source that became searchable on one UTC day."""

    source: str
    day: int
    """Days since 1970-01-01."""
    changes: int
    late: int
    """Those that took longer than the freshness asked for."""
    total_lag_us: int
    max_lag_us: int


def add(
    tx: Write, corpus: str, lags_us: Mapping[str, Sequence[int]], *, targets_us: Mapping[str, int | None]
) -> None:
    """Count changes published now: source to the lag of each, held against that source's target."""
    day = tx.now_us // DAY_US
    before = {row.source: row for row in load(tx.conn, corpus, since_day=day)}
    rows = []
    for source, lags in sorted(lags_us.items()):
        if not lags:
            continue
        row = before.get(source) or Day(source, day, 0, 0, 0, 0)
        target = targets_us.get(source)
        late = 0 if target is None else sum(lag > target for lag in lags)
        rows.append(
            (
                corpus,
                source,
                day,
                row.changes + len(lags),
                row.late + late,
                row.total_lag_us + sum(lags),
                max(row.max_lag_us, *lags),
            )
        )
    upsert(tx.conn, table, rows)


def load(conn: Connection, corpus: str, *, since_day: int) -> list[Day]:
    """The days of every source from `since_day` on, oldest first."""
    columns = [table.c[name] for name in Day._fields]
    statement = sa.select(*columns).where(table.c.corpus == corpus, table.c.day >= since_day)
    return sorted((Day(*row) for row in conn.execute(statement)), key=lambda row: (row.day, row.source))
