"""OTLP over HTTP: `POST /v1/traces` and `/v1/logs`, answered once what they say is durable."""

from __future__ import annotations

import asyncio
import logging
import zlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from headrace.errors import HeadraceError, StorageError, UsageError
from headrace.observe.traces.receiving import jsonform, protobuf
from headrace.observe.traces.receiving.arrived import Signal

if TYPE_CHECKING:
    from headrace.workspace import Workspace

_LOG = logging.getLogger("headrace.server")
MAX_BODY_BYTES = 16_000_000
"""The largest request body as it is sent."""
MAX_OPENED_BYTES = 64_000_000
"""The largest request body once it is decompressed."""
MAX_AT_ONCE_BYTES = 96_000_000
"""What all requests under way may hold together, opened; more are sent away for a moment."""
_THREADS = 4
_CHUNK_BYTES = 1 << 20
_RETRY_SECONDS = 1
_PROTOBUF, _JSON = "application/x-protobuf", "application/json"
_CODES = {400: 3, 408: 4, 413: 8, 415: 3, 429: 8, 500: 13, 503: 14}
"""HTTP statuses to those of gRPC, which the answers of OTLP name."""


class Refusal(Exception):
    """A request that is not taken."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class OtlpDoor:
    """The two routes over one workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._pool = ThreadPoolExecutor(max_workers=_THREADS, thread_name_prefix="headrace-otlp")
        self._held_bytes = 0

    @property
    def routes(self) -> list[Route]:
        """`POST /v1/traces` and `POST /v1/logs`."""
        return [
            Route("/v1/traces", self._traces, methods=["POST"]),
            Route("/v1/logs", self._logs, methods=["POST"]),
        ]

    def start(self) -> None:
        """Read back what an earlier run had to put aside."""
        self._workspace.receiving.parts.storing.start()

    def close(self) -> None:
        """Finish what is under way."""
        self._pool.shutdown(wait=True)

    async def _traces(self, request: Request) -> Response:
        return await self._take(request, "traces")

    async def _logs(self, request: Request) -> Response:
        return await self._take(request, "logs")

    async def _take(self, request: Request, signal: Signal) -> Response:
        as_json = False
        held = 0
        try:
            as_json = _is_json(request)
            packed = _is_packed(request)
            held = self._hold(request, packed=packed)
            data = await _body(request)
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._pool, self._keep, data, signal, as_json, packed)
        except Refusal as refusal:
            return _refused(refusal.status, refusal.message, as_json=as_json)
        except ClientDisconnect:
            return _refused(400, "The client went away.", as_json=as_json)
        finally:
            self._held_bytes -= held

    def _keep(self, data: bytes, signal: Signal, as_json: bool, packed: bool) -> Response:
        """In a thread of its own: decode, redact and write."""
        try:
            body = _opened(data) if packed else data
            receipt = self._workspace.receiving.receive(body, signal=signal, as_json=as_json)
        except UsageError as error:
            raise Refusal(400, f"{error.message} {error.hint}".strip()) from error
        except StorageError as error:
            _LOG.error("Spans were not taken: %s", error.message)
            raise Refusal(503, "Spans cannot be kept just now; send them again.") from error
        except HeadraceError as error:
            _LOG.error("%s: %s", error.type, error.message, exc_info=error)
            raise Refusal(500, "The server could not do this. Its log says why.") from error
        rejected = receipt.quarantined + receipt.ignored
        answer = (jsonform if as_json else protobuf).answer(signal, rejected, receipt.message)
        return Response(answer, media_type=_JSON if as_json else _PROTOBUF)

    def _hold(self, request: Request, *, packed: bool) -> int:
        """Count a request against what all may hold. Raises Refusal."""
        sent = request.headers.get("content-length", "")
        length = int(sent) if sent.isdigit() else MAX_BODY_BYTES
        if length > MAX_BODY_BYTES:
            raise Refusal(413, f"The body has {length:,} bytes; allowed are {MAX_BODY_BYTES:,}.")
        expected = min(length * 8, MAX_OPENED_BYTES) if packed else length
        if self._held_bytes and self._held_bytes + expected > MAX_AT_ONCE_BYTES:
            raise Refusal(503, "Too much is under way; send it again in a moment.")
        self._held_bytes += expected
        return expected


def _is_json(request: Request) -> bool:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in (_PROTOBUF, _JSON):
        raise Refusal(415, f"Content type {kind[:80]!r} is not known; allowed are {_PROTOBUF} and {_JSON}.")
    return kind == _JSON


def _is_packed(request: Request) -> bool:
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip", ""):
        raise Refusal(415, f"Content encoding {encoding[:80]!r} is not known; allowed is gzip.")
    return encoding == "gzip"


async def _body(request: Request) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > MAX_BODY_BYTES:
            raise Refusal(413, f"The body has more than {MAX_BODY_BYTES:,} bytes.")
        parts.append(part)
    return b"".join(parts)


def _opened(data: bytes) -> bytes:
    """Decompress gzip, up to the bound whatever it claims to hold."""
    parts: list[bytes] = []
    size = 0
    while data:
        opener = zlib.decompressobj(wbits=31)
        while True:
            try:
                piece = opener.decompress(data, _CHUNK_BYTES)
            except zlib.error as error:
                raise Refusal(400, "The body is not gzip, or it is damaged.") from error
            size += len(piece)
            if size > MAX_OPENED_BYTES:
                raise Refusal(413, f"The body has more than {MAX_OPENED_BYTES:,} bytes once it is opened.")
            parts.append(piece)
            data = opener.unconsumed_tail
            if opener.eof or not (data or piece):
                break
        if not opener.eof:
            raise Refusal(400, "The body is gzip that is cut off.")
        data = opener.unused_data  # another member may follow
    return b"".join(parts)


def _refused(status: int, message: str, *, as_json: bool) -> Response:
    """A refusal as OTLP has it: a google.rpc.Status in the content type of the request."""
    headers = {"retry-after": str(_RETRY_SECONDS)} if status in (429, 503) else {}
    body = (
        jsonform.status(_CODES.get(status, 13), message)
        if as_json
        else protobuf.status(_CODES.get(status, 13), message)
    )
    return Response(body, status_code=status, media_type=_JSON if as_json else _PROTOBUF, headers=headers)
