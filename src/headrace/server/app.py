"""The HTTP application and the process that serves it."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from importlib.util import find_spec
from types import FrameType
from typing import TYPE_CHECKING

from headrace import __version__
from headrace.errors import MissingExtra
from headrace.server.loopback import address_of, listen
from headrace.workspace import Workspace

if TYPE_CHECKING:
    from fastapi import FastAPI

_DESCRIPTION = """\
Search and ask the documents of one workspace, and explain what came back.

The server answers on loopback only. Until there are keys for callers, the labels that open documents come
with the request, as `access`: whoever can reach the port on this machine is trusted to name their own.

Every error, on every route, has the one shape `{"error": {"type", "message", "hint", "details"}}`.
MCP (`search` and `ask`, streamable HTTP) is at `/mcp` and speaks JSON-RPC, errors included.
"""

_GRACE_SECONDS = 10
"""How long requests in flight may take to end when the server stops."""


def create_app(workspace: Workspace) -> FastAPI:
    """The HTTP application over an opened workspace; the caller closes the workspace. Raises MissingExtra."""
    if find_spec("fastapi") is None or find_spec("uvicorn") is None:
        raise MissingExtra("The HTTP server", extra="server")
    from fastapi import FastAPI

    from headrace.server import (
        api,
        api_calls,
        api_embeddings,
        api_features,
        api_forget,
        api_gates,
        api_index,
        api_metadata,
        api_pii,
        api_prompts,
        api_quality,
        api_standing,
        api_steps,
        health,
        mcp_mount,
        pages,
    )
    from headrace.server.failures import add_handlers
    from headrace.server.guard import Guard
    from headrace.server.openai import routes as openai_routes

    mount = mcp_mount.Mount(workspace)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(mount.running())
            yield
            await workspace.calls.gateway.close()  # its connections belong to this event loop

    app = FastAPI(
        title="Headrace",
        version=__version__,
        description=_DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        redirect_slashes=False,
        lifespan=lifespan,
    )
    workspace.prompts.release()
    workspace.released_only = True
    app.state.workspace = workspace
    app.add_middleware(Guard)
    add_handlers(app)
    app.include_router(api.router)
    app.include_router(api_calls.router)
    app.include_router(api_forget.router)
    app.include_router(api_metadata.router)
    app.include_router(api_index.router)
    app.include_router(api_gates.router)
    app.include_router(api_quality.router)
    app.include_router(api_steps.router)
    app.include_router(api_standing.router)
    app.include_router(api_embeddings.router)
    app.include_router(api_pii.router)
    app.include_router(api_prompts.router)
    app.include_router(api_features.router)
    app.include_router(health.router)
    app.include_router(pages.router)
    app.router.routes.extend(openai_routes.ROUTES)
    pages.mount_assets(app)
    mount.attach(app)
    return app


def serve(path: str | os.PathLike[str], host: str = "127.0.0.1", port: int = 8321) -> None:
    """Serve a workspace over HTTP until Ctrl-C or SIGTERM, and print the address; port 0 picks a free one.

    Raises UsageError for an address that other machines can reach and for a port that is taken, MissingExtra,
    WorkspaceNotFound, ConfigError.
    """
    with listen(host, port) as taken, Workspace.open(path) as workspace:
        app = create_app(workspace)
        workspace.status()  # a ledger that cannot be read is said now, not at the first request
        import uvicorn

        config = uvicorn.Config(
            app,
            access_log=False,  # addresses hold questions, and questions may hold personal data
            log_level="warning",
            server_header=False,
            proxy_headers=False,
            ws="none",
            lifespan="on",
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
        sys.stdout.write(
            f"Headrace serves {str(workspace.root)!r} at {address_of(taken)}/ (Ctrl-C stops it)\n"
        )
        sys.stdout.flush()
        with _ends_quietly():
            uvicorn.Server(config).run(sockets=[taken])


@contextmanager
def _ends_quietly() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM end the block, so that the workspace is closed after it and not cut off.

    uvicorn stops gracefully on either and then raises the signal again for whoever handled it before.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    except KeyboardInterrupt:
        return
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
