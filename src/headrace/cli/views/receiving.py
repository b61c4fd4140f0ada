"""What was received of other programs, in the terminal."""

from __future__ import annotations

import json

from rich.console import Console
from rich.text import Text

from headrace.cli.output import one_line
from headrace.cli.views.console import count, show_indented, show_name, show_row, size
from headrace.records.receiving import (
    QuarantinedBody,
    QuarantinedItem,
    QuarantinedItems,
    QuarantineRetry,
    QuarantineSettled,
    ReceivingStatus,
    SentReport,
)


def show_status(console: Console, report: ReceivingStatus) -> None:
    """How receiving stands."""
    show_name(console, Text("OTLP", style="bold"))
    show_row(console, "redaction", report.redact)
    show_row(console, "put aside", size(report.waiting_bytes) if report.waiting_bytes else "nothing")
    reasons = ", ".join(f"{number:,} {reason}" for reason, number in report.quarantined.items())
    show_row(console, "quarantine", reasons or "nothing")
    if report.export:
        show_row(console, "collector", one_line(report.export))


def show_items(console: Console, report: QuarantinedItems) -> None:
    """Items with their reasons."""
    if not report.items:
        show_name(console, Text("Nothing waits."))
        return
    for item in report.items:
        _show(console, item)


def show_body(console: Console, report: QuarantinedBody) -> None:
    """An item with what it says."""
    _show(console, report.item)
    if report.body is None:
        show_indented(console, "What it said was dropped when it was settled.")
        return
    show_indented(console, json.dumps(report.body, ensure_ascii=False, indent=2))


def show_retry(console: Console, report: QuarantineRetry) -> None:
    """What became of items that were tried again."""
    show_name(console, Text(f"{count(len(report.kept), 'item')} kept, {len(report.waiting):,} still waiting"))
    for name, reason in report.waiting.items():
        show_name(console, Text(f"  {name}", style="yellow"))
        show_indented(console, one_line(reason), columns=4)


def show_discarded(console: Console, report: QuarantineSettled) -> None:
    """How many were discarded."""
    show_name(console, Text(f"{count(report.discarded, 'item')} discarded"))


def show_sent(console: Console, report: SentReport) -> None:
    """What a collector took."""
    show_name(console, Text(f"{count(report.spans, 'span')} sent to {one_line(report.url)}"))
    if report.refused:
        show_indented(console, f"{report.refused:,} refused: {one_line(report.message)}", style="yellow")


def _show(console: Console, item: QuarantinedItem) -> None:
    show_name(console, Text.assemble((item.id, "bold"), f"  {item.reason}  ", (item.state, "dim")))
    show_indented(console, one_line(item.detail))
    where = f"trace {one_line(item.trace_id or '?')}, span {one_line(item.span_id or '?')}"
    show_row(console, "from", f"{item.signal}, {where}")
    show_row(console, "received", f"{item.received_at}, {size(item.size_bytes)} sealed")
