"""`headrace serve`: the HTTP door."""

from __future__ import annotations

from typing import Annotated

import typer

from headrace.cli.options import JsonOption, WorkspaceOption, workspace_folder


def serve(
    ctx: typer.Context,
    host: Annotated[
        str, typer.Option("--host", metavar="ADDRESS", help="Another one than loopback needs a key.")
    ] = "127.0.0.1",
    port: Annotated[
        int,
        typer.Option("--port", min=0, max=65535, metavar="PORT", help="0 takes a free one."),
    ] = 8321,
    allow_host: Annotated[
        list[str] | None,
        typer.Option("--allow-host", metavar="NAME", help="A name by which others ask. May be repeated."),
    ] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Serve over HTTP, with a page to try it, until Ctrl-C.

    Only on this machine until there is a key for callers (headrace key create); with one, every request needs
    a key, and `--host 0.0.0.0 --allow-host NAME` serves others. Put a proxy with TLS before it.
    """
    folder = workspace_folder(ctx, workspace)
    from headrace.server.app import serve as serve_http

    serve_http(folder, host, port, allow_hosts=allow_host or ())
    return 0
