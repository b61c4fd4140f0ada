"""What a self-served model says of itself: `/props`, as llama.cpp's server answers it."""

from __future__ import annotations

import json
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

from headrace.errors import TerminalError
from headrace.infer.providers.config import ModelConfig
from headrace.infer.providers.secrets import excerpt, read_key

_LARGEST_BYTES = 4_000_000


def read_props(config: ModelConfig, *, seconds: float = 10.0) -> dict[str, Any]:
    """Ask an upstream what it serves. Raises TerminalError where it cannot be reached or does not say."""
    key = read_key(config)
    address = urlsplit(config.base_url)
    path = f"{address.path.rstrip('/').removesuffix('/v1')}/props"
    kind = HTTPSConnection if address.scheme == "https" else HTTPConnection
    connection = kind(str(address.hostname), address.port, timeout=min(seconds, config.timeout_seconds))
    try:
        connection.request("GET", path, headers={"Authorization": f"Bearer {key}"} if key else {})
        response = connection.getresponse()
        status, data = response.status, response.read(_LARGEST_BYTES)
        given = json.loads(data) if status == 200 else None
    except (HTTPException, OSError, ValueError) as error:
        raise _silent(config, excerpt(f"{type(error).__name__}: {error}", key)) from None
    finally:
        connection.close()
    if not isinstance(given, dict):
        raise _silent(config, f"status {status}")
    return given


def _silent(config: ModelConfig, said: str) -> TerminalError:
    return TerminalError(
        f"Model {config.name!r} does not say what it serves: /props gave {said}.",
        hint="llama.cpp's server answers there; compare others by hand.",
        provider=config.name,
    )
