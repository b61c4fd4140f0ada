"""Documents that failed, each with where and why."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from headrace.cli.output import one_line
from headrace.cli.views.console import show_indented, show_name

SHOWN = 20
"""More than this go by in a terminal without being read."""


def show_failures(
    console: Console, rows: Sequence[tuple[str, str, str]], *, rest: str, style: str = "red"
) -> None:
    """Print the first failures, given as (document, stage, error); `rest` says where the others are."""
    for document, stage, error in rows[:SHOWN]:
        show_name(console, Text(f"    {one_line(document)}"))
        show_indented(console, f"{one_line(stage)}: {one_line(error)}", columns=6, style=style)
    if len(rows) > SHOWN:
        show_name(console, Text(f"    … and {len(rows) - SHOWN:,} more: {rest}", style="dim"))
