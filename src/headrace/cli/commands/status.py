"""`headrace status`: how the workspace stands."""

from __future__ import annotations

import typer

from headrace.cli.options import JsonOption, WorkspaceOption, workspace_folder


def status(ctx: typer.Context, workspace: WorkspaceOption = None, as_json: JsonOption = False) -> int:
    """Show how each corpus stands.

    How fresh it is, what it holds, what failed and why, and what to do next.
    """
    from headrace.workspace import Workspace

    with Workspace.open(workspace_folder(ctx, workspace)) as opened:
        report = opened.status()
    if as_json:
        from headrace.cli.output import write_json

        write_json(report)
        return 0
    from headrace.cli.views.console import output_console
    from headrace.cli.views.status import show_status

    show_status(output_console(), report)
    return 0
