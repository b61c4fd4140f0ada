"""Sessions on the terminal."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from headrace.cli.views.console import count, show_indented, show_name, show_row
from headrace.records.sessions import Appended, SessionChange, SessionDetail, SessionList

_STYLES = {"user": "bold cyan", "assistant": "bold green"}


def show_sessions(console: Console, report: SessionList) -> None:
    """One line for each, with its user."""
    for session in report.sessions:
        line = Text.assemble((session.id, "bold"), f"  {count(session.turns, 'turn')}  {session.updated_at}")
        if session.closed_at:
            line.append("  closed", style="yellow")
        show_name(console, line)
        if session.subject:
            show_row(console, "user", session.subject)
    if not report.sessions:
        show_name(console, Text("No such sessions. One begins with: headrace ask QUESTION --session ID"))


def show_session(console: Console, report: SessionDetail) -> None:
    """Its turns in their order."""
    session = report.session
    facts = f"{count(session.turns, 'turn')}, about {count(session.tokens, 'token')}"
    show_name(console, Text.assemble((session.id, "bold"), f"  {facts}"))
    if session.subject:
        show_row(console, "user", session.subject)
    show_row(console, "begun", session.created_at)
    show_row(console, "expires", session.expires_at)
    if session.closed_at:
        show_row(console, "closed", Text(session.closed_at, style="yellow"))
    for turn in report.items:
        console.print()
        title = Text.assemble(f"{turn.seq} ", (turn.role, _STYLES.get(turn.role, "bold")), f"  {turn.at}")
        show_name(console, title)
        show_indented(console, turn.content)
        if turn.trace_id:
            show_name(console, Text(f"   headrace why {turn.trace_id}", style="dim"))
    if report.withheld:
        console.print()
        show_name(console, Text(f"{count(report.withheld, 'turn')} quote hidden documents.", style="yellow"))
    for summary in report.summaries:
        console.print()
        told = f"Turns {summary.first_seq} to {summary.last_seq} in short, by {summary.model}"
        show_name(console, Text(told, style="bold"))
        show_indented(console, summary.text)


def show_appended(console: Console, report: Appended) -> None:
    """The numbers of what was added."""
    word = "added" if report.new else "was there already"
    numbers = f"turn {report.last_seq}"
    if report.first_seq != report.last_seq:
        numbers = f"turns {report.first_seq} to {report.last_seq}"
    show_name(console, Text.assemble((report.session, "bold"), f"  {numbers} {word}"))


def show_change(console: Console, report: SessionChange) -> None:
    """What became of it."""
    facts = f"  {report.state}, {count(report.turns, 'turn')}"
    show_name(console, Text.assemble((report.session, "bold"), facts))
