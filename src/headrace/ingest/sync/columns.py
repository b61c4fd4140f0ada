"""Notices when a column of a source that prompts of steps use is gone, or holds something else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headrace.ingest.steps.columns import changes, seen
from headrace.ledger.steps import columns as rows
from headrace.ledger.steps.columns import ColumnSeen

if TYPE_CHECKING:
    from headrace.ingest.sync.context import SyncContext
    from headrace.ingest.sync.survey import Listed
    from headrace.ledger.ledger import Write


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnsNoticed:
    """How the columns of a listing stand to those before."""

    warnings: tuple[str, ...]
    now: Mapping[tuple[str, str], ColumnSeen]
    unused: frozenset[tuple[str, str]]
    """Columns that no prompt uses any more."""

    def record(self, tx: Write, corpus: str) -> None:
        """Remember what was seen; what is gone stays as it was, so that each sync warns of it."""
        if self.now or self.unused:
            rows.put(tx, corpus, self.now.values(), forget=self.unused)


def notice(context: SyncContext, listed: Listed) -> ColumnsNoticed:
    """Hold the columns of a listing against those of the last one."""
    with context.ledger.read() as conn:
        before = rows.load(conn, context.corpus)
    used = context.stepping.columns() if context.stepping is not None else set()
    now = seen(listed.listings, used)
    kept = {key: row for key, row in before.items() if row.name in used}
    return ColumnsNoticed(
        warnings=tuple(changes(kept, now, listed.listings)),
        now=now,
        unused=frozenset(before.keys() - kept.keys()),
    )
