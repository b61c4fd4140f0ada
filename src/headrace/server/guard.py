"""What stands in front of every route: who may be asked, from where, and how much may be sent."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from headrace.errors import HeadraceError, UsageError
from headrace.server.failures import error_reply
from headrace.server.loopback import host_name, is_loopback
from headrace.server.replies import SECURITY_HEADERS

MAX_BODY_BYTES = 1_000_000
"""The largest request body, where a route does not bound its own."""
OWN_BODIES = frozenset({"/v1/traces", "/v1/logs"})
"""Routes that read and bound their bodies themselves."""

_READING = ("GET", "HEAD", "OPTIONS")
_FOREIGN_SITES = ("cross-site", "same-site")
_OPEN_PATHS = ("/", "/healthz", "/readyz")
"""What another site may link to: it shows nothing that was not asked for on the page itself."""


class HostRefused(UsageError):
    """The Host header names something else than this machine, as after DNS rebinding."""


class OriginRefused(UsageError):
    """A page of another site sent the request."""


class BodyTooLarge(UsageError):
    """The request body is larger than allowed."""


class Guard:
    """ASGI middleware: known names only, no requests by other sites, bounded bodies, security headers."""

    def __init__(self, app: ASGIApp, *, hosts: Collection[str] = ()) -> None:
        self._app = app
        self._hosts = frozenset(host.lower() for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it with a refusal."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refused = _refusal(scope, self._hosts)
        body: list[Message] = []
        if refused is None and scope["method"] not in _READING and scope["path"] not in OWN_BODIES:
            refused = await _read_body(receive, body)
        if refused is not None:
            error, status = refused
            await error_reply(error, status=status)(scope, receive, send)
            return
        await self._app(scope, _replaying(body, receive), _with_headers(send))


def _refusal(scope: Scope, hosts: frozenset[str]) -> tuple[HeadraceError, int] | None:
    headers = Headers(scope=scope)
    host = headers.get("host", "")
    name = host_name(host)
    if name.lower() not in hosts and not is_loopback(name):
        more = "".join(f", {item}" for item in sorted(hosts))
        return HostRefused(
            f"Host {host!r} is not this machine. Allowed: localhost, 127.0.0.1, [::1]{more}.",
            hint="Use the address that the server printed, or name yours: headrace serve --allow-host NAME.",
        ), 421
    if _is_foreign(scope, headers):
        return OriginRefused(
            "A page of another site sent this request, and only this server's own page may.",
            hint="Programs send no Origin header; a proxy must keep Host and Origin alike.",
        ), 403
    length = headers.get("content-length", "0")
    if length.isdigit() and int(length) > MAX_BODY_BYTES and scope["path"] not in OWN_BODIES:
        return _too_large(), 413
    return None


def _is_foreign(scope: Scope, headers: Headers) -> bool:
    """Whether a browser says that another origin's page is behind a request.

    A GET without Origin may be forged by an image or a link; it would be recorded as a call and could cost a
    model's money, so the fetch metadata is looked at too.
    """
    origin = headers.get("origin")
    if origin is not None:
        return origin != f"{scope['scheme']}://{headers['host']}"
    return headers.get("sec-fetch-site") in _FOREIGN_SITES and scope["path"] not in _OPEN_PATHS


async def _read_body(receive: Receive, body: list[Message]) -> tuple[HeadraceError, int] | None:
    """Collect the messages of a body into `body`, up to the limit, which no Content-Length need announce."""
    size_bytes = 0
    while True:
        message = await receive()
        body.append(message)
        if message["type"] != "http.request":
            return None
        size_bytes += len(message.get("body", b""))
        if size_bytes > MAX_BODY_BYTES:
            return _too_large(), 413
        if not message.get("more_body", False):
            return None


def _too_large() -> BodyTooLarge:
    return BodyTooLarge(
        f"The request body is larger than {MAX_BODY_BYTES} bytes.",
        hint="A query is a few words, or a few pages at most.",
    )


def _replaying(body: Iterable[Message], receive: Receive) -> Receive:
    kept = iter(tuple(body))

    async def replay() -> Message:
        message = next(kept, None)
        return message if message is not None else await receive()

    return replay


def _with_headers(send: Send) -> Send:
    async def guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(SECURITY_HEADERS)
        await send(message)

    return guarded
