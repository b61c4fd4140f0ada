"""Quality and rot on the terminal."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console
from rich.text import Text

from headrace.cli.output import one_line
from headrace.cli.views.console import count, show_indented, show_name
from headrace.records.quality import QualityReport, RotReport

_BAR = 40
_OUTCOMES = {
    "marked": "no longer held",
    "refused": "no answer",
    "not_cited": "others cited",
    "low_quality": "low quality",
    "low_score": "far behind",
    "signal": "users unhappy",
}


def show_quality(console: Console, report: QualityReport) -> None:
    """How the scores are spread, then the worst documents."""
    if not report.documents and not report.unscored:
        show_name(console, Text("No document serves yet: run `headrace sync`."))
        return
    if report.mean is not None:
        title = f"{count(report.documents, 'document')}, mean quality {report.mean:.2f}"
        show_name(console, Text(title, style="bold"))
        most = max(report.histogram)
        for tenth, documents in enumerate(report.histogram):
            bar = "█" * -(-_BAR * documents // most)
            show_name(console, Text(f"  {tenth / 10:.1f}–{(tenth + 1) / 10:.1f} {documents:>7,}  {bar}"))
    if report.unscored:
        note = f"{count(report.unscored, 'document')} without a score: indexed before there was one"
        show_name(console, Text(note, style="dim"))
    console.print()
    for row in report.worst:
        line = Text(f"{row.quality:.2f}  ", style="bold")
        line.append(f"{one_line(row.corpus)}/{one_line(row.document)}", style="default")
        show_name(console, line)
        found = f", found {count(row.retrieved, 'time')} last week" if row.retrieved else ""
        show_indented(console, parts_line(row.parts) + found, columns=6, style="dim")


def parts_line(parts: Mapping[str, float]) -> str:
    """The parts that are not perfect, lowest first."""
    low = sorted((value, name) for name, value in parts.items() if value < 1)
    return ", ".join(f"{name} {value:.2f}" for value, name in low) or "no fault found"


def show_rot(console: Console, report: RotReport) -> None:
    """The documents that did most harm."""
    since = f" since {report.since}" if report.since else ""
    show_name(console, Text(f"{count(report.calls, 'call')} looked at{since}", style="bold"))
    if not report.documents:
        show_name(
            console, Text(f"No document met by {report.minimum_exposures} calls or more did badly for sure.")
        )
    for row in report.documents:
        line = Text(f"{row.at_least:>4.0%} ", style="bold red")
        line.append(f"{one_line(row.corpus)}/{one_line(row.document)}", style="bold")
        show_name(console, line)
        why = ", ".join(f"{_OUTCOMES.get(kind, kind)} {times}×" for kind, times in row.outcomes.items())
        quality = "" if row.quality is None else f"; quality {row.quality:.2f}"
        marks = f"; {', '.join(row.marks)}" if row.marks else ""
        show_indented(
            console, f"found {count(row.exposures, 'time')}: {why}{quality}{marks}", columns=5, style="dim"
        )
        show_name(console, Text(f"     headrace why {row.example}", style="dim"))
