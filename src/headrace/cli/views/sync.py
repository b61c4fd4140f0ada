"""What a plan would do and what a sync did."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from headrace.cli.output import one_line
from headrace.cli.views.console import count, duration, show_indented, show_row
from headrace.cli.views.failures import show_failures
from headrace.cli.views.steps import describe
from headrace.infer.embedders.budget import shown_money
from headrace.records.sync import BesideReport, DocumentCounts, PlanReport, Spend, SyncReport

_MARGIN = 13
"""Columns before the text of a row."""
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
    _show_spend(console, report.spend)
    _show_steps(console, report, planned=False)
    show_row(console, "generation", one_line(report.generation))
    for other in report.beside:
        _show_beside(console, other)
    for warning in report.warnings:
        _show_paragraph(console, "warning", one_line(warning))
    _show_withheld(console, report)
    _show_suppressed(console, report.documents)
    _show_gates(console, report)
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
    show_row(console, "cost", f"{report.tokens:,} tokens to embed, {_money(report)}")
    _show_steps(console, report, planned=True)
    _show_withheld(console, report)
    _show_failed(console, report, rest="headrace plan --json")


def _show_beside(console: Console, other: BesideReport) -> None:
    state = other.state.replace("_", " ")
    if other.error is not None:
        show_row(
            console, "beside", Text(f"{state} {one_line(other.generation)} was not written:", style="yellow")
        )
        show_indented(console, one_line(other.error), columns=13, style="yellow")
    elif other.failures:
        behind = f"{state} {one_line(other.generation)} lacks {count(len(other.failures), 'document')}"
        show_row(console, "beside", Text(behind, style="yellow"))
    elif other.written:
        show_row(console, "beside", f"{state} {one_line(other.generation)} kept in step")


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
    waiting = report.waiting if isinstance(report, SyncReport) else 0
    if not withheld and not report.withheld_reason:
        return
    parts = [count(withheld, "deletion")] if withheld else []
    parts += [count(waiting, "document")] if waiting else []
    said = ": ".join(part for part in (" and ".join(parts), one_line(report.withheld_reason)) if part)
    _show_paragraph(console, "withheld", said)
    if withheld:
        step = Text(f"If they are meant: headrace sync --corpus {one_line(report.corpus)} --confirm-deletes")
        show_row(console, "", step)


def _show_paragraph(console: Console, label: str, text: str) -> None:
    """A labelled row, broken at words where it is too long for one line."""
    first, *rest = Text(text).wrap(console, console.width - _MARGIN)
    first.rstrip()
    show_row(console, label, Text(first.plain, style="yellow"))
    for line in rest:
        show_indented(console, line.plain.rstrip(), columns=_MARGIN, style="yellow")


def _show_spend(console: Console, spend: Spend) -> None:
    if not spend.tokens and not spend.budget:
        return
    cost = "price not known"
    if spend.cost_micro is not None:
        cost = shown_money(spend.cost_micro, spend.currency) if spend.cost_micro else "free of charge"
    limit = f", of a budget of {one_line(spend.budget)}" if spend.budget else ""
    show_row(console, "spent", f"{spend.tokens or 0:,} tokens, {cost}{limit}")


def _show_steps(console: Console, report: SyncReport | PlanReport, *, planned: bool) -> None:
    for name, done in report.steps.items():
        show_row(console, "step", f"{one_line(name)}: {describe(done, planned=planned)}")
    failed = sum(done.failed for done in report.steps.values())
    if failed:
        said = f"{count(failed, 'document')} without a valid output: headrace step dead-letters"
        show_row(console, "", Text(said, style="yellow"))
    if report.step_spend.budget:
        show_row(console, "", f"of a budget of {one_line(report.step_spend.budget)}")


def _show_suppressed(console: Console, documents: DocumentCounts) -> None:
    if documents.suppressed:
        show_row(
            console, "kept out", f"{documents.suppressed:,} that were forgotten (headrace forget --allow)"
        )


def _show_gates(console: Console, report: SyncReport) -> None:
    for name, counted in report.gates.items():
        redacted = f", {counted.redacted:,} redacted" if counted.redacted else ""
        said = f"{counted.passed:,} passed, {counted.failed:,} failed{redacted}"
        show_row(console, "gate", f"{one_line(name)}: {said}")
    if report.kept_out:
        show_row(console, "quarantine", Text(count(report.quarantined, "document"), style="yellow"))
        rows = [(failure.document, failure.stage, failure.error) for failure in report.kept_out]
        show_failures(console, rows, rest="headrace status")


def _show_failed(console: Console, report: SyncReport | PlanReport, *, rest: str) -> None:
    rows = [(failure.document, failure.stage, failure.error) for failure in report.failures]
    if rows:
        show_row(console, "failures", "")
    show_failures(console, rows, rest=rest)


def _money(report: PlanReport) -> str:
    limit = f", of a budget of {one_line(report.spend.budget)}" if report.spend.budget else ""
    if report.cost is None:
        return f"price not known{limit}"
    amount = f"{report.cost:.4f}".rstrip("0").rstrip(".")
    cost = f"costing {amount} {report.spend.currency}".rstrip() if report.cost else "free of charge"
    return f"{cost}{limit}"
