"""Refused texts and checks of embedders, and what to do next."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from headrace.cli.output import one_line
from headrace.cli.views.console import count, moment, show_name, show_row
from headrace.cli.views.sync import show_sync
from headrace.records.embedding import CheckReport, DeadLetter, DeadLetters, RetryReport

_STYLES = {
    "recorded": "green",
    "passed": "green",
    "accepted": "yellow",
    "unreachable": "red",
    "changed": "red",
}
_NEXT = {
    "unreachable": "Look at the provider, then: headrace embed check",
    "changed": "A new model: set `revision` in its [models] table. A harmless change: headrace embed accept",
}


def show_letters(console: Console, report: DeadLetters) -> None:
    """Every refused text, then how to send them again."""
    if not report.letters:
        console.print("No text is refused.")
        return
    _show_each(console, report.letters)
    console.print("Correct the documents and sync, or send the texts again: headrace embed retry")


def show_retry(console: Console, report: RetryReport) -> None:
    """The runs, what came of the texts, and what is refused still."""
    if not report.tried:
        console.print("No text is refused, so nothing was sent.")
        return
    for run in report.syncs:
        show_sync(console, run)
    console.print(f"{count(report.tried, 'refused text')} sent again, {report.healed:,} refused no more.")
    _show_each(console, report.letters)


def show_accepted(console: Console, report: CheckReport) -> None:
    """What was accepted."""
    if not report.checks:
        console.print("No embedder is blocked, so nothing was accepted.")
        return
    show_checks(console, report)


def show_checks(console: Console, report: CheckReport) -> None:
    """Each check in a block."""
    if not report.checks:
        console.print("No embedder has been used yet. Next: headrace sync")
        return
    for check in report.checks:
        outcome = Text(check.outcome, style=_STYLES[check.outcome])
        show_name(console, Text.assemble((one_line(check.embedder), "bold"), "  ", outcome))
        show_row(console, "checked", f"{moment(check.checked_at_us)} by {one_line(check.actor)}")
        if check.lowest_cosine is not None:
            show_row(console, "cosine", f"{check.lowest_cosine:g} at least, to the recorded vectors")
        if check.models:
            show_row(console, "model", ", ".join(one_line(model) for model in check.models))
        if check.reason:
            show_row(console, "reason", one_line(check.reason))
    step = _NEXT.get(report.checks[0].outcome)
    if step:
        console.print(step)


def _show_each(console: Console, letters: Sequence[DeadLetter]) -> None:
    for letter in letters:
        show_name(console, Text(one_line(letter.document), style="bold"))
        show_row(console, "refused", one_line(letter.error))
        times = f"{count(letter.attempts, 'attempt')}, last {moment(letter.last_at_us)}"
        show_row(console, "tried", times)
        show_row(console, "chunk", one_line(letter.chunk_id))
