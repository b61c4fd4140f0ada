"""A small HTTP client for OpenAI-compatible services: one JSON object in, one out, or a ProviderError."""

from __future__ import annotations

import asyncio
import json
import os
import random
from collections.abc import Mapping
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from headrace.errors import RetryableError
from headrace.infer.providers.config import ModelConfig
from headrace.infer.providers.pacing import AdaptiveLimit, RateLimiter
from headrace.infer.providers.portal import portal
from headrace.infer.providers.responses import (
    error_of,
    failure_of,
    parse_body,
    pause_named,
    read_bounded,
)
from headrace.infer.providers.secrets import read_key

if TYPE_CHECKING:
    import aiohttp


_INHERITED: list[aiohttp.ClientSession | None] = []
"""Sessions of a parent process, kept from being collected in a forked child."""


class OpenAIClient:
    """Posts JSON to one provider with retries, a rate limit and a bounded response.

    Retried with exponential backoff and full jitter: 429, 408, 5xx, connections that fail or drop, timeouts.
    Never retried: other 4xx, bodies that are not JSON. Redirects are not followed:
    the key goes nowhere else.
    """

    def __init__(self, config: ModelConfig) -> None:
        self.config = config
        self._reset()

    def _reset(self) -> None:
        self._pid = os.getpid()
        self._session: aiohttp.ClientSession | None = None
        self._limiter = RateLimiter(self.config.requests_per_minute)
        self._limit = AdaptiveLimit(self.config.max_concurrency)

    def __repr__(self) -> str:
        return f"OpenAIClient({self.config.name!r})"

    def call(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Post from synchronous code and wait. Raises ProviderError."""
        return self.submit(path, body).result()

    def submit(self, path: str, body: Mapping[str, Any]) -> Future[dict[str, Any]]:
        """Post from synchronous code without waiting."""
        if self._pid != os.getpid():
            # Collecting the parent's session here would take its sockets out of the epoll both still share.
            _INHERITED.append(self._session)
            self._reset()
        return portal().submit(self.post(path, body))

    async def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Post with retries on the portal's loop; `path` is relative to base_url. Raises ProviderError."""
        payload = json.dumps(body, ensure_ascii=False).encode("utf-8", errors="replace")
        attempt = 0
        while True:
            try:
                return await self._attempt(path, payload)
            except RetryableError as error:
                wait = self._wait_before(attempt, error)
                if wait is None:
                    error.details["attempts"] = attempt + 1
                    raise
            await asyncio.sleep(wait)
            attempt += 1

    def _wait_before(self, attempt: int, error: RetryableError) -> float | None:
        """Seconds to wait before the next attempt; None when there is none."""
        self._limit.pushed_back()
        asked = error.retry_after_seconds
        if attempt >= self.config.max_retries or (asked or 0.0) > self.config.max_wait_seconds:
            return None
        ceiling = min(self.config.max_wait_seconds, self.config.backoff_seconds * 2**attempt)
        jitter = random.uniform(0.0, ceiling)  # noqa: S311 - spreads load, hides nothing
        if asked is None:
            return jitter
        self._limiter.pause(asked)
        return asked + jitter * 0.1

    async def _attempt(self, path: str, payload: bytes) -> dict[str, Any]:
        import aiohttp

        key = read_key(self.config)
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
        url = f"{self.config.base_url.rstrip('/')}/{path.lstrip('/')}"
        async with self._limit.slot():
            await self._limiter.acquire()
            try:
                timeout = aiohttp.ClientTimeout(total=self.config.timeout_seconds)
                request = self._open_session().post(
                    url, data=payload, headers=headers, timeout=timeout, allow_redirects=False
                )
                async with request as response:
                    text = await read_bounded(response, response.content.iter_chunked(1 << 16), self.config)
                    status, seen = response.status, {name.lower(): v for name, v in response.headers.items()}
            except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
                late = f"within {self.config.timeout_seconds} s"
                raise failure_of(error, self.config, key=key, late=late) from None
        if not 200 <= status < 300:
            raise error_of(status, text, headers=seen, provider=self.config.name, key=key)
        self._limit.succeeded()
        pause = pause_named(seen)
        if pause is not None:
            self._limiter.pause(min(pause, self.config.max_wait_seconds))
        return parse_body(text, provider=self.config.name, key=key)

    def _open_session(self) -> aiohttp.ClientSession:
        import aiohttp

        if self._session is None or self._session.closed:
            connector = aiohttp.TCPConnector(limit=self.config.max_concurrency)
            self._session = aiohttp.ClientSession(connector=connector)
        return self._session

    def close(self) -> None:
        """Close the connections; a later call opens new ones."""
        session, self._session = self._session, None
        if session is not None and self._pid == os.getpid():
            portal().run(session.close())
