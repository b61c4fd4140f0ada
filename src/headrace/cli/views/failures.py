"""Documents that failed, as a table."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from headrace.cli.output import one_line

SHOWN = 20
"""More than this go by in a terminal without being read."""


def show_failures(console: Console, rows: Sequence[tuple[str, str, str]], *, rest: str) -> None:
    """Print the first failures as (document, stage, error); `rest` says where the others are."""
    if not rows:
        return
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", show_edge=False)
    table.add_column("failed document", ratio=5, overflow="fold")
    table.add_column("stage", no_wrap=True)
    table.add_column("reason", ratio=6, overflow="fold")
    for document, stage, error in rows[:SHOWN]:
        table.add_row(
            Text(one_line(document)), Text(one_line(stage), style="dim"), Text(one_line(error), style="red")
        )
    console.print(table)
    if len(rows) > SHOWN:
        console.print(Text(f"… and {len(rows) - SHOWN:,} more: {rest}", style="dim"))
