"""Findings of a scan by type."""

from __future__ import annotations

from collections import defaultdict

from rich.console import Console
from rich.text import Text

from headrace.cli.output import one_line
from headrace.cli.views.console import count, show_indented, show_name
from headrace.records.privacy import Finding, PiiReport

_MOST_SHOWN = 12


def show_findings(console: Console, report: PiiReport, text: str, *, values: bool) -> None:
    """Each type with how often it was found and where; the values only when asked for."""
    if not report.findings:
        show_name(console, Text("Nothing found."))
        return
    by_type: dict[str, list[Finding]] = defaultdict(list)
    for finding in report.findings:
        by_type[finding.type].append(finding)
    for name, findings in sorted(by_type.items(), key=lambda item: (-len(item[1]), item[0])):
        show_name(console, Text.assemble((name, "bold"), (f"  {count(len(findings), 'finding')}", "dim")))
        if values:
            for finding in findings:
                shown = one_line(text[finding.start : finding.end])
                show_indented(
                    console, f"{finding.start}–{finding.end}  {finding.score:.2f}  {shown}", columns=2
                )
        else:
            places = [f"{finding.start}–{finding.end}" for finding in findings[:_MOST_SHOWN]]
            more = len(findings) - len(places)
            show_indented(console, ", ".join(places) + (f" and {more} more" if more else ""), columns=2)
