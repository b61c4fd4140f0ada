"""Skew on the terminal."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from headrace.cli.output import one_line
from headrace.cli.views.console import count, show_indented, show_name, show_row
from headrace.records.releases import RequestDifference, ServedRelease, SkewReport

_SHOWN = 8


def show_skew(console: Console, report: SkewReport) -> None:
    """Calls by release, drift, then requests that are not alike."""
    style = "yellow" if report.ungated else "green"
    line = f"{report.ungated:,} of {count(report.calls, 'call')} since {report.since} had no green evidence"
    show_name(console, Text(line, style=style))
    if report.truncated:
        show_indented(console, "There were more calls; --limit looks at more.", style="dim")
    for item in report.served[:_SHOWN]:
        _show_served(console, item)
    for line in report.configuration:
        show_row(console, "otherwise", Text(one_line(line), style="yellow"))
    for line in report.pending:
        show_row(console, "pending", one_line(line))
    for drift in report.drift:
        said = f"{drift.changed:,} of {count(drift.documents_now, 'document')} changed ({drift.share:.0%})"
        said += f" since {drift.evaluated_at}; there were {drift.documents_then:,}"
        show_row(console, "documents", Text(one_line(said), style="yellow" if drift.drifted else ""))
    if not report.drift and report.release:
        show_row(console, "documents", "what serves was never evaluated, so no drift is known")
    for group in report.groups:
        tokens, documents = group.context_tokens, group.corpus_documents
        parts = [count(group.requests, "request")]
        parts += [f"context p95 {tokens['p95']:,.0f} tokens"] if tokens else []
        parts += [f"corpus {documents['p50']:,.0f} documents"] if documents else []
        show_row(console, group.origin, one_line(", ".join(parts)))
    for difference in report.requests:
        _show_difference(console, difference)


def _show_served(console: Console, item: ServedRelease) -> None:
    name = item.release or "no release"
    kind = ", implicit" if item.implicit and item.release else ""
    style = "green" if item.standing == "green" else "yellow"
    show_row(
        console,
        "served",
        Text.assemble(name, f"  {count(item.calls, 'call')}  ", (item.standing, style), kind),
    )
    if item.otherwise:
        said = f"otherwise than what passed last: {', '.join(item.otherwise)}"
        show_indented(console, one_line(said), columns=13)


def _show_difference(console: Console, item: RequestDifference) -> None:
    show_row(console, "requests", Text(one_line(item.said), style="yellow"))
    for side, values in ((item.first, item.only_first), (item.second, item.only_second)):
        for value in values[:2]:
            shown = f"{side}: {value['value']}, {count(value['count'], 'time')}"
            shown += f", as in {', '.join(value['examples'])}"
            show_indented(console, one_line(shown), columns=13, style="dim")
