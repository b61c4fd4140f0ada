"""The one error shape of the HTTP door, whatever went wrong and wherever."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import Response

from headrace.errors import (
    HeadraceError,
    KeyExhausted,
    KeyForbids,
    KeyNeeded,
    LeaseHeld,
    MigrationFailed,
    MissingExtra,
    NotFoundError,
    ProviderError,
    RefConflict,
    RetryableError,
    StateConflict,
    Unprotected,
    UsageError,
    Withheld,
)
from headrace.server.replies import Reply

_LOG = logging.getLogger("headrace.server")

_STATUS: Sequence[tuple[type[HeadraceError], int]] = (
    (NotFoundError, 404),
    (MissingExtra, 501),
    (KeyNeeded, 401),
    (KeyForbids, 403),
    (KeyExhausted, 429),
    (UsageError, 400),
    (LeaseHeld, 409),
    (StateConflict, 409),
    (RefConflict, 409),
    (Withheld, 409),
    (MigrationFailed, 409),
    (Unprotected, 409),
    (ProviderError, 502),
)
"""The first class that fits decides; everything else is 500 and keeps its insides to itself."""


class ErrorFacts(BaseModel):
    """What went wrong."""

    type: str
    message: str
    hint: str
    details: dict[str, str]


class ErrorBody(BaseModel):
    """The one error shape of every route."""

    error: ErrorFacts


class InvalidRequest(UsageError):
    """Parameters or body of a request do not fit."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__(
            f"The request does not fit: {'; '.join(problems)}.",
            hint="GET /openapi.json describes every route.",
        )


class HttpError(UsageError):
    """The protocol's own refusals: no such route, wrong method."""


class Unexpected(HeadraceError):
    """Something the server did not foresee; its log says more."""

    def __init__(self, name: str = "Unexpected") -> None:
        super().__init__(
            "The server could not do this.", hint="Its log says why. What was indexed is not affected."
        )
        self._name = name

    @property
    def type(self) -> str:
        """The name of the error on the wire."""
        return self._name


def error_reply(
    error: HeadraceError, *, status: int | None = None, headers: Mapping[str, str] | None = None
) -> Reply:
    """An error as a response."""
    return Reply(error.to_wire(), status_code=status or status_of(error), headers=headers)


def status_of(error: HeadraceError) -> int:
    """The HTTP status of an error."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def add_handlers(app: FastAPI) -> None:
    """Give every failure of an application the one shape."""
    app.add_exception_handler(HeadraceError, _known)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)


async def _known(_: Request, error: Exception) -> Response:
    assert isinstance(error, HeadraceError)
    if status_of(error) == 500:
        _LOG.error("%s: %s", error.type, error.message, exc_info=error)
        return error_reply(Unexpected(error.type))
    if isinstance(error, RetryableError) and error.retry_after_seconds is not None:
        return error_reply(error, headers={"Retry-After": str(max(1, round(error.retry_after_seconds)))})
    return error_reply(error)


async def _invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return error_reply(InvalidRequest([_problem(item) for item in error.errors()]), status=422)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    path = request.url.path
    if error.status_code == 404:
        return error_reply(NotFoundError("route", path, hint="GET /openapi.json lists the routes."))
    problem = HttpError(
        f"{error.detail}: {request.method} {path!r}.", hint="GET /openapi.json lists the routes."
    )
    return error_reply(problem, status=error.status_code, headers=error.headers)


async def _unexpected(_: Request, error: Exception) -> Response:
    return error_reply(Unexpected())


def _problem(item: Mapping[str, Any]) -> str:
    """One complaint of the validation: where, and what was expected; never the value that was sent."""
    if item["type"] == "model_attributes_type":
        return "the body: it must be a JSON object, sent as application/json"
    place = ".".join(str(part) for part in item["loc"] if part not in ("query", "body", "path"))
    where = f"{place!r} in the {item['loc'][0]}" if place else f"the {item['loc'][0]}"
    return f"{where}: {str(item['msg']).rstrip('.').lower()}"
