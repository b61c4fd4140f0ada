"""What a backfill of metadata filled, and what was decided about a field."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console
from rich.text import Text

from headrace.cli.output import one_line
from headrace.cli.views.console import count, duration, show_row
from headrace.cli.views.failures import show_failures
from headrace.records.metadata import BackfillReport, FieldDecision


def show_backfill(console: Console, report: BackfillReport) -> None:
    """Documents that were filled, and what is still lacking."""
    took = f"  filled in {duration(report.seconds)}"
    console.print(Text.assemble((one_line(report.corpus), "bold"), (took, "dim")))
    filled = f"{count(report.documents, 'document')}, {report.rewritten:,} with other values than before"
    show_row(console, "documents", filled)
    show_row(console, "chunks", f"{report.chunks:,} rewritten, none embedded")
    if report.skipped:
        left = f"{count(report.skipped, 'document')} changed since; the next sync reads them"
        show_row(console, "skipped", Text(left, style="yellow"))
    if report.missing:
        show_row(console, "lacking", Text(lacking_text(report.missing), style="yellow"))
    rows = [(failure.document, failure.stage, failure.error) for failure in report.failures]
    if rows:
        show_row(console, "failures", "")
    show_failures(console, rows, rest="headrace status")


def show_decision(console: Console, decision: FieldDecision) -> None:
    """What was decided, what it touches, and what to do next."""
    title = f"  field {one_line(decision.field)} {decision.decision}"
    console.print(Text.assemble((one_line(decision.corpus), "bold"), title))
    use = decision.use
    show_row(console, "in use", f"{count(use.filters, 'recent filter')}, {count(use.documents, 'document')}")
    show_row(console, "next", "give its documents the other values:")
    show_row(console, "", f"headrace index backfill-metadata --corpus {one_line(decision.corpus)}")


def lacking_text(missing: Mapping[str, int]) -> str:
    """Fields with the chunks that lack them."""
    return ", ".join(f"{one_line(name)} in {count(chunks, 'chunk')}" for name, chunks in missing.items())
