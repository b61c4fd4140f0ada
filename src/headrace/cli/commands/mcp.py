"""`headrace mcp`: the MCP door on standard input and output."""

from __future__ import annotations

import typer

from headrace.cli.options import JsonOption, WorkspaceOption, workspace_folder


def mcp(ctx: typer.Context, workspace: WorkspaceOption = None, as_json: JsonOption = False) -> int:
    """Serve search and ask to an assistant, by MCP.

    The assistant starts this program and speaks to it over standard input and output.
    """
    folder = workspace_folder(ctx, workspace)
    from headrace.server.mcp import run_stdio

    run_stdio(folder)
    return 0
