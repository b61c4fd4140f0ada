"""Keys at the door: every route but the open ones asks for one, as soon as the first was made."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from headrace.errors import HeadraceError, KeyExhausted, KeyForbids, KeyNeeded
from headrace.flows.keys.entry import Entry
from headrace.records.keys import SCOPES
from headrace.server.callers import CALLER
from headrace.server.failures import error_reply
from headrace.server.openai.errors import error_of

OPEN = frozenset({"/", "/healthz", "/readyz", "/openapi.json"})
"""Answered without a key: they tell nothing of documents."""
_PAGE = "/page/"

Refused = Callable[[str], None]


class Need(NamedTuple):
    """What a route asks of a key."""

    scopes: frozenset[str]
    """One of them."""
    metered: bool = False
    """Whether it may cost tokens, so that the budget of the day counts."""


_CHAT = Need(frozenset({"chat"}), metered=True)
_EMBEDDINGS = Need(frozenset({"embeddings"}), metered=True)
_MODELS = Need(frozenset({"chat", "embeddings"}))
_TRACES = Need(frozenset({"traces"}))
_READING = frozenset({"search", "api"})
_ANY = Need(frozenset(SCOPES))
_EXACT = {
    "/v1/chat/completions": _CHAT,
    "/v1/embeddings": _EMBEDDINGS,
    "/v1/models": _MODELS,
    "/v1/traces": _TRACES,
    "/v1/logs": _TRACES,
    "/api/search": Need(_READING),
    "/api/ask": Need(_READING, metered=True),
    "/api/call": Need(frozenset({"api"}), metered=True),
    "/mcp": Need(frozenset({"mcp"}), metered=True),
    "/metrics": Need(frozenset({"metrics"})),
    "/api/keys": Need(frozenset({"keys"})),
}
_UNDER = (
    ("/v1/models/", _MODELS),
    ("/api/keys/", Need(frozenset({"keys"}))),
    ("/api/why/", Need(_READING)),
    ("/api/history/", Need(_READING)),
    ("/api/evals/", Need(frozenset({"api"}), metered=True)),
    ("/api/", Need(frozenset({"api"}))),
)


def need_of(path: str) -> Need | None:
    """What a path asks for; None for an open one. A path that nobody knows asks for any key."""
    if path in OPEN or path.startswith(_PAGE):
        return None
    found = _EXACT.get(path)
    if found is None:
        found = next((need for start, need in _UNDER if path.startswith(start)), _ANY)
    return found


class Entrance:
    """ASGI middleware: checks the key of a request, and says for whom it is answered."""

    def __init__(self, app: ASGIApp, *, entry: Entry, refused: Refused) -> None:
        self._app = app
        self._entry = entry
        self._refused = refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it with 401, 403 or 429."""
        need = need_of(scope["path"]) if scope["type"] == "http" else None
        if need is None:
            await self._app(scope, receive, send)
            return
        try:
            caller = self._entry(_secret(Headers(scope=scope)), scopes=need.scopes, metered=need.metered)
        except HeadraceError as error:
            self._refused(_cause(error))
            await _reply(error, scope["path"])(scope, receive, send)
            return
        token = CALLER.set(caller)
        try:
            await self._app(scope, receive, send)
        finally:
            CALLER.reset(token)


def _secret(headers: Headers) -> str | None:
    kind, _, secret = headers.get("authorization", "").partition(" ")
    return secret.strip() if kind.lower() == "bearer" else None


def _cause(error: HeadraceError) -> str:
    if isinstance(error, KeyExhausted):
        return error.cause
    if isinstance(error, KeyNeeded):
        return "no_key"
    return "forbidden" if isinstance(error, KeyForbids) else "failed"


def _reply(error: HeadraceError, path: str) -> Response:
    if path.startswith("/v1/"):
        return error_of(error).reply()
    headers = {}
    if isinstance(error, KeyNeeded):
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, KeyExhausted):
        headers["Retry-After"] = str(error.retry_after_seconds)
    return error_reply(error, headers=headers)
