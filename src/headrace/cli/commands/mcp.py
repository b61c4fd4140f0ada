"""`headrace mcp`: the MCP door on standard input and output."""

from __future__ import annotations

import typer

from headrace.cli.options import AccessOption, JsonOption, WorkspaceOption, workspace_folder


def mcp(
    ctx: typer.Context,
    access: AccessOption = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Serve search and ask to an assistant, by MCP.

    The assistant starts this program and speaks to it over standard input and output. It sees what the labels
    given with --access open, and cannot ask for others.
    """
    folder = workspace_folder(ctx, workspace)
    from headrace.server.mcp import run_stdio

    run_stdio(folder, access=tuple(access or ()))
    return 0
