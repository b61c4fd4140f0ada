"""`headrace why`: the lineage of one thing."""

from __future__ import annotations

from typing import Annotated

import typer

from headrace.cli.options import JsonOption, WorkspaceOption, workspace_folder


def why(
    ctx: typer.Context,
    ref: Annotated[str, typer.Argument(metavar="REF", help="A trace id, a chunk id or a document.")],
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Show what a thing came from and led to, as trees.

    A thing is an answer (by its trace id), a chunk, a record, a document, a generation or a release.
    """
    from headrace.workspace import Workspace

    with Workspace.open(workspace_folder(ctx, workspace)) as opened:
        report = opened.why(ref)
    if as_json:
        from headrace.cli.output import write_json

        write_json(report)
        return 0
    from headrace.cli.views.console import output_console
    from headrace.cli.views.lineage import show_why

    show_why(output_console(), report)
    return 0
