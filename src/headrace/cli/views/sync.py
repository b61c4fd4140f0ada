"""What a plan would do and what a sync did."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from headrace.cli.output import one_line
from headrace.cli.views.console import duration, show_row
from headrace.cli.views.failures import show_failures
from headrace.records.sync import DocumentCounts, PlanReport, SyncReport

_CHANGES = ("added", "updated", "moved", "deleted", "unchanged", "failed")
_STYLES = {"added": "green", "updated": "green", "moved": "green", "deleted": "yellow", "failed": "red"}


def show_sync(console: Console, report: SyncReport) -> None:
    """A few lines on one corpus, then its failures."""
    _show_title(console, report.corpus, f"synced in {duration(report.seconds)}")
    _show_documents(console, report.documents)
    if report.relabelled:
        show_row(console, "access", f"{report.relabelled:,} under other labels")
    chunks = report.chunks
    show_row(
        console, "chunks", f"{chunks.added:,} added, {chunks.deleted:,} deleted, {chunks.total:,} in all"
    )
    made = report.embeddings
    show_row(console, "embeddings", f"{made.computed:,} computed, {made.reused:,} reused")
    show_row(console, "generation", one_line(report.generation))
    _show_withheld(console, report)
    _show_failed(console, report, rest="headrace status")


def show_plan(console: Console, report: PlanReport) -> None:
    """What a sync of one corpus would do and cost."""
    _show_title(console, report.corpus, f"a sync now (planned in {duration(report.seconds)})")
    _show_documents(console, report.documents)
    chunks = report.chunks
    show_row(
        console, "chunks", f"{chunks.added:,} to add, {chunks.deleted:,} to delete, {chunks.total:,} then"
    )
    made = report.embeddings
    show_row(console, "embeddings", f"{made.computed:,} to compute, {made.reused:,} to reuse")
    show_row(console, "cost", f"{report.tokens:,} tokens to embed, {_money(report.cost)}")
    _show_withheld(console, report)
    _show_failed(console, report, rest="headrace plan --json")


def _show_title(console: Console, corpus: str, text: str) -> None:
    console.print(Text.assemble((one_line(corpus), "bold"), "  ", (text, "dim")))


def _show_documents(console: Console, documents: DocumentCounts) -> None:
    parts = [
        Text(f"{number:,} {name}", style=_STYLES.get(name, ""))
        for name in _CHANGES
        if (number := getattr(documents, name))
    ]
    show_row(console, "documents", Text(", ").join(parts) if parts else "none")


def _show_withheld(console: Console, report: SyncReport | PlanReport) -> None:
    withheld = report.documents.withheld
    if not withheld and not report.withheld_reason:
        return
    reason = f": {one_line(report.withheld_reason)}" if report.withheld_reason else ""
    deletions = f"{withheld:,} deletion{'' if withheld == 1 else 's'}{reason}"
    show_row(console, "withheld", Text(deletions, style="yellow"))
    step = Text(f"If they are meant: headrace sync --corpus {one_line(report.corpus)} --confirm-deletes")
    show_row(console, "", step)


def _show_failed(console: Console, report: SyncReport | PlanReport, *, rest: str) -> None:
    rows = [(failure.document, failure.stage, failure.error) for failure in report.failures]
    if rows:
        show_row(console, "failures", "")
    show_failures(console, rows, rest=rest)


def _money(cost: float | None) -> str:
    if cost is None:
        return "price not known"
    return f"costing {cost:.4f}".rstrip("0").rstrip(".") if cost else "free of charge"
