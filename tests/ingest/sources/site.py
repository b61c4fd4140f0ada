"""A small web site on loopback whose every answer a test decides."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType


@dataclass(slots=True)
class Reply:
    """What a path answers."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "text/html; charset=utf-8"})


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked."""

    path: str
    headers: Mapping[str, str]


Route = Reply | Callable[[Request], Reply]


class Site:
    """Serves `routes`; a path without one answers 404. Replies of 200 carry an ETag and honour it."""

    def __init__(self) -> None:
        self.routes: dict[str, Route] = {}
        self.requests: list[Request] = []
        self.bodies: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    @property
    def url(self) -> str:
        """Where it is, without a final slash."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def page(self, path: str, *links: str, head: str = "", text: str = "") -> None:
        """Serve an HTML page with links."""
        anchors = "".join(f'<p><a href="{link}">{link}</a></p>' for link in links)
        html = f"<html><head><title>{path}</title>{head}</head><body>{text or path}{anchors}</body></html>"
        self.routes[path] = Reply(html.encode())

    def redirect(self, path: str, target: str, *, status: int = 301) -> None:
        """Redirect a path."""
        self.routes[path] = Reply(status=status, headers={"Location": target})

    def asked(self) -> list[str]:
        """Paths asked for, in order."""
        return [request.path for request in self.requests]

    def __enter__(self) -> Site:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _answer(self, request: Request) -> Reply:
        with self._lock:
            self.requests.append(request)
        route = self.routes.get(request.path, Reply(status=404))
        reply = route if isinstance(route, Reply) else route(request)
        if reply.status != 200:
            return reply
        etag = f'"{sha256(reply.body).hexdigest()[:16]}"'
        if request.headers.get("If-None-Match") == etag:
            return Reply(status=304, headers={"ETag": etag})
        with self._lock:
            self.bodies[request.path] += 1
        return Reply(reply.body, headers={"ETag": etag, **reply.headers})

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        answer = self._answer

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                reply = answer(Request(self.path, dict(self.headers.items())))
                try:
                    self._send(reply)
                except ConnectionError:
                    self.close_connection = True  # the client gave up waiting

            def _send(self, reply: Reply) -> None:
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                if reply.status != 304:
                    self.send_header("Content-Length", str(len(reply.body)))
                self.end_headers()
                if reply.status != 304:
                    self.wfile.write(reply.body)

            def log_message(self, *_: object) -> None:
                """Tests read `requests` instead."""

        return Handler
