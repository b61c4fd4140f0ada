"""Posts spans to an OTLP collector: retried while that can help, with headers that are never shown."""

from __future__ import annotations

import gzip
import os
import re
import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit, urlunsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from headrace.errors import RetryableError, TerminalError, UsageError
from headrace.observe.traces.receiving.exporting import request_of
from headrace.records.call import SpanEvent

_RETRIED = frozenset({408, 429, 502, 503, 504})
_TIMEOUT_SECONDS = 30
_MOST_ANSWER_BYTES = 1_000_000
_MOST_WAIT_SECONDS = 30.0
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


class Sent(NamedTuple):
    """What a collector took of a batch."""

    taken: int
    refused: int
    message: str


class Collector:
    """Where spans are sent to."""

    def __init__(self, url: str, *, headers: Mapping[str, str] | None = None) -> None:
        """`url` is the collector's, with or without `/v1/traces`; values of headers may name `${VARIABLES}`.

        Raises UsageError for what is no http or https address.
        """
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.password:
            raise UsageError(
                "This is no http or https address without a password.",
                hint="Such as http://127.0.0.1:4318; credentials go into headers.",
            )
        path = parts.path.rstrip("/")
        path = path if path.endswith("/v1/traces") else f"{path}/v1/traces"
        self.url = urlunsplit((parts.scheme, parts.netloc, path, parts.query, ""))
        self._headers = dict(headers or {})
        self._opener = build_opener(ProxyHandler({}), _NoRedirect)

    @property
    def shown(self) -> str:
        """The address without what may be a secret in its query."""
        return self.url.partition("?")[0]

    def send(
        self, spans: Sequence[SpanEvent], *, attempts: int = 5, wait: Callable[[float], object] = time.sleep
    ) -> Sent:
        """Send spans. Raises RetryableError when it cannot take them now, TerminalError when never."""
        data = gzip.compress(request_of(spans), 1)
        for attempt in range(1, attempts + 1):
            try:
                return self._post(data, len(spans))
            except RetryableError as error:
                if attempt == attempts:
                    raise
                wait(min(error.retry_after_seconds or 0.2 * 2**attempt, _MOST_WAIT_SECONDS))
        raise AssertionError("unreachable")

    def _post(self, data: bytes, count: int) -> Sent:
        headers = {"content-type": "application/x-protobuf", "content-encoding": "gzip", **self._secrets()}
        request = Request(self.url, data=data, headers=headers, method="POST")  # noqa: S310 - http and https only
        try:
            with self._opener.open(request, timeout=_TIMEOUT_SECONDS) as response:
                return _read(response.read(_MOST_ANSWER_BYTES), count)
        except HTTPError as error:
            after = error.headers.get("retry-after", "")
            error.close()
            said = f"The collector {self.shown} answered {error.code}."
            if error.code in _RETRIED:
                seconds = float(after) if after.isdigit() else None
                raise RetryableError(said, retry_after_seconds=seconds) from None
            raise TerminalError(said, hint="Its log says why; these spans are as they should be.") from None
        except (URLError, OSError, TimeoutError) as error:
            reason = getattr(error, "reason", error)
            raise RetryableError(f"The collector {self.shown} cannot be reached: {reason}.") from None

    def _secrets(self) -> dict[str, str]:
        return {name: _VARIABLE.sub(_read_variable, value) for name, value in self._headers.items()}


class _NoRedirect(HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        """Follow none: headers with keys go to the named address only."""


def _read_variable(found: re.Match[str]) -> str:
    value = os.environ.get(found[1])
    if value is None:
        raise TerminalError(
            f"Environment variable {found[1]!r}, which a header of the collector needs, is not set.",
            hint=f"Set {found[1]} in the environment of this process.",
        )
    return value


def _read(data: bytes, count: int) -> Sent:
    from google.protobuf.message import DecodeError
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

    response = ExportTraceServiceResponse()
    try:
        response.ParseFromString(data)
    except DecodeError:
        return Sent(count, 0, "")  # it took them, and answers in JSON or with a page
    refused = min(count, int(response.partial_success.rejected_spans))
    return Sent(count - refused, refused, response.partial_success.error_message)
