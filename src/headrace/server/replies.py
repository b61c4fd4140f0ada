"""Responses of the HTTP door."""

from __future__ import annotations

import json
from typing import Any

from starlette.responses import Response

from headrace.records.wire import to_plain

SECURITY_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
"""On every response: the page loads nothing from elsewhere and nobody frames it."""


class Reply(Response):
    """A record, or anything made of records, as JSON; never kept by a cache."""

    media_type = "application/json"

    def __init__(self, content: Any, **options: Any) -> None:
        super().__init__(content, **options)
        self.headers["cache-control"] = "no-store"
        self.headers.update(SECURITY_HEADERS)

    def render(self, content: Any) -> bytes:
        """JSON as UTF-8; file names that are no Unicode are escaped instead of refused."""
        plain = to_plain(content)
        try:
            return json.dumps(plain, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
        except UnicodeEncodeError:
            return json.dumps(plain, allow_nan=False, separators=(",", ":")).encode()
