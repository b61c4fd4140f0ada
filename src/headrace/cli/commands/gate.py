"""`headrace gate …`: what the gates are, what they make of documents, what a change of them moves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from headrace.cli.operation import run_operation
from headrace.cli.options import CorpusOption, JsonOption, OneCorpusOption, WorkspaceOption

if TYPE_CHECKING:
    from headrace.records.gate_report import GateDistributions

FileArgument = Annotated[str, typer.Argument(metavar="FILE", help="A file of any format that a sync reads.")]

HtmlOption = Annotated[
    str | None, typer.Option("--html", metavar="FILE", help="Write it as one HTML page, too.")
]
GateOption = Annotated[
    str | None, typer.Option("--gate", "-g", metavar="NAME", help="Only what this gate is the reason of.")
]
ApplyOption = Annotated[bool, typer.Option("--apply", help="Move the documents.")]


def gate_list(
    ctx: typer.Context,
    corpus: OneCorpusOption = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """List every gate: those a corpus declares, in its order, then the others.

    A gate is a check that a document must pass before it is served. Declare one with [[corpus.NAME.gates]].
    """
    from headrace.cli.views.gates import show_list

    return run_operation(ctx, workspace, as_json, lambda opened: opened.gates.list(corpus), show_list)


def gate_test(
    ctx: typer.Context,
    file: FileArgument,
    corpus: OneCorpusOption = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Show what each gate makes of one file; nothing is stored.

    The gates are those of the corpus, or all built-in ones where it declares none. Exit code 0 whatever the
    verdicts are, 1 when a gate itself failed or the file cannot be parsed.
    """
    from headrace.cli.views.gates import show_verdicts

    return run_operation(
        ctx,
        workspace,
        as_json,
        lambda opened: opened.gates.test(file, corpus=corpus),
        show_verdicts,
        code=lambda verdicts: int(any(verdict.verdict == "error" for verdict in verdicts)),
    )


def gate_report(
    ctx: typer.Context,
    corpus: CorpusOption = None,
    html: HtmlOption = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Show how the documents fare with each gate.

    Counts, scores beside the limits, the most frequent reasons, examples. It is drawn from the verdicts of
    the syncs; nothing is read or judged again.
    """
    from headrace.cli.views.gate_report import show_distributions, write_page

    def done(report: GateDistributions) -> int:
        if html is not None:
            write_page(html, report)
        return 0

    return run_operation(
        ctx, workspace, as_json, lambda opened: opened.gates.report(corpus), show_distributions, code=done
    )


def gate_replay(
    ctx: typer.Context,
    corpus: CorpusOption = None,
    gate: GateOption = None,
    apply: ApplyOption = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Show what changed gates would move; with --apply, move it.

    Change a threshold in headrace.toml first. What stored verdicts can tell is not read again. Nothing moves
    without --apply, which syncs the corpora whose gates changed.
    """
    from headrace.cli.views.quarantine import replay_code, show_replay

    return run_operation(
        ctx,
        workspace,
        as_json,
        lambda opened: opened.gates.replay(corpus=corpus, gate=gate, apply=apply),
        show_replay,
        code=replay_code,
    )


TESTING: Sequence[tuple[str, Callable[..., int], str]] = (
    ("list", gate_list, "headrace gate list --corpus handbook"),
    ("test", gate_test, "headrace gate test docs/guide.md --json"),
    ("report", gate_report, "headrace gate report --html gates.html"),
    ("replay", gate_replay, "headrace gate replay --apply"),
)
