"""Features on the terminal."""

from __future__ import annotations

import json
from typing import Any

from rich.console import Console
from rich.text import Text

from headrace.cli.output import one_line
from headrace.cli.views.console import count, duration, show_indented, show_name, show_row
from headrace.records.features import (
    FeatureCheck,
    FeatureList,
    FeatureMatches,
    FeatureRow,
    FeatureRun,
    JoinReport,
)

_STYLES = {"ok": "green", "expired": "yellow", "missing": "yellow"}


def show_list(console: Console, report: FeatureList) -> None:
    """One block for each view."""
    for view in report.views:
        show_name(console, Text.assemble((view.view, "bold"), f"  {one_line(view.description)}"))
        show_row(console, "entity", ", ".join(view.entity))
        show_row(console, "features", ", ".join(f"{name} {kind}" for name, kind in view.features.items()))
        show_row(console, "source", one_line(view.source))
        if view.ttl_seconds is not None:
            show_row(console, "lives", duration(view.ttl_seconds))
        run = view.serving
        show_row(
            console,
            "online",
            f"{count(run.entities, 'entity')} as of {run.as_of}".replace("entitys", "entities")
            if run
            else "nothing yet",
        )
        if view.held:
            show_row(console, "held", Text(one_line("; ".join(view.held.reasons)), style="yellow"))
    if not report.views:
        show_name(console, Text("No feature views yet. Write features/NAME.toml."))


def show_join(console: Console, report: JoinReport) -> None:
    """How many rows, and how they stand with each view."""
    show_name(console, Text(f"{count(report.rows, 'row')} in {one_line(report.out or '')}"))
    for view, counts in report.statuses.items():
        shares = ", ".join(f"{number:,} {status}" for status, number in sorted(counts.items()))
        show_row(console, view, shares)
    for name, number in report.unreadable.items():
        line = f"{count(number, 'value')} of the source not of the declared type: null in these rows"
        show_row(console, name, Text(line, style="yellow"))


def show_run(console: Console, report: FeatureRun) -> None:
    """What was put online, or why nothing was."""
    held = report.state == "held"
    line = "held back: what served goes on serving" if held else f"online as of {report.as_of}"
    show_name(console, Text.assemble((report.view, "bold"), "  ", (line, "yellow" if held else "green")))
    show_row(console, "source", count(report.rows, "row"))
    show_row(console, "entities", f"{report.entities:,}")
    if not held:
        show_row(console, "changed", f"{report.written:,}")
        show_row(console, "removed", f"{report.removed:,}")
    for reason in report.reasons:
        show_indented(console, one_line(reason), style="yellow")
    if held:
        show_indented(console, "Correct the source, or run it again with --confirm.")


def _value(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return one_line(text if len(text) <= 80 else f"{text[:79]}…")


def show_entity(console: Console, report: FeatureRow) -> None:
    """The values of one entity."""
    entity = ", ".join(f"{key} {one_line(value)}" for key, value in report.entity.items())
    show_name(
        console,
        Text.assemble((f"{report.view}  ", "bold"), f"{entity}  ", (report.status, _STYLES[report.status])),
    )
    for name, value in report.values.items():
        show_row(console, name, _value(value))
    if report.event_time:
        show_row(console, "holds from", report.event_time)
        show_row(console, "known from", report.known_time or "")


def show_check(console: Console, report: FeatureCheck) -> None:
    """Whether online equals offline."""
    same = report.entities - report.differing
    style = "yellow" if report.differing else "green"
    line = f"{same:,} of {report.entities:,} entities are the same online and offline, as of {report.as_of}"
    show_name(console, Text.assemble((f"{report.view}  ", "bold"), (line, style)))
    for item in report.differences:
        entity = ", ".join(map(one_line, item.entity.values()))
        line = f"online {_value(item.online)}, offline {_value(item.offline)}"
        show_row(console, f"{entity} {item.feature}", line)


def show_matches(console: Console, report: FeatureMatches) -> None:
    """The nearest entities."""
    name = Text.assemble((f"{report.view}:{report.column}  ", "bold"), f"{report.compared:,} compared")
    show_name(console, name)
    for item in report.matches:
        show_row(console, f"{item.similarity:.4f}", ", ".join(map(one_line, item.entity.values())))
