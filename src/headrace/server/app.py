"""The HTTP application and the process that serves it."""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from importlib.util import find_spec
from types import FrameType
from typing import TYPE_CHECKING

from headrace import __version__
from headrace.errors import MissingExtra
from headrace.server.loopback import address_of, is_loopback, listen
from headrace.workspace import Workspace

if TYPE_CHECKING:
    from fastapi import FastAPI

_DESCRIPTION = """\
Search and ask the documents of one workspace, and explain what came back.

Once a key exists (`headrace key create`), every route but `/`, `/healthz`, `/readyz` and this description
needs `Authorization: Bearer hr_…`, and the labels that open documents come from the key. Until then the
server answers on loopback only, and whoever can reach the port may name labels of their own, as `access`.

Every error, on every route, has the one shape `{"error": {"type", "message", "hint", "details"}}`.
MCP (`search` and `ask`, streamable HTTP) is at `/mcp` and speaks JSON-RPC, errors included.
"""

_GRACE_SECONDS = 10
"""How long requests in flight may take to end when the server stops."""


def create_app(workspace: Workspace, *, hosts: Collection[str] = ()) -> FastAPI:
    """The HTTP application over an opened workspace; the caller closes the workspace. Raises MissingExtra.

    `hosts` are names under which it may be asked, beside those of this machine.
    """
    if find_spec("fastapi") is None or find_spec("uvicorn") is None or find_spec("prometheus_client") is None:
        raise MissingExtra("The HTTP server", extra="server")
    from fastapi import FastAPI

    from headrace.flows.keys.entry import Entry
    from headrace.server import (
        api,
        api_cache,
        api_calls,
        api_curation,
        api_embeddings,
        api_features,
        api_forget,
        api_gates,
        api_index,
        api_keys,
        api_metadata,
        api_pii,
        api_prompts,
        api_quality,
        api_schemas,
        api_signals,
        api_standing,
        api_steps,
        api_vault,
        health,
        mcp_mount,
        pages,
    )
    from headrace.server.entrance import Entrance
    from headrace.server.failures import add_handlers
    from headrace.server.guard import Guard
    from headrace.server.metrics.route import Metrics
    from headrace.server.openai import routes as openai_routes

    mount = mcp_mount.Mount(workspace)
    metrics = Metrics(workspace)

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
    app.add_middleware(Entrance, entry=Entry(workspace.keys), refused=metrics.calls.refused)
    app.add_middleware(Guard, hosts=hosts)
    add_handlers(app)
    app.include_router(api.router)
    app.include_router(api_calls.router)
    app.include_router(api_keys.router)
    app.include_router(api_forget.router)
    app.include_router(api_metadata.router)
    app.include_router(api_index.router)
    app.include_router(api_gates.router)
    app.include_router(api_quality.router)
    app.include_router(api_signals.router)
    app.include_router(api_signals.snippet_router)
    app.include_router(api_steps.router)
    app.include_router(api_standing.router)
    app.include_router(api_embeddings.router)
    app.include_router(api_pii.router)
    app.include_router(api_prompts.router)
    app.include_router(api_schemas.router)
    app.include_router(api_vault.router)
    app.include_router(api_cache.router)
    app.include_router(api_features.router)
    app.include_router(api_curation.router)
    app.include_router(api_curation.coverage_router)
    app.include_router(health.router)
    app.include_router(pages.router)
    # First, as a path is held against all routes that stand before its own.
    app.router.routes[:0] = openai_routes.ROUTES
    app.router.routes.append(metrics.route)
    pages.mount_assets(app)
    mount.attach(app)
    return app


def serve(
    path: str | os.PathLike[str],
    host: str = "127.0.0.1",
    port: int = 8321,
    *,
    allow_hosts: Sequence[str] = (),
) -> None:
    """Serve a workspace over HTTP until Ctrl-C or SIGTERM, and print the address; port 0 picks a free one.

    `allow_hosts` are names by which other machines may ask. Raises UsageError for an address that other
    machines can reach while no key was made and for a port that is taken, MissingExtra, WorkspaceNotFound,
    ConfigError.
    """
    with ExitStack() as stack:
        workspace = stack.enter_context(Workspace.open(path))
        to_others = not is_loopback(host) and workspace.keys.any_made()
        taken = stack.enter_context(listen(host, port, to_others=to_others))
        app = create_app(workspace, hosts=[host, *allow_hosts])
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
        gc.collect()
        gc.freeze()  # what was loaded stays: no collection looks at it again while calls are answered
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
