"""What a self-served model says of itself: `/props`, as llama.cpp's server answers it."""

from __future__ import annotations

import json
from typing import Any

from headrace.errors import TerminalError
from headrace.infer.providers.config import ModelConfig
from headrace.infer.providers.portal import portal
from headrace.infer.providers.secrets import excerpt, read_key

_LONGEST_SECONDS = 15.0
_LARGEST_BYTES = 4_000_000


def read_props(config: ModelConfig) -> dict[str, Any]:
    """Ask an upstream what it serves. Raises TerminalError where it cannot be reached or does not say."""
    return portal().submit(_read(config)).result()


async def _read(config: ModelConfig) -> dict[str, Any]:
    import aiohttp

    key = read_key(config)
    url = f"{config.base_url.rstrip('/').removesuffix('/v1')}/props"
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    timeout = aiohttp.ClientTimeout(total=min(config.timeout_seconds, _LONGEST_SECONDS))
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(url, headers=headers, allow_redirects=False) as response,
        ):
            status, data = response.status, await response.content.read(_LARGEST_BYTES)
            while not response.content.at_eof() and len(data) < _LARGEST_BYTES:
                data += await response.content.read(_LARGEST_BYTES - len(data))
        given = json.loads(data)
    except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
        raise _silent(config, excerpt(f"{type(error).__name__}: {error}", key)) from None
    if status != 200 or not isinstance(given, dict):
        raise _silent(config, f"status {status}")
    return given


def _silent(config: ModelConfig, said: str) -> TerminalError:
    return TerminalError(
        f"Model {config.name!r} does not say what it serves: /props gave {said}.",
        hint="llama.cpp's server answers there; compare others by hand.",
        provider=config.name,
    )
