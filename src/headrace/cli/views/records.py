"""Stored outputs on the terminal."""

from __future__ import annotations

import json

from rich.console import Console
from rich.text import Text

from headrace.cli.output import one_line
from headrace.cli.views.console import moment, show_indented, show_name, show_row
from headrace.records.records import RecordList, RecordView


def show_records(console: Console, report: RecordList) -> None:
    """One line for each, newest first."""
    if not report.records:
        console.print("No records. A call whose output is valid by a schema leaves one.")
    for record in report.records:
        erased = "  erased" if record.erased_at_us is not None else ""
        line = f"  {one_line(record.schema)} v{record.version}  {moment(record.known_at_us)}{erased}"
        show_name(console, Text.assemble((record.id, "bold"), line))


def show_view(console: Console, report: RecordView) -> None:
    """The value, then its envelope."""
    record = report.record
    told = "" if report.told == "as stored" else f", {report.told} from version {record.version}"
    if report.told == "erased":
        told = ", erased"
    show_name(
        console,
        Text.assemble((record.id, "bold"), f"  {one_line(record.schema)} version {report.version}{told}"),
    )
    if report.told != "erased":
        show_indented(console, json.dumps(report.value, indent=2, ensure_ascii=False), columns=2)
    for label, text in (
        ("model", record.model),
        ("prompt", record.prompt),
        ("release", record.release),
        ("generation", record.generation),
        ("trace", record.trace_id),
        ("repair", record.repair),
    ):
        if text:
            show_row(console, label, one_line(text))
    show_row(console, "stored", moment(record.known_at_us))
    for source in record.retrieved:
        show_row(console, "from", one_line(f"{source.corpus}/{source.document}"))
    for warning in report.warnings:
        show_indented(console, warning, columns=2, style="bold yellow")
