"""`headrace gate …`: what the gates are and what they make of a file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from headrace.cli.operation import run_operation
from headrace.cli.options import JsonOption, OneCorpusOption, WorkspaceOption

FileArgument = Annotated[str, typer.Argument(metavar="FILE", help="A file of any format that a sync reads.")]


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


TESTING: Sequence[tuple[str, Callable[..., int], str]] = (
    ("list", gate_list, "headrace gate list --corpus handbook"),
    ("test", gate_test, "headrace gate test docs/guide.md --json"),
)
