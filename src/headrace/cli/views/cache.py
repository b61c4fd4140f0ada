"""The caches on the terminal."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from headrace.cli.views.console import count, moment, show_name, show_row, size
from headrace.records.cache import CacheStatus, ClearReport


def show_status(console: Console, report: CacheStatus) -> None:
    """What is on, what is kept, and how often a semantic hit was wrong."""
    held = f"{count(report.entries, 'output')}, {size(report.bytes)} in {report.store}"
    show_name(console, Text.assemble(("cache  ", "bold"), held))
    show_row(console, "exact", "on" if report.exact else "off: set `exact = true` under [cache]")
    if not report.semantic:
        show_row(console, "semantic", "off: set `semantic = true` under [cache]")
        return
    checks = report.shadow
    if checks.off_at_us is None:
        show_row(console, "semantic", f"on, from a similarity of {report.threshold}")
    else:
        off = f"switched itself off at {moment(checks.off_at_us)}. Next: headrace call cache clear"
        show_row(console, "semantic", Text(off, style="red"))
        show_row(console, "because", checks.reason)
    measured = f"{checks.false_hits} of {count(checks.checks, 'checked hit')}"
    limits = f"at most {checks.upper:.1%} with 95 % confidence, {checks.limit:.1%} allowed"
    show_row(console, "wrong", f"{measured}; {limits}")


def show_cleared(console: Console, report: ClearReport) -> None:
    """How many went."""
    show_name(console, Text(f"{count(report.removed, 'output')} removed."))
