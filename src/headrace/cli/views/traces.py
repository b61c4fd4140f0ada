"""Traces and consents on the terminal."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from headrace.cli.output import one_line
from headrace.cli.views.console import count, duration, show_indented, show_name, show_row, size
from headrace.records.traces import (
    ArchiveReport,
    ConsentDecision,
    ConsentList,
    ConsentReport,
    HoldList,
    TraceExport,
    TraceHold,
    TraceLine,
    TraceList,
    TraceReport,
    TraceSelection,
    TraceSpan,
    TraceStats,
)

_MOST_TEXT = 240
_MOST_CHUNKS = 5
_STYLES = {"ok": "green", "error": "red", "unset": "dim"}


def show_list(console: Console, report: TraceList) -> None:
    """A block of two or three lines for each trace."""
    for line in report.traces:
        show_line(console, line)
    if not report.traces:
        show_name(console, Text("No traces like that."))
    if report.next:
        show_name(console, Text(f"More: --after {report.next}", style="dim"))


def show_line(console: Console, line: TraceLine) -> None:
    """One trace."""
    head = Text.assemble((line.trace_id, "bold"), f"  {line.started[:19].replace('T', ' ')}  ")
    head.append(f"{one_line(line.name)}  ", style="cyan")
    head.append(_length(line.ms))
    if line.errors:
        head.append(f"  {count(line.errors, 'error')}", style="red")
    show_name(console, head)
    facts = _facts(line)
    if line.p_bad is not None:
        told = f"P(bad) {line.p_bad:.2f}"
        show_indented(console, f"{told}: {', '.join(line.why)}" if line.why else told, style="yellow")
    if facts:
        show_indented(console, facts, style="dim")
    if line.question:
        show_indented(console, one_line(line.question))


def _facts(line: TraceLine) -> str:
    parts = [count(line.spans, "span"), *line.models]
    parts += [
        f"{name} {value}" for name, value in (("service", line.service), ("session", line.session)) if value
    ]
    if line.input_tokens is not None or line.output_tokens is not None:
        parts.append(f"{line.input_tokens or 0:,} + {line.output_tokens or 0:,} tokens")
    if line.cost_micro is not None:
        parts.append(_cost(line.cost_micro, line.currency))
    return one_line(", ".join(parts))


def _cost(micro: int, currency: str | None) -> str:
    return f"{micro / 1e6:.4f} {currency or ''}".rstrip()


def _length(ms: float) -> str:
    return f"{ms:.0f} ms" if ms < 1000 else duration(ms / 1000)


def show_trace(console: Console, report: TraceReport, *, whole: bool = False) -> None:
    """The tree of a trace."""
    line = report.trace
    show_name(console, Text.assemble((line.trace_id, "bold"), f"  {line.started[:19].replace('T', ' ')} UTC"))
    show_row(console, "took", _length(line.ms))
    show_row(console, "of", _facts(line))
    for name, value in (("user", line.subject), ("release", line.release)):
        if value:
            show_row(console, name, value)
    if report.closed:
        told = "left out: a document of this trace may not be shown"
        show_row(console, "texts", Text(told, style="yellow"))
    for span in report.spans:
        _show_span(console, span, whole=whole)
    if report.hidden:
        show_name(
            console, Text(f"{count(report.hidden, 'span')} not shown: --all shows every one", style="dim")
        )
    for signal in report.signals:
        value = "" if signal.value is None else f" {one_line(_text(signal.value, whole=False))}"
        show_row(
            console,
            "signal",
            Text(f"{signal.kind}{value}  {signal.at[:19].replace('T', ' ')}", style="yellow"),
        )


def _show_span(console: Console, span: TraceSpan, *, whole: bool) -> None:
    margin = 2 + 2 * min(span.depth, 20)
    head = Text(" " * margin)
    head.append("● ", style=_STYLES.get(span.status, ""))
    head.append(one_line(span.name), style="bold")
    head.append(f"  +{_length(span.start_ms)}  {_length(span.ms)}")
    tokens = span.input_tokens is not None or span.output_tokens is not None
    if tokens:
        head.append(f"  {span.input_tokens or 0:,} + {span.output_tokens or 0:,} tokens", style="dim")
    if span.cost_micro is not None:
        head.append(f"  {_cost(span.cost_micro, span.currency)}", style="dim")
    show_name(console, head)
    below = margin + 2
    if span.error:
        show_indented(console, span.error, columns=below, style="red")
    for attempt in span.attempts:
        show_indented(console, _attempt(attempt), columns=below, style="dim")
    for chunk in span.chunks[: None if whole else _MOST_CHUNKS]:
        score = "" if chunk.score is None else f"  {chunk.score:.3f}"
        cited = "  cited" if chunk.cited else ""
        show_indented(console, f"{one_line(chunk.document)}{score}{cited}", columns=below, style="cyan")
    left = 0 if whole else len(span.chunks) - _MOST_CHUNKS
    if left > 0:
        show_indented(console, f"and {count(left, 'chunk')} more", columns=below, style="dim")
    for label, value in (("in", span.input), ("out", span.output)):
        if value not in (None, "", []):
            show_indented(console, f"{label}: {one_line(_text(value, whole=whole))}", columns=below)
    if span.hidden:
        show_indented(console, f"{count(span.hidden, 'span')} below it not shown", columns=below, style="dim")


def _attempt(facts: Mapping[str, Any]) -> str:
    valid = "valid" if facts.get("valid") else count(int(facts.get("errors") or 0), "error")
    parts = [str(facts.get("kind", "attempt")), str(facts.get("model", "")), valid]
    if facts.get("repair"):
        parts.append(f"repaired: {facts['repair']}")
    if facts.get("ms") is not None:
        parts.append(_length(float(facts["ms"])))
    return one_line("  ".join(part for part in parts if part))


def _text(value: Any, *, whole: bool) -> str:
    if isinstance(value, list) and value and all(isinstance(item, Mapping) for item in value):
        shown = value if whole else value[-1:]
        value = " · ".join(f"{item.get('role', '')}: {item.get('content', '')}" for item in shown)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if whole or len(text) <= _MOST_TEXT else f"{text[: _MOST_TEXT - 1]}…"


def show_stats(console: Console, report: TraceStats) -> None:
    """Where spans are, and what they come to."""
    show_name(
        console, Text(f"{count(report.spans, 'span')} in {count(report.traces, 'trace')}", style="bold")
    )
    show_row(console, "hot", f"{report.hot:,}")
    show_row(console, "cold", f"{report.cold:,} in {size(report.cold_bytes)}")
    for name, number in (
        ("archived", report.archived),
        ("quarantine", report.quarantined),
        ("holds", report.held),
    ):
        if number:
            show_row(console, name, f"{number:,}")
    show_row(console, "errors", f"{report.errors:,}")
    show_row(console, "tokens", f"{report.input_tokens:,} in, {report.output_tokens:,} out")
    for currency, micro in report.cost_micro.items():
        show_row(console, "cost", _cost(micro, currency))
    kinds = ", ".join(f"{number:,} {kind}" for kind, number in report.kinds.items())
    if kinds:
        show_row(console, "kinds", one_line(kinds))


def show_export(console: Console, report: TraceExport) -> None:
    """What was written."""
    counted = f"{count(report.traces, 'trace')}, {count(report.spans, 'span')}, {size(report.bytes)}"
    told = f"{counted} in {one_line(report.out)}"
    show_name(console, Text(told))


def show_archive(console: Console, report: ArchiveReport) -> None:
    """What moved and what ended."""
    show_name(console, Text(f"{count(report.moved, 'span')} moved into files of {size(report.bytes)}"))
    for day in report.days:
        show_row(console, day.day, f"{day.spans:,} in {size(day.bytes)}")
    for name, number in (("archived", report.archived), ("deleted", report.deleted), ("held", report.held)):
        if number:
            show_row(console, name, f"{number:,}")


def show_selection(console: Console, report: TraceSelection) -> None:
    """The ids, one on each line."""
    for trace in report.traces:
        show_name(console, Text(trace))
    told = f"{count(len(report.traces), 'trace')} may serve {report.purpose}, {report.refused:,} may not"
    show_name(console, Text(told, style="dim"))
    if report.next:
        show_name(console, Text(f"More: --after {report.next}", style="dim"))


def show_holds(console: Console, report: HoldList) -> None:
    """One block for each hold."""
    for hold in report.holds:
        show_hold(console, hold)
    if not report.holds:
        show_name(console, Text("Nothing is held."))


def show_hold(console: Console, hold: TraceHold) -> None:
    """What it holds, and why."""
    state = Text("released", style="dim") if hold.released else Text("holds", style="yellow")
    show_name(console, Text.assemble((hold.id, "bold"), "  ", state))
    named = (("trace", hold.trace_id), ("user", hold.subject), ("since", hold.since), ("until", hold.until))
    for name, value in named:
        if value:
            show_row(console, name, value)
    show_row(console, "reason", one_line(hold.reason))
    show_row(console, "added", f"{hold.added[:19].replace('T', ' ')} by {one_line(hold.actor)}")
    if hold.released:
        by = one_line(hold.released_by or "")
        show_row(console, "released", f"{hold.released[:19].replace('T', ' ')} by {by}")


def show_consent(console: Console, report: ConsentReport) -> None:
    """What a user allows."""
    show_name(console, Text(report.subject, style="bold"))
    for purpose, allowed in report.allows.items():
        show_row(console, purpose, Text("yes", style="green") if allowed else Text("no", style="yellow"))
    for store, items in report.withdrawn.items():
        show_row(console, "withdrawn", f"{items:,} from {store}")
    _show_decisions(console, report.history, named=False)


def show_consents(console: Console, report: ConsentList) -> None:
    """Every decision."""
    _show_decisions(console, report.decisions, named=True)
    if not report.decisions:
        show_name(console, Text("Nobody has decided anything: eval is allowed, training is not."))


def _show_decisions(console: Console, decisions: Sequence[ConsentDecision], *, named: bool) -> None:
    for item in decisions:
        who = f"{item.subject}  " if named else ""
        told = f"{who}{item.purpose} {'yes' if item.allowed else 'no'}, by {one_line(item.actor)}"
        line = f"{item.at[:19].replace('T', ' ')}  {told}"
        show_indented(console, f"{line}: {one_line(item.reason)}" if item.reason else line, columns=2)
