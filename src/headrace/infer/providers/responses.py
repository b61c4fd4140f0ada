"""What a response means: which error it is, and how long the provider asks to wait."""

from __future__ import annotations

import email.utils
import json
import re
import time
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Any

from headrace.errors import ProviderError, RetryableError, TerminalError
from headrace.infer.providers.secrets import excerpt

if TYPE_CHECKING:
    import aiohttp

    from headrace.infer.providers.config import ModelConfig

RETRYABLE_STATUS = frozenset({408, 409, 425, 429})
_QUOTA_CODES = frozenset({"insufficient_quota", "billing_hard_limit_reached"})
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d*)?")
_UNIT_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


async def read_bounded(
    response: aiohttp.ClientResponse, parts: AsyncIterator[bytes], config: ModelConfig
) -> str:
    """The body of a response as text; `parts` are its bytes as they arrive.

    Raises TerminalError where it is longer than `max_response_bytes`.
    """
    kept: list[bytes] = []
    size = 0
    async for part in parts:
        size += len(part)
        if size > config.max_response_bytes:
            response.close()
            raise TerminalError(
                f"Provider {config.name!r} answered with more than {config.max_response_bytes} bytes.",
                hint="Raise max_response_bytes of the [models] table, or ask for less.",
                provider=config.name,
                cause="too_large",
            )
        kept.append(part)
    return b"".join(kept).decode("utf-8", errors="replace")


def failure_of(error: Exception, config: ModelConfig, *, key: str | None, late: str) -> ProviderError:
    """The error of a request that got no whole response; `late` says how long it was waited for."""
    import aiohttp

    name, where = config.name, config.base_url
    if isinstance(error, TimeoutError):
        said = f"Provider {name!r} at {where} did not answer {late}."
        return RetryableError(said, provider=name, cause="timeout")
    cause = excerpt(str(error) or type(error).__name__, key)
    said = f"Provider {name!r} at {where} could not be reached: {cause}."
    if isinstance(error, aiohttp.ClientSSLError | aiohttp.InvalidURL | ValueError):
        hint = "Check base_url and the certificate."
        return TerminalError(said, hint=hint, provider=name, cause="address")
    return RetryableError(said, provider=name, cause="connection")


def parse_duration(text: str) -> float | None:
    """Seconds of `20ms`, `6m0s` or `1.5`; None when it is none of these."""
    text = text.strip()
    if _NUMBER.fullmatch(text):
        return max(0.0, float(text))
    parts = _DURATION.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        return None
    return sum(float(number) * _UNIT_SECONDS[unit] for number, unit in parts)


def _parse_retry_after(value: str) -> float | None:
    seconds = parse_duration(value)
    if seconds is not None:
        return seconds
    try:
        moment = email.utils.parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, moment.timestamp() - time.time())


def wait_asked(headers: Mapping[str, str]) -> float | None:
    """Seconds the provider asks to wait: Retry-After first, then the resets of its exhausted limits."""
    milliseconds = parse_duration(headers.get("retry-after-ms", ""))
    if milliseconds is not None:
        return milliseconds / 1000
    if "retry-after" in headers:
        return _parse_retry_after(headers["retry-after"])
    waits: list[float] = []
    for limit in ("requests", "tokens"):
        if headers.get(f"x-ratelimit-remaining-{limit}", "0").strip() == "0":
            seconds = parse_duration(headers.get(f"x-ratelimit-reset-{limit}", ""))
            waits += [] if seconds is None else [seconds]
    return max(waits, default=None)


def pause_named(headers: Mapping[str, str]) -> float | None:
    """Seconds until a limit that a good response says is used up begins anew; None where none is."""
    waits: list[float] = []
    for limit in ("requests", "tokens"):
        if headers.get(f"x-ratelimit-remaining-{limit}", "").strip() == "0":
            seconds = parse_duration(headers.get(f"x-ratelimit-reset-{limit}", ""))
            waits += [] if seconds is None else [seconds]
    return max(waits, default=None)


def _error_facts(text: str) -> tuple[str, str]:
    """Message and code of an OpenAI-shaped error body; the text itself when it has another shape."""
    try:
        error = json.loads(text)["error"]
    except (ValueError, KeyError, TypeError):
        return text, ""
    if isinstance(error, Mapping):
        return str(error.get("message") or error), str(error.get("code") or error.get("type") or "")
    return str(error), ""


def error_of(
    status: int, text: str, *, headers: Mapping[str, str], provider: str, key: str | None
) -> ProviderError:
    """The error that a response with a status other than 2xx is."""
    said, code = _error_facts(text)
    message = f"Provider {provider!r} answered {status}: {excerpt(said, key) or 'with an empty body'}"
    if status in RETRYABLE_STATUS or status >= 500:
        if code in _QUOTA_CODES:
            hint = "The account has no quota left: raise it at the provider."
            return TerminalError(message, hint=hint, provider=provider, status=status, cause="quota")
        wait = wait_asked(headers)
        return RetryableError(message, retry_after_seconds=wait, provider=provider, status=status)
    hints = {
        401: "Check the key in the environment variable named by api_key_env.",
        403: "The key may not use this model; check its permissions at the provider.",
        404: "Check base_url and model of the [models] table.",
    }
    hint = hints.get(status, "The provider refused the request as it was asked.")
    return TerminalError(message, hint=hint, provider=provider, status=status)


def parse_body(text: str, *, provider: str, key: str | None) -> dict[str, Any]:
    """The JSON object of a 2xx response. Raises TerminalError when it is something else."""
    try:
        body = json.loads(text)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise TerminalError(
            f"Provider {provider!r} answered what is not a JSON object: {excerpt(text, key)!r}.",
            hint="Check that base_url is an OpenAI-compatible API.",
            provider=provider,
            cause="malformed",
        )
    if body.get("error"):
        said, _ = _error_facts(text)
        message = f"Provider {provider!r} answered 200 with an error: {excerpt(said, key)}"
        raise TerminalError(message, provider=provider, cause="error")
    return body
