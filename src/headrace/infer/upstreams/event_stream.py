"""Server-sent events: the form in which models stream."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import aiohttp

_MOST_LINE_BYTES = 16 * 1024 * 1024


async def events_of(content: aiohttp.StreamReader) -> AsyncGenerator[bytes, None]:
    """The `data` of each event. Raises ValueError for one that never ends."""
    held = b""
    async for part in content.iter_any():
        held += part
        *lines, held = held.split(b"\n")
        for line in lines:
            if line.startswith(b"data:"):
                yield line[5:].strip()
        if len(held) > _MOST_LINE_BYTES:
            raise ValueError("an event of the stream is too long")
    if held.startswith(b"data:"):
        yield held[5:].strip()
