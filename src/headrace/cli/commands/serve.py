"""`headrace serve`: the HTTP door."""

from __future__ import annotations

from typing import Annotated

import typer

from headrace.cli.options import JsonOption, WorkspaceOption, workspace_folder


def serve(
    ctx: typer.Context,
    host: Annotated[str, typer.Option("--host", metavar="ADDRESS", help="A loopback address.")] = "127.0.0.1",
    port: Annotated[
        int,
        typer.Option("--port", min=0, max=65535, metavar="PORT", help="0 takes a free one."),
    ] = 8321,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Serve over HTTP, with a page to try it, until Ctrl-C.

    Only on this machine: until there are keys for callers, any address but loopback is refused.
    """
    folder = workspace_folder(ctx, workspace)
    from headrace.server.app import serve as serve_http

    serve_http(folder, host, port)
    return 0
