"""Errors in OpenAI's shape, with the statuses that its clients know."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from headrace.errors import (
    CallRefused,
    ConfigError,
    HeadraceError,
    KeyExhausted,
    KeyForbids,
    KeyNeeded,
    NotFoundError,
    ProviderError,
    RetryableError,
    UsageError,
)
from headrace.infer.gateway.outcome import CallOutcome

_LOG = logging.getLogger("headrace.server")
_INVALID = "invalid_request_error"
_SERVER = "server_error"


class OpenAIError(Exception):
    """What a client of the OpenAI API is told. `status` decides which of its exceptions it raises."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        kind: str = _INVALID,
        code: str | None = None,
        param: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error": {"message": message, "type": kind, "param": param, "code": code}}
        self.headers = dict(headers or {})

    def reply(self, headers: Mapping[str, str] | None = None) -> Response:
        """As a response."""
        return json_response(self.body, status=self.status, headers={**self.headers, **(headers or {})})


def json_response(body: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """JSON that no cache keeps."""
    sent = {"cache-control": "no-store", **(headers or {})}
    data = json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Response(
        data.encode("utf-8", "replace"), status_code=status, media_type="application/json", headers=sent
    )


def error_of(error: Exception) -> OpenAIError:
    """Put an error that was raised on purpose into OpenAI's words; anything else keeps its insides."""
    if isinstance(error, OpenAIError):
        return error
    if isinstance(error, KeyNeeded):
        headers = {"WWW-Authenticate": "Bearer"}
        return OpenAIError(401, _said(error), code="invalid_api_key", headers=headers)
    if isinstance(error, KeyForbids):
        return OpenAIError(403, _said(error), kind="permission_error", code="forbidden")
    if isinstance(error, KeyExhausted):
        code = "insufficient_quota" if error.cause == "budget" else "rate_limit_exceeded"
        headers = {"retry-after": str(error.retry_after_seconds)}
        return OpenAIError(429, _said(error), kind=code, code=code, headers=headers)
    if isinstance(error, CallRefused):
        return OpenAIError(400, _said(error), code=str(error.details.get("cause", "refused")))
    if isinstance(error, ConfigError | NotFoundError):
        return OpenAIError(404, _said(error), code="model_not_found", param="model")
    if isinstance(error, UsageError):
        return OpenAIError(400, _said(error), code="invalid_value")
    if isinstance(error, ProviderError):
        headers = {}
        if isinstance(error, RetryableError) and error.retry_after_seconds is not None:
            headers["retry-after"] = str(max(1, round(error.retry_after_seconds)))
        return OpenAIError(502, _said(error), kind=_SERVER, code="upstream", headers=headers)
    _LOG.error("%s", type(error).__name__, exc_info=error)
    return OpenAIError(500, "The server could not do this. Its log says why.", kind=_SERVER)


def dead_letter_error(outcome: CallOutcome) -> OpenAIError:
    """A call whose output never became valid. Clients do not try such a status again by themselves."""
    last = outcome.attempts[-1] if outcome.attempts else None
    wrong = "; ".join(
        f"{problem.path or '/'}: {problem.message}" for problem in (last.errors if last else ())
    )
    why = wrong or (last.error if last else None) or outcome.reason or "invalid"
    headers = headers_of(outcome)
    if outcome.reason in ("upstream", "half_stream"):
        return OpenAIError(
            502, f"The model gave no answer: {why}", kind=_SERVER, code="upstream", headers=headers
        )
    if outcome.reason == "seconds":
        return OpenAIError(
            504, f"The model took too long: {why}", kind=_SERVER, code="timeout", headers=headers
        )
    said = f"No valid output after {len(outcome.attempts)} attempts ({outcome.reason}): {why}"
    return OpenAIError(422, said, kind="invalid_output", code="dead_letter", headers=headers)


def headers_of(outcome: CallOutcome) -> dict[str, str]:
    """What a response says of its call beside the answer."""
    facts = {
        "x-request-id": outcome.trace_id,
        "x-headrace-trace-id": outcome.trace_id,
        "x-headrace-attempts": str(len(outcome.attempts)),
        "x-headrace-release": outcome.release,
        "x-headrace-record": outcome.record,
        "x-headrace-cached": outcome.cached,
        "x-headrace-dead-letter": outcome.dead_letter,
    }
    return {name: value for name, value in facts.items() if value}


def _said(error: HeadraceError) -> str:
    return f"{error.message} {error.hint}".strip()
