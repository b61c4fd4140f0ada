"""Stops calling a provider that keeps failing, and tries it again after a while."""

from __future__ import annotations

import time

from headrace.errors import ProviderError, RetryableError

_OPEN_AT = 9
_WEIGHT_OF_ALL = _OPEN_AT
_WEIGHT_OF_RETRIED = 3
_WEIGHT_OF_REFUSED = 1
_FATAL_STATUS = frozenset({401, 402, 403, 404})
_FATAL_CAUSES = frozenset({"missing_key", "quota", "address"})


class Circuit:
    """Opens after 3 requests in a row that failed all their attempts, 9 refused texts, or a refused key.

    While it is open nothing is sent. After `cooldown_seconds` requests go through again, and the first that
    fails opens it anew.
    """

    def __init__(self, provider: str, *, cooldown_seconds: float = 30.0) -> None:
        self._provider = provider
        self._cooldown_seconds = cooldown_seconds
        self._score = 0
        self._opened_at = 0.0
        self._last: ProviderError | None = None

    def failed(self, error: ProviderError) -> None:
        """Note a request that failed for good."""
        if error.details.get("status") in _FATAL_STATUS or error.details.get("cause") in _FATAL_CAUSES:
            weight = _WEIGHT_OF_ALL
        else:
            weight = _WEIGHT_OF_RETRIED if isinstance(error, RetryableError) else _WEIGHT_OF_REFUSED
        self._score += weight
        self._last = error
        if self._score >= _OPEN_AT:
            self._opened_at = time.monotonic()

    def succeeded(self) -> None:
        """Note a request that was answered."""
        self._score = 0

    def refusal(self) -> ProviderError | None:
        """Why nothing may be sent now; None when something may."""
        if self._score < _OPEN_AT or self._last is None:
            return None
        if time.monotonic() - self._opened_at >= self._cooldown_seconds:
            self._score = _OPEN_AT - 1
            return None
        message = (
            f"Not sent, since provider {self._provider!r} keeps failing. Its last error: {self._last.message}"
        )
        error = type(self._last)(message, provider=self._provider, cause="circuit_open")
        error.hint = self._last.hint
        return error
