"""What an answer costs: by the prices of the configuration, else by the table that genai-prices ships."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from headrace.infer.providers.config import ModelConfig

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one answer cost."""

    micro: int
    """Millionths of the currency."""
    currency: str
    prices: str
    """Where the prices come from: `config`, or `genai-prices <version>`."""


def cost_of(
    config: ModelConfig,
    model: str,
    *,
    input_tokens: int | None,
    output_tokens: int | None,
    cached_tokens: int | None = None,
) -> Cost | None:
    """The cost of an answer; None where tokens or prices are not known."""
    if input_tokens is None or output_tokens is None:
        return None
    own_in, own_out = config.price_per_million_input_tokens, config.price_per_million_output_tokens
    if own_in is not None or own_out is not None:
        micro = input_tokens * (own_in or 0.0) + output_tokens * (own_out or 0.0)
        return Cost(micro=round(micro), currency=config.currency, prices="config")
    if urlsplit(config.base_url).hostname in _LOOPBACK:
        return None
    if not _known(config.base_url, model):
        return None
    from genai_prices import Usage, calc_price

    usage = Usage(
        input_tokens=input_tokens, output_tokens=output_tokens, cache_read_tokens=cached_tokens or None
    )
    found = calc_price(usage, model_ref=model, provider_api_url=config.base_url)
    return Cost(micro=round(found.total_price * 1_000_000), currency="USD", prices=_version())


@lru_cache(maxsize=256)
def _known(base_url: str, model: str) -> bool:
    from genai_prices import Usage, calc_price

    none: Any = Usage(input_tokens=0, output_tokens=0)
    try:
        calc_price(none, model_ref=model, provider_api_url=base_url)
    except LookupError:
        return False
    return True


@lru_cache(maxsize=1)
def _version() -> str:
    from importlib.metadata import version

    return f"genai-prices {version('genai-prices')}"
