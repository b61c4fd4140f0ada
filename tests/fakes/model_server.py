"""A server on loopback that speaks OpenAI's and Anthropic's chat APIs and misbehaves when told to."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Act:
    """What one request is answered with."""

    text: str = ""
    tool_calls: Sequence[Mapping[str, Any]] = ()
    finish_reason: str = "stop"
    refusal: str | None = None
    model: str | None = None
    """The model that claims to have answered; None echoes the one that was asked."""
    status: int = 200
    body: bytes | None = None
    """Sent instead of the answer."""
    headers: Mapping[str, str] = field(default_factory=dict)
    delay_seconds: float = 0.0
    drop: bool = False
    """Close the connection without a word."""
    half: bool = False
    """Close the connection in the middle of the answer."""
    hang_in_middle: bool = False
    """Send half of a stream, then nothing more."""
    choices: Sequence[str] = ()
    """Texts of several choices."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request."""

    path: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]

    @property
    def text(self) -> str:
        """Everything that was sent, as JSON."""
        return json.dumps(self.body, ensure_ascii=False)


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is nothing to print."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class ModelServer:
    """Answers with the acts in their order, then with the last word it was given."""

    def __init__(self, always: Act) -> None:
        self.always = always
        self.by_model: dict[str, Act] = {}
        """What stands before the last word for one model."""
        self.asked: list[Asked] = []
        self._acts: deque[Act] = deque()
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    @property
    def base_url(self) -> str:
        """What a client is configured with."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def play(self, *acts: Act) -> None:
        """Answer the next requests with these, and forget what was asked before."""
        with self._lock:
            self.asked.clear()
            self._acts = deque(acts)

    def next_act(self, asked: Asked) -> Act:
        """Note a request and say what it is answered with."""
        with self._lock:
            self.asked.append(asked)
            word = self.by_model.get(asked.body.get("model", ""), self.always)
            act = self._acts.popleft() if self._acts else word
        return replace(act, model=act.model or asked.body.get("model"))

    def wait(self, seconds: float) -> None:
        """Sleep, or less when the server is closed."""
        self._closed.wait(seconds)

    def wait_for(self, requests: int, *, within_seconds: float = 5.0) -> bool:
        """Wait until so many requests have arrived."""
        deadline = time.monotonic() + within_seconds
        while len(self.asked) < requests and time.monotonic() < deadline:
            time.sleep(0.005)
        return len(self.asked) >= requests

    def __enter__(self) -> ModelServer:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._closed.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def call(name: str, arguments: str, *, identifier: str = "call_1") -> dict[str, Any]:
    """A tool call."""
    return {"id": identifier, "type": "function", "function": {"name": name, "arguments": arguments}}


def _handler(server: ModelServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def do_POST(self) -> None:
            length = int(self.headers.get("content-length", "0"))
            try:
                body = json.loads(self.rfile.read(length))
            except ValueError:
                body = {}
            headers = {name.lower(): value for name, value in self.headers.items()}
            act = server.next_act(Asked(path=self.path, headers=headers, body=body))
            if act.delay_seconds:
                server.wait(act.delay_seconds)
            try:
                self._answer(act, body)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

        def _answer(self, act: Act, body: Mapping[str, Any]) -> None:
            if act.drop:
                self.close_connection = True
            elif act.body is not None or act.status != 200 or not body.get("stream"):
                self._whole(act)
            else:
                self._stream(act)

        def _whole(self, act: Act) -> None:
            made = _anthropic(act) if self.path.endswith("/messages") else _openai(act)
            data = json.dumps(made).encode() if act.body is None else act.body
            self.send_response(act.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            for name, value in act.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data[: len(data) // 2] if act.half else data)
            self.wfile.flush()
            self.close_connection = self.close_connection or act.half

        def _stream(self, act: Act) -> None:
            events = _anthropic_events(act) if self.path.endswith("/messages") else _openai_events(act)
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Connection", "close")
            self.end_headers()
            self.close_connection = True
            cut = len(events) // 2 if act.half or act.hang_in_middle else len(events)
            for event in events[:cut]:
                self.wfile.write(f"data: {event}\n\n".encode())
                self.wfile.flush()
            if act.hang_in_middle:
                server.wait(30)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    return Handler


def _openai(act: Act) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": act.text or None}
    message |= {"tool_calls": list(act.tool_calls)} if act.tool_calls else {}
    message |= {"refusal": act.refusal} if act.refusal else {}
    choice = {"index": 0, "message": message, "finish_reason": act.finish_reason}
    choices = [
        {"index": place, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        for place, text in enumerate(act.choices)
    ]
    usage = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
    return {"id": "chatcmpl-1", "model": act.model, "choices": choices or [choice], "usage": usage}


def _openai_events(act: Act) -> list[str]:
    def event(delta: Mapping[str, Any], reason: str | None = None) -> str:
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        return json.dumps({"id": "chatcmpl-1", "model": act.model, "choices": [choice]})

    events = [event({"role": "assistant", "content": ""})]
    events += [event({"content": piece}) for piece in _pieces(act.text)]
    for place, given in enumerate(act.tool_calls):
        function = given["function"]
        head = {"index": place, "id": given["id"], "type": "function"}
        events.append(
            event({"tool_calls": [{**head, "function": {"name": function["name"], "arguments": ""}}]})
        )
        events += [
            event({"tool_calls": [{"index": place, "function": {"arguments": piece}}]})
            for piece in _pieces(function["arguments"])
        ]
    if act.refusal:
        events.append(event({"refusal": act.refusal}))
    events.append(event({}, act.finish_reason))
    usage = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
    return [*events, json.dumps({"id": "chatcmpl-1", "choices": [], "usage": usage}), "[DONE]"]


_REASONS = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use", "content_filter": "refusal"}


def _blocks(act: Act) -> list[dict[str, Any]]:
    blocks: list[dict[str, Any]] = [{"type": "text", "text": act.text}] if act.text else []
    for given in act.tool_calls:
        function = given["function"]
        arguments = json.loads(function["arguments"])
        blocks.append({"type": "tool_use", "id": given["id"], "name": function["name"], "input": arguments})
    return blocks


def _anthropic(act: Act) -> dict[str, Any]:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": act.model,
        "content": _blocks(act),
        "stop_reason": _REASONS[act.finish_reason],
        "usage": {"input_tokens": 11, "output_tokens": 7},
    }


def _anthropic_events(act: Act) -> list[str]:
    start = {"id": "msg_1", "model": act.model, "usage": {"input_tokens": 11, "output_tokens": 1}}
    events: list[dict[str, Any]] = [{"type": "message_start", "message": start}, {"type": "ping"}]
    for index, block in enumerate(_blocks(act)):
        if block["type"] == "text":
            events.append(
                {
                    "type": "content_block_start",
                    "index": index,
                    "content_block": {"type": "text", "text": ""},
                }
            )
            deltas = [{"type": "text_delta", "text": piece} for piece in _pieces(block["text"])]
        else:
            opened = {**block, "input": {}}
            events.append({"type": "content_block_start", "index": index, "content_block": opened})
            parts = _pieces(json.dumps(block["input"]))
            deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in parts]
        events += [{"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas]
        events.append({"type": "content_block_stop", "index": index})
    ended = {"stop_reason": _REASONS[act.finish_reason]}
    events.append({"type": "message_delta", "delta": ended, "usage": {"output_tokens": 7}})
    return [json.dumps(event) for event in [*events, {"type": "message_stop"}]]


def _pieces(text: str, size: int = 5) -> list[str]:
    return [text[at : at + size] for at in range(0, len(text), size)]
