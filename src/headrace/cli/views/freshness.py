"""How fresh sources are, and what an index owes."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console
from rich.text import Text

from headrace.cli.output import one_line
from headrace.cli.views.console import count, duration, show_row
from headrace.records.freshness import Debt, SourceFreshness

_CHUNKS = ("wrong_version", "unindexed", "metadata_missing")


def show_source(console: Console, source: SourceFreshness) -> None:
    """Lag against target and what is left of the error budget, for a source of which something is asked."""
    if source.target_seconds is None and not source.waiting:
        return
    lag = "never listed in full" if source.lag_seconds is None else f"{duration(source.lag_seconds)} behind"
    parts = [lag]
    if source.waiting:
        parts.append(f"{source.waiting:,} waiting")
    if source.target_seconds is not None:
        parts.append(f"target {duration(source.target_seconds)}")
    if source.budget_left is not None:
        parts.append(f"{source.budget_left:.0%} of the error budget left")
    show_row(console, "source", one_line(source.source))
    show_row(console, "", Text(", ".join(parts), style="yellow" if source.breached else ""))


def show_debt(console: Console, debt: Mapping[str, Debt]) -> None:
    """What is owed, one line for each kind of which there is any."""
    label = "owed"
    for kind, owed in debt.items():
        if not owed.count and not owed.note:
            continue
        what = count(owed.count, "chunk" if kind in _CHUNKS else "document")
        parts = [f"{what} {kind.replace('_', ' ')}" if owed.count else one_line(owed.note)]
        if owed.oldest_seconds is not None:
            parts.append(f"oldest {duration(owed.oldest_seconds)}")
        if owed.weight:
            parts.append(f"met {count(owed.weight, 'time')} in 7 days")
        show_row(console, label, Text(", ".join(parts), style="yellow" if kind != "unindexed" else ""))
        label = ""
