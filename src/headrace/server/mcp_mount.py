"""MCP over streamable HTTP, as a route of the HTTP application."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from fastapi import FastAPI, Request
from starlette.routing import Route

from headrace.errors import MissingExtra
from headrace.server.failures import error_reply
from headrace.server.mcp import create_mcp
from headrace.server.replies import Reply
from headrace.workspace import Workspace

if TYPE_CHECKING:
    from mcp.server.mcpserver import MCPServer

PATH = "/mcp"


class Mount:
    """The MCP server of a workspace inside an application; without the packages, a route that says so."""

    def __init__(self, workspace: Workspace) -> None:
        try:
            self._server: MCPServer[None] | None = create_mcp(workspace)
        except MissingExtra as error:
            self._server = None
            self._missing = error

    def attach(self, app: FastAPI) -> None:
        """Add the route.

        Stateless and with plain JSON answers: the tools keep nothing between calls, so there is no session to
        lose or to leak. Host and Origin are checked by the guard, for MCP as for every other route.
        """
        if self._server is None:
            missing = error_reply(self._missing)

            async def unavailable(_: Request) -> Reply:
                return missing

            app.add_route(PATH, unavailable, methods=["POST"], include_in_schema=False)
            return
        from mcp.server.transport_security import TransportSecuritySettings

        inner = self._server.streamable_http_app(
            streamable_http_path=PATH,
            stateless_http=True,
            json_response=True,
            transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
        )
        # Without sessions there is nothing to listen to or to end, so GET and DELETE are 405, as MCP allows.
        app.router.routes += [
            Route(route.path, endpoint=route.endpoint, methods=["POST"], include_in_schema=False)
            for route in inner.routes
            if isinstance(route, Route)
        ]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Keep the transport running for the life of the application."""
        if self._server is None:
            yield
            return
        async with self._server.session_manager.run():
            yield
