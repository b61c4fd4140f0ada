"""How documents fare with gates, on the terminal and as a file."""

from __future__ import annotations

import math
from pathlib import Path

from rich.console import Console
from rich.text import Text

from headrace.cli.output import one_line
from headrace.cli.views.console import count, show_indented, show_name, show_row
from headrace.errors import UsageError
from headrace.flows.gates.page import figure, page, place_of
from headrace.records.gate_report import CorpusGates, GateDistribution, GateDistributions, Histogram

_LEVELS = " ▁▂▃▄▅▆▇█"
_WIDE = 3
"""Columns for each class of scores."""
_STATES = {"in": "let in", "gate": "waiting", "dropped": "dropped", "rejected": "rejected"}


def show_distributions(console: Console, report: GateDistributions) -> None:
    """One block for each corpus, in it one for each gate."""
    for corpus in report.corpora:
        _show_corpus(console, corpus)


def write_page(file: str, report: GateDistributions) -> None:
    """Write the report as an HTML page. Raises UsageError where that is not possible."""
    try:
        Path(file).write_text(page(report), encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"{file!r} cannot be written: {error.strerror}.", hint="Name a file in a folder that exists."
        ) from error


def _show_corpus(console: Console, corpus: CorpusGates) -> None:
    states = ", ".join(f"{number:,} {_STATES[name]}" for name, number in corpus.states.items())
    judged = f"{count(corpus.documents, 'document')} judged"
    show_name(
        console,
        Text.assemble((one_line(corpus.corpus), "bold"), f"  {judged}", f": {states}" if states else ""),
    )
    if corpus.unjudged:
        said = f"{count(corpus.unjudged, 'document')} that serve were judged by no gate"
        show_row(console, "unjudged", Text(said, style="yellow"))
    if not corpus.documents:
        show_row(console, "next", "declare gates with [[corpus.NAME.gates]], then headrace sync")
    for gate in corpus.gates:
        _show_gate(console, gate)


def _show_gate(console: Console, gate: GateDistribution) -> None:
    show_name(console, Text.assemble("\n  ", (one_line(gate.gate), "bold"), f"  v{gate.version}"))
    words = [Text(f"{gate.passed:,} passed", style="green")]
    for number, word, style in (
        (gate.failed, f"failed ({gate.on_failure})", "red"),
        (gate.redacted, "redacted", "yellow"),
        (gate.errors, "errors", "bold red"),
        (gate.waiting, "waiting", "yellow"),
    ):
        if number:
            words.append(Text(f"{number:,} {word}", style=style))
    show_name(console, Text("    ").append_text(Text(", ").join(words)))
    if gate.scores is not None:
        _show_scores(console, gate, gate.scores)
    for reason in gate.reasons:
        first, *rest = Text(one_line(reason.reason)).wrap(console, console.width - 12)
        first.rstrip()
        show_name(console, Text(f"    {reason.documents:>5,} × ").append_text(first))
        for line in rest:
            show_indented(console, line.plain.strip(), columns=12)
    for example in gate.examples[:3]:
        show_name(console, Text(f"          {one_line(example.document)}", style="dim"))


def _show_scores(console: Console, gate: GateDistribution, scores: Histogram) -> None:
    """A bar for each class, red where all failed; as high as the square root of its documents."""
    numbers = [a + b for a, b in zip(scores.passed, scores.failed, strict=True)]
    most = max(numbers, default=0) or 1
    line = Text("    ")
    for number, failed in zip(numbers, scores.failed, strict=True):
        level = 0 if not number else max(1, round(8 * math.sqrt(number / most)))
        style = "green" if not failed else "red" if failed == number else "yellow"
        line.append(_LEVELS[level] * _WIDE, style=style)
    line.rstrip()
    show_name(console, line)
    width = _WIDE * len(numbers)
    axis, marks = ["─"] * width, []
    for name, limit in gate.limits.items():
        at = place_of(scores, limit)
        if at is not None:
            axis[min(width - 1, int(at * width))] = "┴"
        marks.append(f"{name} {figure(limit)}" + ("" if at is not None else " (beyond the scores)"))
    show_name(console, Text("    " + "".join(axis), style="dim"))
    ends, far = figure(scores.edges[0]), figure(scores.edges[-1])
    show_name(console, Text(f"    {ends}{far:>{width - len(ends)}}", style="dim"))
    if marks:
        show_indented(console, f"┴ {', '.join(marks)}", columns=4, style="dim")
