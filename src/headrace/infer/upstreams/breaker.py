"""A circuit breaker: stops asking a model that keeps failing, and lets one request through to try it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Literal

from headrace.errors import ProviderError, RetryableError

State = Literal["closed", "open", "half_open"]
_FATAL = frozenset({"missing_key", "quota", "address"})


class Breaker:
    """Opens after so many failures in a row; after `cooldown_seconds` one request may try."""

    def __init__(
        self,
        provider: str,
        *,
        failures: int,
        cooldown_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._provider = provider
        self._most = failures
        self._cooldown = cooldown_seconds
        self._clock = clock
        self._failures = 0
        self._opened_at: float | None = None
        self._probing = False

    @property
    def state(self) -> State:
        """`half_open` once a request may try again."""
        if self._opened_at is None:
            return "closed"
        return "half_open" if self._clock() - self._opened_at >= self._cooldown else "open"

    def enter(self) -> None:
        """Ask to send a request. Raises RetryableError while the breaker is open."""
        state = self.state
        if state == "closed":
            return
        if state == "open" or self._probing:
            left = max(0.0, self._cooldown - (self._clock() - (self._opened_at or 0.0)))
            raise RetryableError(
                f"Not sent: provider {self._provider!r} failed {self._failures} times in a row.",
                retry_after_seconds=left,
                provider=self._provider,
                cause="circuit_open",
            )
        self._probing = True

    def succeeded(self) -> None:
        """Note an answer."""
        self._failures, self._opened_at, self._probing = 0, None, False

    def failed(self, error: ProviderError) -> None:
        """Note a request that failed for good; one that the provider refused as asked says nothing of it."""
        probing, self._probing = self._probing, False
        fatal = error.details.get("cause") in _FATAL or error.details.get("status") in (401, 402, 403)
        if not fatal and not isinstance(error, RetryableError):
            if probing:
                self.succeeded()
            return
        self._failures += 1
        if probing or self._failures >= self._most:
            self._opened_at = self._clock()

    def left(self) -> None:
        """Note a request that was given up before it had an answer."""
        self._probing = False
