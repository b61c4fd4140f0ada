"""Golden sets on the terminal."""

from __future__ import annotations

import json
from typing import Any

from rich.console import Console
from rich.text import Text

from headrace.cli.output import one_line
from headrace.cli.views.console import count, show_indented, show_name, show_row
from headrace.records.golden import GoldenCase, GoldenChange, GoldenList, GoldenRefresh

_STYLES = {"draft": "yellow", "active": "green", "flaky": "red", "retired": "dim"}
_SHOWN = 12


def show_cases(console: Console, report: GoldenList) -> None:
    """The set, then one line for each case."""
    states = ", ".join(f"{number:,} {state}" for state, number in report.counts.items())
    show_name(console, Text.assemble((report.set, "bold"), f"  {states}"))
    show_row(console, "version", report.version)
    for case in report.cases:
        marks = [case.part, *case.tags, *(["must pass"] if case.must_pass else [])]
        line = Text.assemble(
            (f"{case.state:<8}", _STYLES[case.state]),
            (one_line(case.key), "bold"),
            (f"  {one_line(', '.join(marks))}", "dim"),
        )
        show_name(console, line)
        show_indented(console, _short(case.inputs.get("question", case.inputs)), columns=8)


def show_case(console: Console, case: GoldenCase) -> None:
    """A case and its life."""
    show_name(console, Text.assemble((one_line(case.key), "bold"), "  ", (case.state, _STYLES[case.state])))
    show_row(console, "case", case.case)
    for name, value in case.inputs.items():
        show_row(console, one_line(str(name))[:10], _short(value))
    show_row(console, "expected", _short(case.expected))
    half = f", {case.half.replace('_', ' ')}" if case.part == "failures" else ""
    show_row(console, "part", f"{case.part}{half}{', must pass' if case.must_pass else ''}")
    for label, text in (("tags", ", ".join(case.tags)), ("group", case.group), ("owner", case.owner)):
        if text:
            show_row(console, label, one_line(text))
    if case.flake_rate is not None:
        show_row(console, "flake rate", f"{case.flake_rate:.0%} of its repeats in its last run")
    if case.provenance:
        show_row(console, "from", _short(case.provenance))
    for event in case.events:
        line = f"{event.at}  {event.state} by {one_line(event.actor)}: {one_line(event.reason)}"
        show_indented(console, line, columns=2, style="dim")


def show_change(console: Console, report: GoldenChange) -> None:
    """What a change did."""
    parts = [
        f"{len(keys):,} {word}"
        for word, keys in (
            ("added", report.added),
            ("changed", report.changed),
            ("as before", report.unchanged),
        )
        if keys
    ]
    show_name(console, Text.assemble((report.set, "bold"), f"  {', '.join(parts) or 'nothing to do'}"))
    for key in [*report.added, *report.changed][:_SHOWN]:
        show_indented(console, one_line(key))
    more = len(report.added) + len(report.changed) - _SHOWN
    if more > 0:
        show_indented(console, f"and {more:,} more", style="dim")
    _redacted(console, report.redacted)
    show_row(console, "version", report.version)


def show_exported(console: Console, report: GoldenList) -> None:
    """How much was written."""
    show_name(console, Text(f"{count(len(report.cases), 'case')} of {report.set} written"))
    show_row(console, "version", report.version)


def show_refresh(console: Console, report: GoldenRefresh) -> None:
    """What was drawn, and what went."""
    show_name(
        console,
        Text.assemble(
            (f"{report.set}  {report.period}  ", "bold"),
            f"{len(report.added):,} of {report.traces:,} answers",
        ),
    )
    if report.refused:
        show_row(console, "refused", f"{count(report.refused, 'answer')} of users who do not allow it")
    if report.retired:
        show_row(console, "retired", f"{count(len(report.retired), 'case')} of the oldest month")
    _redacted(console, report.redacted)
    if report.added:
        show_indented(
            console, "They are drafts: say what is expected (eval case edit), then eval case accept."
        )
    else:
        show_indented(console, "This month was drawn already.")


def _redacted(console: Console, counts: Any) -> None:
    if counts:
        taken = ", ".join(f"{number} {kind}" for kind, number in counts.items())
        show_row(console, "taken out", Text(taken, style="yellow"))


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return one_line(text if len(text) <= 200 else f"{text[:199]}…")
