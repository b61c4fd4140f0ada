"""Hiding and forgetting on the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from headrace.cli.output import one_line
from headrace.cli.views.console import count, duration, show_name, show_row, size
from headrace.records.forget import AllowReport, ForgetReport, HideReport, VerifyReport

_MOST_NAMES = 10


def show_hidden(console: Console, report: HideReport) -> None:
    """What was hidden or is shown again."""
    many = count(len(report.documents), "document")
    show_name(
        console, Text(f"{many} {'hidden' if report.state == 'hidden' else 'shown again'}", style="bold")
    )
    _names(console, report.documents)
    if report.until is not None:
        show_row(console, "erased", f"after {report.until}, unless you run: headrace unhide REF")


def show_forgotten(console: Console, reports: Sequence[ForgetReport]) -> None:
    """One block for each erasure."""
    if not reports:
        console.print("Nothing is due: every erasure is finished and nothing was hidden for too long.")
    for report in reports:
        _erasure(console, report)


def show_allowed(console: Console, report: AllowReport) -> None:
    """What may come in again."""
    console.print(f"{one_line(report.ref)} may come in again. Next: headrace sync", soft_wrap=True)


def show_verified(console: Console, report: VerifyReport) -> None:
    """Whether a certificate is genuine."""
    word, style = ("genuine", "green") if report.valid else ("NOT genuine", "red")
    show_name(console, Text.assemble("The certificate is ", (word, style), "."))
    show_row(console, "erasure", one_line(report.erasure))
    show_row(console, "key", report.public_key)


def show_key(console: Console, key: str) -> None:
    """The public key, alone on its line."""
    console.print(key, soft_wrap=True)


def _erasure(console: Console, report: ForgetReport) -> None:
    many = count(len(report.documents), "document")
    if report.erasure is None:
        title = Text(f"{many} would go; nothing was written", style="bold")
    elif report.certificate is None:
        title = Text(f"{many} hidden, but not gone everywhere yet", style="bold red")
    else:
        title = Text.assemble((f"{many} forgotten", "bold"), (f" in {duration(report.seconds)}", "dim"))
    show_name(console, title)
    _names(console, report.documents)
    for item in report.found:
        show_row(console, f"{item.items:,}", f"in {one_line(item.store)}")
    if report.erasure is None:
        return
    show_row(console, "scan", f"{size(report.scan.bytes)} decoded, {count(report.scan.hits, 'hit')}")
    if report.unproven:
        show_row(console, "unproven", Text(", ".join(report.unproven), style="yellow"))
    show_row(console, "signed" if report.certificate else "erasure", one_line(report.erasure))
    if report.certificate is None:
        show_row(console, "", "Next: headrace forget --due")


def _names(console: Console, names: Sequence[str]) -> None:
    for name in names[:_MOST_NAMES]:
        show_row(console, "", one_line(name))
    if len(names) > _MOST_NAMES:
        show_row(console, "", f"… and {len(names) - _MOST_NAMES:,} more")
