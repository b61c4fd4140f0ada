"""The life of one document."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from headrace.cli.output import one_line
from headrace.cli.views.console import count, moment, show_indented, show_name, show_row
from headrace.cli.views.facts import facts_line
from headrace.cli.views.quality import parts_line
from headrace.records.freshness import DocumentHistory, HistoryStep


def show_history(console: Console, history: DocumentHistory) -> None:
    """How the document stands, then each step, oldest first."""
    name = f"{one_line(history.corpus)}/{one_line(history.document)}"
    console.print(Text.assemble((name, "bold"), f"  {history.state}"), soft_wrap=True)
    rows = (
        ("title", history.title),
        ("source", history.source),
        ("revision", history.revision),
        ("changed", history.modified_at),
        ("first seen", history.first_seen),
        ("labels", ", ".join(history.labels)),
        ("marks", ", ".join(history.marks)),
        ("read", history.superseded_by),
        ("replaces", ", ".join(history.supersedes)),
        ("valid from", history.valid_from),
        ("valid to", history.valid_to),
    )
    for label, value in rows:
        if value:
            show_row(console, label, one_line(value))
    if history.quality is not None:
        show_row(console, "quality", f"{history.quality:.2f} ({parts_line(history.quality_parts)})")
    show_row(
        console,
        "last week",
        f"found {count(history.retrieved, 'time')}, cited {count(history.cited, 'time')}",
    )
    if history.failure is not None:
        failed = f"{history.failure['stage']}: {history.failure['error']}"
        show_row(console, "fails", Text(one_line(failed), style="red"))
    console.print()
    for step in history.steps:
        _show_step(console, step)


def _show_step(console: Console, step: HistoryStep) -> None:
    show_name(console, Text.assemble((moment(step.at_us), "dim"), f"  {step.event}"))
    facts = {"revision": step.revision, "generation": step.generation, "run": step.run_id, **step.detail}
    if step.listed_at_us is not None:
        facts["listed"] = moment(step.listed_at_us)
    line = facts_line(facts)
    if line:
        show_indented(console, line, columns=4, style="dim")
