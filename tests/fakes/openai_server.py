"""A real HTTP server on loopback that speaks the OpenAI API, well or badly, as it is told.

    with OpenAIServer(dimension=8) as server:
        server.misbehave(too_many(retry_after="0.01"), times=2)
        ...  # the next two requests get 429, the later ones a proper answer
        assert len(server.requests) == 3

Vectors depend on the text alone, so a test can tell whether each came back to the text it belongs to.
"""

from __future__ import annotations

import base64
import hashlib
import json
import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A request as it arrived."""

    path: str
    headers: Mapping[str, str]
    """Names in lower case."""
    body: dict[str, Any]

    @property
    def texts(self) -> list[str]:
        """The texts of an embedding request."""
        given = self.body.get("input", [])
        return [given] if isinstance(given, str) else list(given)

    @property
    def said(self) -> str:
        """The messages of a chat, one after the other."""
        return "\n".join(str(message["content"]) for message in self.body.get("messages", ()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What goes back."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    delay_seconds: float = 0.0
    drop: bool = False
    """Close the connection without a word."""
    cut: bool = False
    """Announce the whole body, send half of it and close the connection."""


Behaviour = Callable[[Seen, Reply], Reply]
"""From a request and the proper reply to the one that is sent."""


def json_reply(body: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """A reply with a JSON body; NaN is written as NaN."""
    return Reply(status=status, body=json.dumps(body).encode(), headers=headers or {})


def error(status: int, *, message: str = "told to fail", code: str = "", **headers: str) -> Behaviour:
    """Answer with an error; header names are written with underscores."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    body = {"error": {"message": message, "code": code or None}}
    return lambda seen, reply: json_reply(body, status=status, headers=sent)


def too_many(*, retry_after: str | None = None, **headers: str) -> Behaviour:
    """Answer 429."""
    if retry_after is not None:
        headers["retry_after"] = retry_after
    return error(429, message="slow down", code="rate_limit_exceeded", **headers)


def slow(seconds: float) -> Behaviour:
    """Answer properly, later."""
    return lambda seen, reply: Reply(body=reply.body, status=reply.status, delay_seconds=seconds)


def dropped(seen: Seen, reply: Reply) -> Reply:
    """Close the connection without an answer."""
    return Reply(drop=True)


def cut_short(seen: Seen, reply: Reply) -> Reply:
    """Close the connection in the middle of the body."""
    return Reply(body=reply.body, cut=True)


def raw(body: bytes, *, status: int = 200) -> Behaviour:
    """Answer with these bytes."""
    return lambda seen, reply: Reply(status=status, body=body)


def swapped(seen: Seen, reply: Reply) -> Reply:
    """The proper vectors in reverse order, each with its own index."""
    body = json.loads(reply.body)
    body["data"].reverse()
    return json_reply(body)


def without_rows(*positions: int) -> Behaviour:
    """Leave rows out."""

    def behave(seen: Seen, reply: Reply) -> Reply:
        body = json.loads(reply.body)
        body["data"] = [row for row in body["data"] if row["index"] not in positions]
        return json_reply(body)

    return behave


def with_vector(vector: Sequence[float] | str, *, at: int = 0) -> Behaviour:
    """Give the text at one place this vector instead of its own."""

    def behave(seen: Seen, reply: Reply) -> Reply:
        body = json.loads(reply.body)
        body["data"][at]["embedding"] = vector
        return json_reply(body)

    return behave


def refusing(word: str, *, status: int = 400) -> Behaviour:
    """Refuse any request in which a text holds a word; answer the others properly."""
    refuse = error(status, message="this input is not allowed")
    return lambda seen, reply: refuse(seen, reply) if any(word in text for text in seen.texts) else reply


def another_model(salt: str = "2") -> Behaviour:
    """Give the vectors of another model, and say nothing of it."""

    def behave(seen: Seen, reply: Reply) -> Reply:
        body = json.loads(reply.body)
        for row, text in zip(body["data"], seen.texts, strict=True):
            dimension = len(_decoded(row["embedding"]))
            row["embedding"] = vector_of(f"{salt}{text}", dimension)
        return json_reply(body)

    return behave


def renamed(model: str) -> Behaviour:
    """Give the proper vectors and report another model."""
    return lambda seen, reply: json_reply(json.loads(reply.body) | {"model": model})


def every_vector(vector: Sequence[float]) -> Behaviour:
    """Give every text the same vector."""

    def behave(seen: Seen, reply: Reply) -> Reply:
        body = json.loads(reply.body)
        for row in body["data"]:
            row["embedding"] = list(vector)
        return json_reply(body)

    return behave


def with_headers(headers: Mapping[str, str]) -> Behaviour:
    """Answer properly, with these headers."""
    return lambda seen, reply: Reply(status=reply.status, body=reply.body, headers=headers)


def writing(write: Callable[[str], str], *, finish_reason: str = "stop") -> Behaviour:
    """Answer a chat with what a function makes of the text of its messages."""

    def behave(seen: Seen, reply: Reply) -> Reply:
        if not seen.path.endswith("/chat/completions"):
            return reply
        body = json.loads(reply.body)
        body["choices"][0]["message"]["content"] = write(seen.said)
        body["choices"][0]["finish_reason"] = finish_reason
        return json_reply(body)

    return behave


def refused(seen: Seen, reply: Reply) -> Reply:
    """Answer a chat with a refusal."""
    body = json.loads(reply.body)
    body["choices"][0]["message"] = {"role": "assistant", "content": None, "refusal": "I cannot do that."}
    return json_reply(body)


def by_word(behaviours: Mapping[str, Behaviour], otherwise: Behaviour) -> Behaviour:
    """Behave by the first of these words that the messages of a chat hold."""

    def behave(seen: Seen, reply: Reply) -> Reply:
        for word, behaviour in behaviours.items():
            if word in seen.said:
                return behaviour(seen, reply)
        return otherwise(seen, reply)

    return behave


def vector_of(text: str, dimension: int) -> list[float]:
    """The vector the server gives a text, not of unit length."""
    values: list[float] = []
    block = 0
    while len(values) < dimension:
        data = hashlib.blake2b(f"{block}\0{text}".encode(), digest_size=64).digest()
        values += [(number - 2**31) / 2**28 for (number,) in struct.iter_unpack("<I", data)]
        block += 1
    return values[:dimension]


class OpenAIServer:
    """Answers `/v1/embeddings` and `/v1/chat/completions` on a free port of 127.0.0.1."""

    def __init__(
        self, *, dimension: int = 8, answer: str = "An answer.", echo_model: str | None = None
    ) -> None:
        self.dimension = dimension
        self.answer = answer
        self.echo_model = echo_model
        self.requests: list[Seen] = []
        self.most_at_once = 0
        self._at_once = 0
        self._always: Behaviour | None = None
        self._next: deque[Behaviour] = deque()
        self._lock = threading.Lock()
        self._released = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    @property
    def base_url(self) -> str:
        """What a client is configured with."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def misbehave(self, behaviour: Behaviour, *, times: int | None = None) -> None:
        """Use a behaviour for the next so many requests, after those told before; without `times` for all."""
        with self._lock:
            if times is None:
                self._always = behaviour
            else:
                self._next.extend([behaviour] * times)

    def behave(self) -> None:
        """Answer properly from now on."""
        with self._lock:
            self._always = None
            self._next.clear()

    @property
    def texts(self) -> list[str]:
        """All texts that were sent to be embedded, refused ones too."""
        return [text for seen in self.requests for text in seen.texts]

    def reply_to(self, seen: Seen) -> Reply:
        """The reply, after noting the request."""
        with self._lock:
            self.requests.append(seen)
            behaviour = self._next.popleft() if self._next else self._always
        proper = self._proper(seen)
        return behaviour(seen, proper) if behaviour else proper

    def _proper(self, seen: Seen) -> Reply:
        model = self.echo_model or seen.body.get("model", "")
        if seen.path.endswith("/embeddings"):
            dimension = seen.body.get("dimensions") or self.dimension
            as_text = seen.body.get("encoding_format") == "base64"
            rows = [
                {
                    "object": "embedding",
                    "index": at,
                    "embedding": _encoded(vector_of(text, dimension), as_text),
                }
                for at, text in enumerate(seen.texts)
            ]
            usage = {"prompt_tokens": len(rows), "total_tokens": len(rows)}
            return json_reply({"object": "list", "model": model, "data": rows, "usage": usage})
        if seen.path.endswith("/chat/completions"):
            message = {"role": "assistant", "content": self.answer}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            usage = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
            return json_reply({"id": "chatcmpl-1", "model": model, "choices": [choice], "usage": usage})
        return json_reply({"error": {"message": f"no route {seen.path}"}}, status=404)

    def wait(self, seconds: float) -> None:
        """Sleep, or less when the server is closed."""
        self._released.wait(seconds)

    def enter(self, step: int) -> None:
        """Count requests that are being answered."""
        with self._lock:
            self._at_once += step
            self.most_at_once = max(self.most_at_once, self._at_once)

    def __enter__(self) -> OpenAIServer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop serving; the port refuses connections from then on."""
        self._released.set()
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()


def _encoded(vector: Sequence[float], as_text: bool) -> list[float] | str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode() if as_text else list(vector)


def _decoded(vector: Sequence[float] | str) -> Sequence[float]:
    if not isinstance(vector, str):
        return vector
    data = base64.b64decode(vector)
    return struct.unpack(f"<{len(data) // 4}f", data)


def _handler(server: OpenAIServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            length = int(self.headers.get("content-length", "0"))
            try:
                body = json.loads(self.rfile.read(length))
            except ValueError:
                body = {}
            headers = {name.lower(): value for name, value in self.headers.items()}
            server.enter(1)
            try:
                self._send(server.reply_to(Seen(path=self.path, headers=headers, body=body)))
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True
            finally:
                server.enter(-1)

        def _send(self, reply: Reply) -> None:
            if reply.delay_seconds:
                server.wait(reply.delay_seconds)
            if reply.drop:
                self.close_connection = True
                return
            self.send_response(reply.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(reply.body)))
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.body[: len(reply.body) // 2] if reply.cut else reply.body)
            self.close_connection = self.close_connection or reply.cut

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    return Handler


def started(server: OpenAIServer, count: int, *, within_seconds: float = 5.0) -> bool:
    """Wait until so many requests have arrived."""
    deadline = time.monotonic() + within_seconds
    while len(server.requests) < count and time.monotonic() < deadline:
        time.sleep(0.005)
    return len(server.requests) >= count
