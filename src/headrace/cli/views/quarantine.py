"""What gates keep out, the decisions about it, and what a change of gates moves, on the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from headrace.cli.each_corpus import exit_code
from headrace.cli.failure import worst
from headrace.cli.output import one_line
from headrace.cli.views.console import count, moment, show_indented, show_name, show_row
from headrace.cli.views.gates import show_verdicts
from headrace.records.quarantine import (
    CorpusReplay,
    DecisionReport,
    GateMove,
    Quarantine,
    QuarantineDetail,
    QuarantineItem,
    ReplayReport,
)
from headrace.records.sync import SyncReport

_SHOWN = 50
"""More than this go by in a terminal without being read."""
_STYLES = {"waiting": "yellow", "dropped": "yellow", "released": "green", "rejected": "red"}


def show_quarantine(console: Console, report: Quarantine) -> None:
    """Each item with its reason; nothing to do is said, too."""
    for item in report.items[:_SHOWN]:
        _show_item(console, item)
    if len(report.items) > _SHOWN:
        more = f"… and {len(report.items) - _SHOWN:,} more: headrace gate quarantine list --json"
        show_name(console, Text(more, style="dim"))
    waiting = ", ".join(f"{number:,} {one_line(gate)}" for gate, number in report.waiting.items())
    total = count(sum(report.waiting.values()), "document")
    console.print(f"{total} waiting: {waiting}" if waiting else "Nothing waits.")
    if waiting:
        console.print("Next: headrace gate quarantine show, release or reject ITEM")


def show_item(console: Console, detail: QuarantineDetail) -> None:
    """One item in full."""
    _show_item(console, detail.item)
    show_row(console, "revision", one_line(detail.item.revision))
    show_row(console, "serves", "yes, this or a former revision" if detail.item.serves else "no")
    console.print()
    show_verdicts(console, detail.verdicts)
    console.print()
    if detail.excerpt is None:
        show_row(console, "text", Text(f"not shown: {one_line(detail.note)}", style="yellow"))
        return
    shown = detail.excerpt
    show_row(console, "text", Text(f"characters {shown.start:,}–{shown.end:,}", style="dim"))
    show_indented(console, shown.text, columns=4)


def show_decision(console: Console, report: DecisionReport) -> None:
    """What came in, what went out, what stays."""
    for name in report.served:
        show_name(console, Text.assemble(("serves     ", "green"), one_line(name)))
    for name in report.withdrawn:
        show_name(console, Text.assemble(("withdrawn  ", "yellow"), one_line(name)))
    for item in report.items:
        if f"{item.corpus}/{item.document}" not in (*report.served, *report.withdrawn):
            line = (f"{item.state:<11}", _STYLES[item.state])
            show_name(console, Text.assemble(line, one_line(f"{item.corpus}/{item.document}")))
    if not (report.served or report.withdrawn or report.items):
        console.print("Nothing waits.")
    _show_syncs(console, report.syncs)


def show_replay(console: Console, report: ReplayReport) -> None:
    """What moves, by corpus."""
    for corpus in report.corpora:
        _show_corpus(console, corpus)


def decision_code(report: DecisionReport) -> int:
    """That of the syncs."""
    return worst([exit_code(sync) for sync in report.syncs])


def replay_code(report: ReplayReport) -> int:
    """That of the syncs; 0 for what was only shown."""
    return worst([exit_code(corpus.sync) for corpus in report.corpora if corpus.sync is not None])


def _show_item(console: Console, item: QuarantineItem) -> None:
    name = f"{item.corpus}/{item.document}"
    show_name(console, Text.assemble((f"{item.state:<9} ", _STYLES[item.state]), (one_line(name), "bold")))
    measured = "" if item.score is None else f", score {item.score:g}"
    said = f"{item.gate} v{item.version}: {item.reason or 'failed'}{measured}"
    show_indented(console, one_line(said), columns=10)
    if len(item.gates) > 1:
        show_indented(console, f"it fails {', '.join(item.gates)}", columns=10, style="dim")
    if item.decided_by is not None and item.decided_at_us is not None:
        decided = f"{item.state} by {item.decided_by}, {moment(item.decided_at_us)}: {item.decision}"
        show_indented(console, one_line(decided), columns=10, style="dim")
    show_name(console, Text(f"          {item.id}  since {moment(item.since_us)}", style="dim"))


def _show_corpus(console: Console, corpus: CorpusReplay) -> None:
    title = Text(one_line(corpus.corpus), style="bold")
    if not corpus.changed:
        title.append("  its gates are those that serve: nothing would move", style="not bold")
        show_name(console, title)
        return
    done = "moved" if corpus.applied else "would move"
    said = f"  {count(len(corpus.moves), 'document')} {done}"
    told = f" ({corpus.stored:,} told from stored verdicts, {corpus.judged:,} judged again)"
    show_name(console, title.append(said, style="not bold").append(told, style="not bold dim"))
    for gate, moved in corpus.by_gate.items():
        parts = [f"{moved.enters:,} in"] if moved.enters else []
        parts += [f"{moved.leaves:,} out"] if moved.leaves else []
        show_row(console, one_line(gate)[:10] if gate else "other", f"{', '.join(parts)}")
    for move in corpus.moves[:_SHOWN]:
        _show_move(console, move)
    if len(corpus.moves) > _SHOWN:
        more = f"    … and {len(corpus.moves) - _SHOWN:,} more: headrace gate replay --json"
        show_name(console, Text(more, style="dim"))
    for document, error in list(corpus.failures.items())[:_SHOWN]:
        show_name(console, Text(f"    {one_line(document)}"))
        show_indented(console, f"could not be judged again: {one_line(error)}", columns=6, style="red")
    if not corpus.applied:
        show_row(console, "next", "headrace gate replay --apply")
    _show_syncs(console, [corpus.sync] if corpus.sync is not None else [])


def _show_move(console: Console, move: GateMove) -> None:
    word, style = ("in   ", "green") if move.move == "enters" else ("out  ", "red")
    show_name(console, Text.assemble("    ", (word, style), one_line(move.document)))
    if move.reason:
        before = "until now: " if move.move == "enters" else ""
        show_indented(console, one_line(f"{before}{move.reason}"), columns=9, style="dim")


def _show_syncs(console: Console, syncs: Sequence[SyncReport]) -> None:
    for sync in syncs:
        if sync.withheld_reason:
            show_row(console, "withheld", Text(one_line(sync.withheld_reason), style="yellow"))
        if sync.failures:
            said = f"{count(len(sync.failures), 'document')} in {one_line(sync.corpus)}: headrace status"
            show_row(console, "failed", Text(said, style="red"))
