"""What a recount, a prune and an optimisation came to."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from headrace.cli.output import one_line
from headrace.cli.views.console import count, duration, show_indented, show_name, show_row, size
from headrace.records.generations import OptimizeReport, PruneReport, VerifyReport

_SHOWN = 10


def show_verify(console: Console, report: VerifyReport) -> None:
    """The verdict, the counts, the first documents that are wrong."""
    word = Text("ok", style="bold green") if report.ok else Text("not ok", style="bold red")
    show_name(console, Text.assemble((one_line(report.corpus), "bold"), "  ", word))
    show_row(console, "generation", one_line(report.generation))
    show_row(console, "looked at", f"{count(report.chunks, 'chunk')} in {duration(report.seconds)}")
    for name in ("missing", "ghost", "duplicate", "wrong", "repaired"):
        number = getattr(report, name)
        if number:
            show_row(console, name, count(number, "document"))
    for problem in report.problems[:_SHOWN]:
        show_row(console, problem.kind, Text(one_line(problem.document), style="bold"))
        show_indented(console, one_line(problem.detail), columns=13)
    if len(report.problems) > _SHOWN:
        show_row(console, "", f"and {len(report.problems) - _SHOWN:,} more: headrace index verify --json")
    for step in dict.fromkeys(problem.next for problem in report.problems):
        show_row(console, "next", step)


def show_prune(console: Console, report: PruneReport) -> None:
    """What went, or would go."""
    if not report.removed:
        console.print("Nothing to prune.")
    for item in report.removed:
        took = "" if item.size_bytes is None else f", {size(item.size_bytes)}"
        name = one_line(f"{item.corpus}/{item.ordinal}")
        word = "would go" if report.dry_run else "removed"
        show_name(console, Text.assemble((name, "bold"), f"  {word}: {count(item.chunks, 'chunk')}{took}"))


def show_optimize(console: Console, report: OptimizeReport) -> None:
    """Before and after, line by line."""
    title = Text.assemble((one_line(report.corpus), "bold"), f"  optimised in {duration(report.seconds)}")
    show_name(console, title)
    show_row(console, "generation", one_line(report.generation))
    for name in ("fragments", "uncovered_rows", "versions"):
        before, after = getattr(report.before, name), getattr(report.after, name)
        show_row(console, name.partition("_")[0], f"{before:,} -> {after:,}")
    if report.before.size_bytes is not None and report.after.size_bytes is not None:
        show_row(console, "size", f"{size(report.before.size_bytes)} -> {size(report.after.size_bytes)}")
