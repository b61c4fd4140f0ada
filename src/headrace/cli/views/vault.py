"""The vault on the terminal."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from headrace.cli.output import one_line, plain
from headrace.cli.views.console import count, moment, show_indented, show_name, show_row
from headrace.records.vault import RevealReport, RotateReport, VaultStatus


def show_status(console: Console, report: VaultStatus) -> None:
    """Counts, keys, and the newest entries of the audit log."""
    held = f"{count(report.values, 'value')} in {count(report.scopes, 'session')}"
    show_name(console, Text.assemble(("vault  ", "bold"), held))
    ends = f", the next at {moment(report.next_expiry_us)}" if report.next_expiry_us else ""
    show_row(console, "kept", f"{report.ttl} after the last call{ends}")
    for master in report.masters:
        since = f", retired {moment(master.retired_at_us)}" if master.retired_at_us else ""
        made = f"{master.id}, made {moment(master.created_at_us)}, wraps {count(master.keys, 'key')}{since}"
        show_row(console, "key", made)
    if len(report.masters) > 1:
        show_row(console, "rotation", Text("not finished. Next: headrace vault rotate", style="yellow"))
    if report.unprotected:
        listed = f"{', '.join(report.unprotected)}: calls are marked, and refused in strict mode"
        show_row(console, "unprotected", Text(listed, style="yellow"))
    show_row(console, "shown", f"{count(report.shown, 'time')} in all")
    for entry in report.audit:
        why = one_line(entry.reason) if entry.reason else f"trace {entry.trace}" if entry.trace else ""
        done = f"{entry.action} of {count(entry.tokens, 'token')} by {one_line(entry.actor)}"
        show_indented(console, f"{moment(entry.at_us)}  {done}  {why}", columns=4)


def show_value(console: Console, report: RevealReport) -> None:
    """The value alone, to be copied."""
    show_name(console, Text(plain(report.value)))
    show_row(console, "audit", report.audit)


def show_rotation(console: Console, report: RotateReport) -> None:
    """What a rotation did."""
    done = f"{count(report.keys, 'key')} replaced, {count(report.values, 'value')} sealed anew"
    show_name(console, Text.assemble((f"{report.key}  ", "bold"), done))
    if report.resumed:
        show_row(console, "resumed", "an interrupted rotation was finished; run it again for a new key")
    if report.destroyed:
        show_row(console, "destroyed", ", ".join(report.destroyed))
