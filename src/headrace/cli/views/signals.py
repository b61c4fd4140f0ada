"""Signals, audits and the label model on the terminal."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from headrace.cli.output import one_line
from headrace.cli.views.console import count, show_indented, show_name, show_row
from headrace.observe.signals.kinds import KINDS
from headrace.records.signals import (
    AddedSignal,
    Audit,
    AuditList,
    AuditSample,
    ErasedSignals,
    InferredSignals,
    LabelModelReport,
    Signal,
    SignalList,
    TraceVerdict,
)

_UNCALIBRATED = "not calibrated"


def show_added(console: Console, report: AddedSignal) -> None:
    """The signal, and what becomes of it."""
    word = "kept" if report.new else "was there already"
    show_name(console, Text.assemble((f"{report.signal.kind} ", "bold"), word, f"  {report.signal.id}"))
    _show_texts(console, report.signal)
    if not report.signal.joined:
        show_indented(console, "Its trace has not arrived yet; it is joined when it does.", style="dim")


def show_signals(console: Console, report: SignalList) -> None:
    """One signal after the other, with the way to its trace."""
    for signal in report.signals:
        value = "" if signal.value is None or KINDS[signal.kind].text else f" {signal.value}"
        line = Text.assemble(f"{signal.at}  ", (f"{signal.kind}{value}", "bold"))
        if signal.inferred:
            line.append("  inferred", style="dim")
        if signal.exposed is False:
            line.append("  not shown, does not count", style="yellow")
        show_name(console, line)
        _show_texts(console, signal)
        show_name(console, Text(f"   headrace why {signal.trace_id}", style="dim"))
    if not report.signals:
        show_name(console, Text("No such signals."))
    if report.refused:
        told = f"{count(report.refused, 'signal')} left out: a user does not permit it."
        show_name(console, Text(told, style="dim"))
    if report.pending:
        show_name(console, Text(f"{count(report.pending, 'signal')} wait for their trace.", style="dim"))


def show_inferred(console: Console, report: InferredSignals) -> None:
    """What was looked at and found."""
    looked = f"{count(report.traces, 'trace')} in {count(report.sessions, 'session')}"
    show_name(console, Text(looked, style="bold"))
    for kind, number in report.found.items():
        show_row(console, kind, f"{number:,}")
    show_name(console, Text(f"{count(report.new, 'new signal')}."))
    if report.without_session:
        show_indented(
            console,
            f"{count(report.without_session, 'trace')} of no session: nothing can be inferred from them.",
            style="dim",
        )


def show_verdict(console: Console, report: TraceVerdict) -> None:
    """P(bad) and its parts."""
    title = Text(f"P(bad) {report.p_bad:.2f}", style="bold")
    if report.audited is not None:
        title.append(f"  audited: {report.audited}")
    elif not report.calibrated:
        title.append(f"  {_UNCALIBRATED}", style="yellow")
    show_name(console, title)
    for vote, weight in report.weights.items():
        word = "seen" if report.votes[vote] else "not seen"
        show_name(console, Text(f"  {vote:<15} {word:<9} {weight:+.2f}"))
    show_name(console, Text(f"headrace why {report.trace_id}", style="dim"))


def show_model(console: Console, report: LabelModelReport) -> None:
    """The rates, and what stands behind them."""
    state = "calibrated" if report.calibrated else _UNCALIBRATED
    audits = f"{count(report.audits, 'audit')}, {report.audits_bad:,} bad"
    show_name(console, Text(f"P(bad) {report.prior:.2f} before any signal; {state} ({audits})", style="bold"))
    if not report.calibrated:
        show_indented(
            console,
            f"{report.needed} more audits are needed; until then the rates are assumptions. "
            "Draw answers with `headrace signal audit sample`, then judge each of them.",
            style="dim",
        )
    for vote in report.votes:
        rates = f"seen on {vote.when_bad:.1%} of bad and {vote.when_good:.1%} of good answers"
        show_name(console, Text.assemble("  ", (f"{vote.vote:<15}", "bold"), rates))


def show_erased(console: Console, report: ErasedSignals) -> None:
    """What is gone."""
    show_name(console, Text(f"{count(report.signals, 'signal')}, {count(report.audits, 'audit')} erased."))


def show_sample(console: Console, report: AuditSample) -> None:
    """What was drawn, to be judged."""
    share = f"{len(report.drawn):,} of {count(report.frame, 'answer')} drawn, p {report.probability:.3f} each"
    show_name(console, Text(share, style="bold"))
    for audit in report.drawn:
        show_audit(console, audit)


def show_audits(console: Console, report: AuditList) -> None:
    """Those that wait, then the others."""
    show_name(console, Text(f"{count(report.waiting, 'answer')} to be judged", style="bold"))
    for audit in report.audits:
        show_audit(console, audit)


def show_audit(console: Console, audit: Audit) -> None:
    """Question, answer, and the command that judges them."""
    show_name(console, Text.assemble((audit.verdict or "?", "bold"), f"  {audit.trace_id}"))
    for text in (audit.question, audit.answer):
        if text:
            show_indented(console, one_line(text)[:300])
    if audit.verdict is None:
        command = f"   headrace signal audit set {audit.trace_id} good|bad"
        show_name(console, Text(command, style="dim"))


def _show_texts(console: Console, signal: Signal) -> None:
    value = signal.value if KINDS[signal.kind].text else None
    for text in (value, signal.comment):
        if text:
            show_indented(console, text)
