"""Drafts made of traces on the terminal."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.text import Text

from headrace.cli.output import one_line
from headrace.cli.views.console import count, duration, show_indented, show_name, show_row
from headrace.errors import UsageError
from headrace.flows.curation.page import page
from headrace.records.curation import (
    CurationItem,
    CurationReport,
    CurationRun,
    Decided,
    ItemDetail,
    ItemList,
    Latency,
    Pattern,
)

_STYLES = {
    "new": "bold",
    "skipped": "yellow",
    "accepted": "green",
    "edited": "green",
    "rejected": "red",
    "merged": "dim",
}
_SHOWN_CHARACTERS = 300


def show_run(console: Console, report: CurationRun) -> None:
    """What was looked at, what came of it, what was left out and why."""
    looked = f"{count(report.looked, 'trace')} looked at"
    if report.again:
        looked += f", {report.again:,} of them again"
    show_name(console, Text(looked, style="bold"))
    for rule, number in report.matched.items():
        show_row(console, rule, f"{number:,}")
    if report.sampled:
        show_row(console, "sample", f"{report.sampled:,} drawn at random")
    show_name(console, Text(f"{count(report.items, 'new draft')}; {report.waiting:,} wait."))
    if report.repeated:
        show_indented(console, f"{report.repeated:,} say what a draft says already: it has their traces too.")
    for reason, number in report.left_out.items():
        show_indented(console, f"left out: {number:,}, {reason}", style="yellow")
    if report.withdrawn:
        show_indented(console, f"{count(report.withdrawn, 'draft')} closed: consent was taken back.")
    if report.delivered:
        show_indented(console, f"{count(report.delivered, 'accepted draft')} handed over.")
    if report.waiting:
        show_name(console, Text("Next: headrace curate review", style="dim"))


def show_items(console: Console, report: ItemList) -> None:
    """One block for each draft."""
    for item in report.items:
        _show_head(console, item)
        _show_texts(console, item, short=True)
    if not report.items:
        show_name(console, Text("No such drafts. Make some with: headrace curate run"))
    states = ", ".join(f"{number:,} {state}" for state, number in report.counts.items())
    if states:
        show_name(console, Text(states, style="dim"))


def show_detail(console: Console, report: ItemDetail) -> None:
    """A draft with its traces."""
    _show_head(console, report.item)
    _show_texts(console, report.item, short=False)
    for link in report.links[:10]:
        drawn = "" if link.probability is None else f"  drawn with p {link.probability:.3g}"
        show_row(console, link.rule, f"{link.at}  headrace why {link.trace_id}{drawn}")
    if len(report.links) > 10:
        show_indented(console, f"and {len(report.links) - 10:,} more", style="dim")


def show_decided(console: Console, report: Decided) -> None:
    """What was decided of which drafts."""
    for item in report.items:
        _show_head(console, item)


def show_report(console: Console, report: CurationReport) -> None:
    """Latencies, then one block for each pattern."""
    line = f"{count(report.items, 'draft')} of {count(report.traces, 'failing trace')} since {report.since}"
    show_name(console, Text(line, style="bold"))
    for stage in report.latencies:
        show_name(console, Text(f"  {stage.stage:<22}{_latency(stage)}"))
    for pattern in report.patterns:
        _show_pattern(console, pattern)
    if not report.patterns:
        show_name(console, Text("No failures that are alike."))
    if report.alone:
        show_name(console, Text(f"{count(report.alone, 'draft')} like no other.", style="dim"))


def write_page(file: str, report: CurationReport) -> None:
    """Write the report as an HTML page. Raises UsageError where that is not possible."""
    try:
        Path(file).write_text(page(report), encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"{file!r} cannot be written: {error.strerror}.", hint="Name a file in a folder that exists."
        ) from error


def _latency(stage: Latency) -> str:
    if stage.median_seconds is None:
        median = "median not reached" if stage.open else "nothing yet"
    else:
        median = f"median {duration(stage.median_seconds)}"
    return f"{median}  ({stage.done:,} done, {stage.open:,} open)"


def _show_pattern(console: Console, pattern: Pattern) -> None:
    show_name(console, Text.assemble((pattern.pattern, "dim"), "  ", (one_line(pattern.label), "bold")))
    share = f"{count(pattern.traces, 'trace')}, {pattern.share:.0%} of the failing ones"
    show_row(console, "traces", f"{share}; {pattern.open:,} of {count(pattern.items, 'draft')} wait")
    show_row(console, "cause", Text(pattern.cause, style="yellow"))
    for lead in pattern.leads:
        show_indented(console, f"{lead.cause} {lead.share:.0%}: {lead.evidence}", columns=5)
    show_row(console, "owner", one_line(pattern.owner or "nobody"))
    for place, link in enumerate(pattern.examples):
        question = pattern.questions[place] if place < len(pattern.questions) else ""
        show_row(console, link.rule, f"headrace why {link.trace_id}")
        show_indented(console, one_line(question)[:_SHOWN_CHARACTERS], columns=5, style="dim")


def _show_head(console: Console, item: CurationItem) -> None:
    line = Text.assemble(
        (item.state, _STYLES[item.state]),
        f"  {item.kind} for {one_line(item.into)}  ",
        (item.id, "bold"),
        f"  {one_line(item.rule)}",
    )
    if item.traces > 1:
        line.append(f"  {item.traces:,} traces", style="dim")
    if item.merged_into is not None:
        line.append(f"  into {item.merged_into}")
    show_name(console, line)


def _show_texts(console: Console, item: CurationItem, *, short: bool) -> None:
    if item.question is None:
        show_indented(console, "[erased]", style="dim")
    for label, text in (("asked", item.question), ("answered", item.observed), ("expected", item.expected)):
        if text and not (label == "expected" and text == item.observed):
            shown = one_line(text)[:_SHOWN_CHARACTERS] if short else text
            show_indented(console, f"{label}: {shown}")
    if item.kind != "case":
        show_indented(console, f"{item.origin}, generation depth {item.depth}", style="dim")
    if item.owner is not None:
        show_row(console, "owner", one_line(item.owner))
    if item.note is not None:
        show_row(console, "note", one_line(item.note))
