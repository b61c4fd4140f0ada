"""`headrace serve`: the HTTP door."""

from __future__ import annotations

import ipaddress
from typing import Annotated

import typer

from headrace.cli.options import JsonOption, WorkspaceOption, workspace_folder
from headrace.errors import UsageError


def serve(
    ctx: typer.Context,
    host: Annotated[str, typer.Option("--host", metavar="ADDRESS", help="A loopback address.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, metavar="PORT", help="TCP port.")] = 8321,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Serve over HTTP, with a page to try it, until Ctrl-C.

    Only on this machine: until there are keys for callers, any address but loopback is refused.
    """
    folder = workspace_folder(ctx, workspace)
    require_loopback(host)
    from headrace.server.app import serve as serve_http

    serve_http(folder, host, port)
    return 0


def require_loopback(host: str) -> None:
    """Raise UsageError unless `host` is an address that only this machine can reach."""
    try:
        is_loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_loopback = host.lower() == "localhost"
    if not is_loopback:
        raise UsageError(
            f"{host!r} can be reached from other machines, and nothing would check who calls.",
            hint="Use --host 127.0.0.1 (or ::1), behind a proxy of yours that checks callers.",
            host=host,
        )
