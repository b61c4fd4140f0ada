"""Requests to one provider: retries with jitter, a breaker, limits, timeouts, streams of events."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakKeyDictionary

from headrace.errors import ProviderError, RetryableError
from headrace.infer.providers.config import ModelConfig
from headrace.infer.providers.pacing import AdaptiveLimit, RateLimiter
from headrace.infer.providers.responses import (
    error_of,
    failure_of,
    parse_body,
    pause_named,
    read_bounded,
)
from headrace.infer.providers.secrets import read_key
from headrace.infer.upstreams.breaker import Breaker
from headrace.infer.upstreams.event_stream import events_of
from headrace.infer.upstreams.hedging import hedged

if TYPE_CHECKING:
    pass

_DONE = b"[DONE]"
_LATE = "in time"


class Answered(NamedTuple):
    """The body of a good response."""

    body: dict[str, Any]
    retries: int
    hedged: bool


class _Lane:
    """What belongs to one event loop."""

    def __init__(self, config: ModelConfig) -> None:
        import aiohttp

        connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=60)
        self.session = aiohttp.ClientSession(connector=connector, read_bufsize=1 << 18)
        self.limiter = RateLimiter(config.requests_per_minute)
        self.limit = AdaptiveLimit(config.max_concurrency, start=max(4, config.max_concurrency // 2))


class Connection:
    """Posts JSON to one provider. Retried: 429, 408, 5xx, connections that fail, timeouts; nothing else."""

    def __init__(self, config: ModelConfig) -> None:
        self.config = config
        self.breaker = Breaker(
            config.name, failures=config.breaker_failures, cooldown_seconds=config.breaker_seconds
        )
        self._lanes: WeakKeyDictionary[asyncio.AbstractEventLoop, _Lane] = WeakKeyDictionary()

    async def post(self, path: str, body: Mapping[str, Any], *, headers: Mapping[str, str]) -> Answered:
        """Post and give the JSON object of the answer. Raises ProviderError."""
        payload = _encode(body)
        if self.config.hedge_after_ms is None:
            return await self._retried(path, payload, headers)
        answered, was_hedged = await hedged(
            lambda: self._retried(path, payload, headers), after_seconds=self.config.hedge_after_ms / 1000
        )
        return answered._replace(hedged=was_hedged)

    async def events(
        self, path: str, body: Mapping[str, Any], *, headers: Mapping[str, str]
    ) -> AsyncGenerator[dict[str, Any], None]:
        """Post and give each event of the stream; tried again as long as nothing has arrived.

        Raises ProviderError, with the cause `half_stream` where a stream broke off.
        """
        payload = _encode(body)
        attempt = 0
        while True:
            arrived = False
            try:
                self.breaker.enter()
                async with aclosing(self._stream(path, payload, headers)) as stream:
                    async for event in stream:
                        arrived = True
                        yield event
                self.breaker.succeeded()
                return
            except ProviderError as error:
                self._note(error)
                wait = None if arrived else self._wait_before(attempt, error)
                if wait is None:
                    error.details["retries"] = attempt
                    raise
            except (asyncio.CancelledError, GeneratorExit):
                self.breaker.left()
                raise
            await asyncio.sleep(wait)
            attempt += 1

    async def close(self) -> None:
        """Close the connections of the running loop; a later request opens new ones."""
        lane = self._lanes.pop(asyncio.get_running_loop(), None)
        if lane is not None:
            await lane.session.close()

    async def _retried(self, path: str, payload: bytes, headers: Mapping[str, str]) -> Answered:
        attempt = 0
        while True:
            try:
                self.breaker.enter()
                body = await self._whole(path, payload, headers)
                self.breaker.succeeded()
                return Answered(body, attempt, False)
            except ProviderError as error:
                self._note(error)
                wait = self._wait_before(attempt, error)
                if wait is None:
                    error.details["retries"] = attempt
                    raise
            except asyncio.CancelledError:
                self.breaker.left()
                raise
            await asyncio.sleep(wait)
            attempt += 1

    def _note(self, error: ProviderError) -> None:
        if error.details.get("cause") != "circuit_open":
            self.breaker.failed(error)

    def _wait_before(self, attempt: int, error: ProviderError) -> float | None:
        """Seconds until the next attempt; None when there is none."""
        if not isinstance(error, RetryableError) or error.details.get("cause") == "circuit_open":
            return None
        lane = self._lane()
        lane.limit.pushed_back()
        asked = error.retry_after_seconds
        if attempt >= self.config.max_retries or (asked or 0.0) > self.config.max_wait_seconds:
            return None
        ceiling = min(self.config.max_wait_seconds, self.config.backoff_seconds * 2**attempt)
        jitter = random.uniform(0.0, ceiling)  # noqa: S311 - spreads load, hides nothing
        if asked is None:
            return jitter
        lane.limiter.pause(asked)
        return asked + jitter * 0.1

    async def _whole(self, path: str, payload: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
        import aiohttp

        key = read_key(self.config)
        lane = self._lane()
        async with lane.limit.slot():
            await lane.limiter.acquire()
            try:
                async with self._request(lane, path, payload, headers, key) as response:
                    text = await read_bounded(response, response.content.iter_any(), self.config)
                    status, seen = response.status, _lower(response.headers)
            except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
                raise failure_of(error, self.config, key=key, late=_LATE) from None
        if not 200 <= status < 300:
            raise error_of(status, text, headers=seen, provider=self.config.name, key=key)
        self._succeeded(lane, seen)
        return parse_body(text, provider=self.config.name, key=key)

    async def _stream(
        self, path: str, payload: bytes, headers: Mapping[str, str]
    ) -> AsyncGenerator[dict[str, Any], None]:
        import aiohttp

        key = read_key(self.config)
        lane = self._lane()
        ended = arrived = False
        async with lane.limit.slot():
            await lane.limiter.acquire()
            try:
                async with self._request(lane, path, payload, headers, key) as response:
                    seen = _lower(response.headers)
                    if not 200 <= response.status < 300:
                        text = await read_bounded(response, response.content.iter_any(), self.config)
                        raise error_of(
                            response.status, text, headers=seen, provider=self.config.name, key=key
                        )
                    async for data in events_of(response.content):
                        if data == _DONE:
                            ended = True
                            break
                        event = parse_body(
                            data.decode("utf-8", "replace"), provider=self.config.name, key=key
                        )
                        arrived = True
                        yield event
                        if event.get("type") == "message_stop":
                            ended = True
                            break
            except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
                failed = failure_of(error, self.config, key=key, late=_LATE)
                if arrived:
                    failed.details["cause"] = "half_stream"
                raise failed from None
        if not ended:
            said = f"Provider {self.config.name!r} ended a stream in its middle."
            raise RetryableError(said, provider=self.config.name, cause="half_stream")
        self._succeeded(lane, seen)

    def _succeeded(self, lane: _Lane, seen: Mapping[str, str]) -> None:
        lane.limit.succeeded()
        pause = pause_named(seen)
        if pause is not None:
            lane.limiter.pause(min(pause, self.config.max_wait_seconds))

    def _request(
        self, lane: _Lane, path: str, payload: bytes, headers: Mapping[str, str], key: str | None
    ) -> Any:
        import aiohttp

        timeout = aiohttp.ClientTimeout(
            total=self.config.timeout_seconds,
            sock_connect=self.config.connect_timeout_seconds,
            sock_read=self.config.idle_timeout_seconds,
        )
        sent = {"Content-Type": "application/json", **headers, **self._authorization(key)}
        url = f"{self.config.base_url.rstrip('/')}/{path.lstrip('/')}"
        return lane.session.post(url, data=payload, headers=sent, timeout=timeout, allow_redirects=False)

    def _authorization(self, key: str | None) -> dict[str, str]:
        if not key:
            return {}
        return {"x-api-key": key} if self.config.api == "anthropic" else {"Authorization": f"Bearer {key}"}

    def _lane(self) -> _Lane:
        loop = asyncio.get_running_loop()
        lane = self._lanes.get(loop)
        if lane is None or lane.session.closed:
            lane = self._lanes[loop] = _Lane(self.config)
        return lane


def _encode(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode("utf-8", errors="replace")


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
