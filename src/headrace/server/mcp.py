"""The MCP door: `search` and `ask` for an assistant, over standard input and output or HTTP."""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING

from headrace.errors import MissingExtra
from headrace.workspace import Workspace

if TYPE_CHECKING:
    from mcp.server.mcpserver import MCPServer


def create_mcp(workspace: Workspace, *, access: Sequence[str] = ()) -> MCPServer[None]:
    """An MCP server over an opened workspace. Raises MissingExtra.

    `access` holds the caller's labels. They are set here and are no argument of a tool: a model that reads
    documents must not be talked into opening others.
    """
    if find_spec("mcp") is None:
        raise MissingExtra("MCP", extra="mcp")
    from headrace.server.mcp_tools import build_mcp

    return build_mcp(workspace, access=tuple(access))


def run_stdio(path: str | os.PathLike[str], *, access: Sequence[str] = ()) -> None:
    """Serve a workspace over MCP on standard input and output until the input ends.

    Raises MissingExtra, WorkspaceNotFound, ConfigError.
    """
    with Workspace.open(path) as workspace:
        server = create_mcp(workspace, access=access)
        try:
            server.run("stdio")
        except KeyboardInterrupt:
            return
