"""Keys of callers, on the terminal."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from headrace.cli.output import one_line
from headrace.cli.views.console import count, show_name, show_row
from headrace.infer.embedders.budget import shown_money
from headrace.records.keys import KeyCreated, KeyList, KeyReport


def show_created(console: Console, made: KeyCreated) -> None:
    """The secret, and what to do with it."""
    show_key(console, made.key)
    console.print()
    show_name(console, Text(made.secret, style="bold green"))
    console.print("Keep it: it is shown this once. Send it as `Authorization: Bearer …`.")
    console.print("`headrace serve` answers nobody without a key from now on.")


def show_keys(console: Console, report: KeyList) -> None:
    """Every key."""
    for key in report.items:
        show_key(console, key)
    if not report.items:
        console.print("No key yet: `headrace serve` answers this machine only, and trusts it.")
        console.print("Next: headrace key create NAME")


def show_key(console: Console, key: KeyReport) -> None:
    """One key: what it opens, and what it has used."""
    state = f"  revoked {key.revoked_at}" if key.revoked_at else ""
    show_name(console, Text.assemble((one_line(key.name), "bold"), (state, "red")))
    show_row(console, "scopes", ", ".join(key.scopes))
    show_row(console, "access", ", ".join(one_line(label) for label in key.access) or "what is open to all")
    if key.per_minute is not None:
        show_row(console, "rate", f"{count(key.per_minute, 'request')} a minute")
    limits = [] if key.tokens_per_day is None else [f"{key.tokens_per_day:,} tokens"]
    limits += [] if key.micro_per_day is None else [shown_money(key.micro_per_day, key.currency)]
    if limits:
        show_row(console, "budget", f"{' and '.join(limits)} a day")
    used = key.today
    spent = shown_money(used.cost_micro, key.currency)
    show_row(console, "today", f"{count(used.calls, 'call')}, {used.tokens:,} tokens, {spent}")
    if used.unpriced:
        show_row(console, "unpriced", Text(f"{count(used.unpriced, 'call')} without a known price", "yellow"))
