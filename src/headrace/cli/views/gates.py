"""Gates and verdicts on the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from headrace.cli.output import one_line
from headrace.cli.views.console import show_indented, show_name
from headrace.records.gates import GateList, GateReport, GateVerdict

_STYLES = {"pass": "green", "fail": "bold red", "error": "bold yellow"}


def show_list(console: Console, report: GateList) -> None:
    """Gates by corpus, then those that none declares."""
    last: object = report
    for gate in report.gates:
        if gate.corpus != last:
            title = f"corpus {gate.corpus}" if gate.corpus is not None else "not declared by a corpus"
            show_name(console, Text(one_line(title), style="bold"))
            last = gate.corpus
        _show_gate(console, gate)


def show_verdicts(console: Console, verdicts: Sequence[GateVerdict]) -> None:
    """One line for each gate, its reason below."""
    for verdict in verdicts:
        word = Text(f"{verdict.verdict:<6}", style=_STYLES[verdict.verdict])
        line = Text.assemble(word, (f"{verdict.gate:<18}", "bold"))
        if verdict.score is not None:
            line.append(f"{verdict.score:g}")
        if verdict.evidence is not None:
            line.append(f"  at {verdict.evidence.start}–{verdict.evidence.end}", style="dim")
        line.rstrip()
        show_name(console, line)
        if verdict.reason:
            show_indented(console, verdict.reason, columns=6)


def _show_gate(console: Console, gate: GateReport) -> None:
    show_name(
        console, Text.assemble("  ", (f"{gate.gate:<18}", "bold"), f"v{gate.version}  {gate.on_failure}")
    )
    show_indented(console, gate.meaning, columns=4)
    values = ", ".join(f"{key} {_value(value)}" for key, value in gate.thresholds.items())
    if values:
        show_indented(console, values, columns=4, style="dim")


def _value(value: object) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(str, value)) or "any"
    return str(value)
