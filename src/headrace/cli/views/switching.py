"""What a build, a comparison and a switch came to."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.text import Text

from headrace.cli.output import one_line
from headrace.cli.views.console import count, duration, moment, show_indented, show_name, show_row, size
from headrace.cli.views.failures import show_failures
from headrace.records.generations import BuildReport, CompareReport, SwitchReport

_VERDICTS = {"pass": "bold green", "fail": "bold red", "inconclusive": "bold yellow"}


def show_build(console: Console, report: BuildReport) -> None:
    """What was built, and the next step."""
    name = one_line(f"{report.corpus}/{report.ordinal}")
    show_name(console, Text.assemble((name, "bold"), f"  built in {duration(report.seconds)}"))
    show_row(console, "id", one_line(report.generation))
    show_row(console, "state", report.state.replace("_", " "))
    show_row(console, "holds", f"{count(report.documents, 'document')}, {count(report.chunks, 'chunk')}")
    show_row(console, "coverage", f"{report.coverage:.1%} of what serves")
    made = report.embeddings
    show_row(console, "embeddings", f"{made.computed:,} computed, {made.reused:,} reused")
    if report.cost:
        show_row(console, "cost", f"{report.cost:.4f}")
    rows = [(failure.document, failure.stage, failure.error) for failure in report.failures]
    if rows:
        show_row(console, "failures", "")
    show_failures(console, rows, rest="headrace index build --json")
    whole = report.state == "validating"
    show_row(console, "next", f"headrace index cutover {name}" if whole else "headrace sync")


def show_compare(console: Console, report: CompareReport) -> None:
    """A table with a verdict line."""
    show_name(console, Text.assemble((one_line(report.corpus), "bold"), "  a and b on the same queries"))
    show_row(console, "a", one_line(report.a))
    show_row(console, "b", one_line(report.b))
    _line(console, "", "a", "b")
    golden = report.recall_at_k
    if golden:
        _line(console, f"recall@{golden['k']}", _share(golden["a"]), _share(golden["b"]))
        _line(console, f"nDCG@{golden['k']}", _share(golden["ndcg_a"]), _share(golden["ndcg_b"]))
    a, b = report.latency_ms["a"], report.latency_ms["b"]
    if a and b:
        _line(console, "p50", f"{a['p50']:.1f} ms", f"{b['p50']:.1f} ms")
        _line(console, "p95", f"{a['p95']:.1f} ms", f"{b['p95']:.1f} ms")
    _line(console, "size", _size(report.size_bytes["a"]), _size(report.size_bytes["b"]))
    _line(console, "coverage", "", f"{report.coverage:.1%}")
    _line(console, "ghosts", "", f"{report.ghosts:,}")
    asked = f"over {count(report.queries, 'recent query').replace('querys', 'queries')}"
    if report.overlap_at_k is not None:
        show_row(console, "alike", f"overlap@{report.k} {report.overlap_at_k:.2f} {asked}")
        show_row(console, "", f"rank correlation {_share(report.rank_correlation)}")
    show_row(console, "verdict", Text(report.verdict, style=_VERDICTS[report.verdict]))
    for reason in report.reasons:
        show_indented(console, reason, columns=13)


def show_switch(console: Console, report: SwitchReport) -> None:
    """What serves now, what served before, and what headrace.toml should say."""
    show_name(console, Text.assemble((one_line(report.corpus), "bold"), "  serves from another generation"))
    show_row(console, "serves", one_line(report.generation))
    show_row(console, "before", one_line(report.former))
    if report.in_step_until_us is not None:
        show_row(console, "in step", f"until {moment(report.in_step_until_us)}, for a rollback")
    show_row(console, "release", one_line(report.release))
    show_row(console, "reason", one_line(report.reason))
    if report.configuration:
        show_row(console, "next", "headrace.toml asks for another recipe; to agree, it should say:")
        for line in report.configuration:
            show_row(console, "", one_line(line))


def _line(console: Console, name: str, a: str, b: str) -> None:
    show_row(console, name, f"{a:>12}  {b:>12}")


def _share(value: Any) -> str:
    return "" if value is None else f"{value:.3f}"


def _size(value: int | None) -> str:
    return "" if value is None else size(value)
