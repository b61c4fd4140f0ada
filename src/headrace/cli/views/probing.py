"""Rounds of known-answer probes, and what they missed."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from headrace.cli.output import one_line
from headrace.cli.views.console import NOTHING_SYNCED, count, moment, show_name, show_row
from headrace.records.embedding import ProbeReport


def show_probes(console: Console, report: ProbeReport) -> None:
    """Each round in a block, then the queries that did not find their document."""
    if not report.rounds:
        console.print(NOTHING_SYNCED)
        return
    for made in report.rounds:
        style = "red" if made.recall < made.floor else "green"
        found = Text(f"{made.recall:.0%} of known answers found", style=style)
        console.print(Text.assemble((one_line(made.corpus), "bold"), "  ", found))
        show_row(console, "floor", f"{made.floor:.0%}")
        titles, sentences = made.titles, made.sentences
        asked = f"titles {titles[0]} of {titles[1]}, sentences {sentences[0]} of {sentences[1]}"
        show_row(console, "found", asked)
        held = f"{count(made.documents, 'document')}, {count(made.chunks, 'chunk')}"
        show_row(console, "held", f"{held} on {moment(made.probed_at_us)}")
        show_row(console, "generation", one_line(made.generation))
    for probe in report.missed:
        show_name(console, Text.assemble("missed  ", (one_line(probe.document), "bold")))
        show_row(console, probe.kind, one_line(probe.query))
