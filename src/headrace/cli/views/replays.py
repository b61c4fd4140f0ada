"""Traces that were asked again, on the terminal."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from headrace.cli.output import one_line
from headrace.cli.views.console import show_indented, show_name, show_row
from headrace.records.traces import ReplayedOutput, ReplayedTrace, ReplayReport

_MOST_LINES = 12


def show_replay(console: Console, report: ReplayReport) -> None:
    """One block for each trace, then the sums."""
    for trace in report.traces:
        _show(console, trace)
    told = f"{report.same:,} the same, {report.changed:,} changed, {report.failed:,} failed"
    if report.skipped:
        told += f", {report.skipped:,} skipped: nothing to ask again"
    show_name(console, Text(told, style="bold"))


def _show(console: Console, trace: ReplayedTrace) -> None:
    state = (
        ("failed", "red")
        if trace.after is None
        else ("same", "green")
        if trace.same
        else ("changed", "yellow")
    )
    show_name(console, Text.assemble((trace.trace_id, "bold"), f"  {trace.kind}  ", state))
    if trace.error:
        show_indented(console, one_line(trace.error), style="red")
    if trace.left_out:
        show_indented(console, one_line(f"not taken by the prompt: {', '.join(trace.left_out)}"), style="dim")
    for line in trace.diff[2:_MOST_LINES]:
        style = "green" if line.startswith("+") else "red" if line.startswith("-") else "dim"
        show_indented(console, one_line(line), style=style)
    show_row(console, "before", _facts(trace.before))
    if trace.after is not None:
        show_row(console, "after", _facts(trace.after))
    if trace.overlap is not None:
        show_row(console, "chunks", f"{trace.overlap:.0%} in common")


def _facts(output: ReplayedOutput) -> str:
    parts = [output.model or "no model"] if output.model or output.prompt else []
    if output.valid is not None:
        parts.append("valid" if output.valid else "not valid")
    if output.input_tokens is not None or output.output_tokens is not None:
        parts.append(f"{output.input_tokens or 0:,} + {output.output_tokens or 0:,} tokens")
    if output.cost_micro is not None:
        parts.append(f"{output.cost_micro / 1e6:.4f} {output.currency or ''}".rstrip())
    parts.append(f"{output.ms:,.0f} ms")
    return one_line(", ".join(parts))
