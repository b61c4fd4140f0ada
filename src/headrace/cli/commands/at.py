"""`headrace at`: the system as of a time."""

from __future__ import annotations

from typing import Annotated

import typer

from headrace.cli.options import JsonOption, WorkspaceOption, workspace_folder


def at(
    ctx: typer.Context,
    time: Annotated[str, typer.Argument(metavar="TIME", help="RFC 3339, such as 2026-03-01T09:30:00Z.")],
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Name everything that was in use at a time."""
    from headrace.workspace import Workspace

    with Workspace.open(workspace_folder(ctx, workspace)) as opened:
        report = opened.at(time)
    if as_json:
        from headrace.cli.output import write_json

        write_json(report)
        return 0
    from headrace.cli.views.console import output_console
    from headrace.cli.views.lineage import show_at

    show_at(output_console(), report)
    return 0
