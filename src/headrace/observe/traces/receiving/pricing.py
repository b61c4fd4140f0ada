"""What a call cost that came without its cost, by the table that genai-prices ships."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple


class Rates(NamedTuple):
    """Prices of a model in dollars a million tokens, which are micro-dollars a token."""

    input: float
    output: float
    cached: float
    prices: str
    """Where they come from."""


def cost_micro(
    model: str, provider: str | None, *, tokens: tuple[int, int], cached: int = 0
) -> tuple[int, str] | None:
    """Millionths of a dollar for tokens read and written, and where prices come from; None if unknown."""
    try:
        rates = _rates(model, provider)
    except (LookupError, ValueError, TypeError):  # no such model: its cost is not known
        return None
    if rates is None:
        return _exact(model, provider, tokens, cached)
    plain = max(0, tokens[0] - cached)
    return round(plain * rates.input + cached * rates.cached + tokens[1] * rates.output), rates.prices


@lru_cache(maxsize=512)
def _rates(model: str, provider: str | None) -> Rates | None:
    """The prices of a model; None where they depend on how much is asked."""
    found = _calculated(model, provider, (1000, 1000), 0)
    price = found.model_price
    per = [getattr(price, name, None) for name in ("input_mtok", "output_mtok")]
    cached = getattr(price, "cache_read_mtok", None)
    if not all(isinstance(value, Decimal) for value in per) or not isinstance(cached, Decimal | None):
        return None
    extras = ("requests_kcount", "input_audio_mtok")
    if getattr(price, extras[0], None):
        return None
    given, wrote = float(per[0] or 0), float(per[1] or 0)
    return Rates(given, wrote, float(cached) if cached is not None else given, _version())


def _exact(model: str, provider: str | None, tokens: tuple[int, int], cached: int) -> tuple[int, str] | None:
    found = _calculated(model, provider, tokens, cached)
    return round(found.total_price * 1_000_000), _version()


@lru_cache(maxsize=512)
def _unknown(model: str, provider: str | None) -> bool:
    try:
        _priced(model, provider, (0, 0), 0)
    except (LookupError, ValueError):
        return True
    return False


def _calculated(model: str, provider: str | None, tokens: tuple[int, int], cached: int) -> Any:
    if _unknown(model, provider):  # remembered, as looking is slow
        raise LookupError(model)
    return _priced(model, provider, tokens, cached)


def _priced(model: str, provider: str | None, tokens: tuple[int, int], cached: int) -> Any:
    from genai_prices import Usage, calc_price

    usage = Usage(input_tokens=tokens[0], output_tokens=tokens[1], cache_read_tokens=cached or None)
    return calc_price(usage, model_ref=model, provider_id=provider)


@lru_cache(maxsize=1)
def _version() -> str:
    from importlib.metadata import version

    return f"genai-prices {version('genai-prices')}"
