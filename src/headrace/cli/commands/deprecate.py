"""`headrace deprecate`: a document that should no longer be relied on."""

from __future__ import annotations

from typing import Annotated

import typer

from headrace.cli.options import JsonOption, WorkspaceOption, workspace_folder


def deprecate(
    ctx: typer.Context,
    document: Annotated[str, typer.Argument(metavar="DOCUMENT", help="URI, CORPUS/URI or file name.")],
    by: Annotated[str | None, typer.Option("--by", metavar="DOCUMENT", help="What to read instead.")] = None,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; it is kept.")] = "",
    undo: Annotated[bool, typer.Option("--undo", help="Take the declaration back.")] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Declare that a document should no longer be relied on.

    From the next search on it ranks lower and is shown as deprecated; it is not hidden.
    """
    from headrace.workspace import Workspace

    with Workspace.open(workspace_folder(ctx, workspace)) as opened:
        report = opened.deprecate(document, by=by, reason=reason, undo=undo)
    if as_json:
        from headrace.cli.output import write_json

        write_json(report)
        return 0
    from headrace.cli.views.console import output_console
    from headrace.cli.views.standing import show_deprecation

    show_deprecation(output_console(), report)
    return 0
