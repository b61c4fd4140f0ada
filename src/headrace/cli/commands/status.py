"""`headrace status`: how the workspace stands."""

from __future__ import annotations

from typing import Annotated

import typer

from headrace.cli.options import JsonOption, WorkspaceOption, workspace_folder


def status(
    ctx: typer.Context,
    why: Annotated[
        str | None,
        typer.Option("--why", metavar="DOCUMENT", help="Tell one document's whole history instead."),
    ] = None,
    deep: Annotated[bool, typer.Option("--deep", help="Compare every row of the index too.")] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Show how each corpus stands.

    How fresh it is, what it holds and owes, what failed and why, and what to do next.
    """
    from headrace.workspace import Workspace

    with Workspace.open(workspace_folder(ctx, workspace)) as opened:
        report = opened.history(why) if why is not None else opened.status(deep=deep)
    if as_json:
        from headrace.cli.output import write_json

        write_json(report)
        return 0
    from headrace.cli.views.console import output_console
    from headrace.cli.views.history import show_history
    from headrace.cli.views.status import show_status
    from headrace.records.freshness import DocumentHistory

    if isinstance(report, DocumentHistory):
        show_history(output_console(), report)
    else:
        show_status(output_console(), report)
    return 0
