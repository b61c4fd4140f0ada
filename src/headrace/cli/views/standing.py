"""How far a document still holds, on a line."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from headrace.cli.output import one_line
from headrace.cli.views.console import show_indented, show_name
from headrace.records.freshness import DeprecateReport
from headrace.records.search import Citation, Hit

_OLD_DAYS = 365
_ALIASES = 3


def standing_line(item: Hit | Citation) -> str:
    """Marks, what replaced it, until when it holds; its age too where it is marked or over a year old."""
    marks = [mark for mark in item.marks if mark != "superseded"]
    if "superseded" in item.marks:
        by = f" by {one_line(item.superseded_by)}" if item.superseded_by else ""
        marks.insert(0, f"superseded{by}")
    if item.valid_to is not None:
        marks.append(f"valid to {item.valid_to[:10]}")
    if item.age_days is not None and (marks or item.age_days > _OLD_DAYS):
        marks.append(f"changed {item.age_days:,} days ago")
    return ", ".join(marks)


def show_standing(console: Console, item: Hit | Citation) -> None:
    """Print how far the document of a hit or citation still holds, where there is something to say."""
    line = standing_line(item)
    if line:
        show_indented(console, line, columns=4, style="yellow" if item.marks else "dim")
    if item.aliases:
        shown = ", ".join(map(one_line, item.aliases[:_ALIASES]))
        more = f" and {len(item.aliases) - _ALIASES:,} more" if len(item.aliases) > _ALIASES else ""
        show_indented(console, f"also at {shown}{more}", columns=4, style="dim")


def show_deprecation(console: Console, report: DeprecateReport) -> None:
    """What was declared, and how to take it back."""
    name = f"{one_line(report.corpus)}/{one_line(report.document)}"
    said = "is deprecated" if report.deprecated else "is no longer declared deprecated"
    by = f", replaced by {one_line(report.superseded_by)}" if report.superseded_by else ""
    show_name(console, Text(f"{name} {said}{by}"))
    if report.deprecated:
        show_name(console, Text(f"headrace deprecate --undo {name}", style="dim"))
