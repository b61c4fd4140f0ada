"""How one provider is reached, as `[models.NAME]` declares it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields
from typing import Literal
from urllib.parse import urlsplit

from headrace.errors import ConfigError

OPENAI_BASE_URL = "https://api.openai.com/v1"
OPENAI_KEY_ENV = "OPENAI_API_KEY"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelConfig:
    """One OpenAI-compatible endpoint. Holds the name of the key's environment variable, never the key."""

    name: str
    """Name of the `[models.NAME]` table; stands for the provider in fingerprints."""
    base_url: str
    """Up to and including the version, such as `https://api.openai.com/v1`."""
    api: Literal["openai", "anthropic"] = "openai"
    """Whose API it speaks: OpenAI's, as most do, or Anthropic's Messages API."""
    model: str = ""
    """Model id sent with each request."""
    revision: str = ""
    """Declared version of the weights, for providers that change them under one name."""
    api_key_env: str | None = None
    """Environment variable that holds the key; None sends no key."""
    timeout_seconds: float = field(default=60.0, metadata={"minimum": 0.001})
    """Longest time for one attempt."""
    connect_timeout_seconds: float = field(default=10.0, metadata={"minimum": 0.001})
    """Longest time until a connection stands; for calls."""
    idle_timeout_seconds: float = field(default=60.0, metadata={"minimum": 0.001})
    """Longest silence: until the first byte, and between two pieces of a stream; for calls."""
    max_retries: int = field(default=4, metadata={"minimum": 0})
    """Further attempts after the first one."""
    backoff_seconds: float = field(default=0.5, metadata={"minimum": 0})
    """Upper bound of the first wait between attempts; doubles each time, drawn uniformly from 0."""
    max_wait_seconds: float = field(default=60.0, metadata={"minimum": 0})
    """Longest wait between attempts; a provider that asks for more is given up on."""
    breaker_failures: int = field(default=5, metadata={"minimum": 1})
    """Calls stop asking after so many failed requests in a row…"""
    breaker_seconds: float = field(default=30.0, metadata={"minimum": 0.001})
    """…for so long; then one request tries again."""
    hedge_after_ms: int | None = field(default=None, metadata={"minimum": 1})
    """Send a call's request a second time when no answer came within so long; None never does."""
    structured: Literal["off", "json_object", "json_schema"] = "off"
    """How calls ask for JSON of their schema; `off` leaves it to the prompt. Anthropic: by a tool."""
    requests_per_minute: float | None = field(default=None, metadata={"minimum": 0.001})
    """Rate limit kept on this side; None means none."""
    max_concurrency: int = field(default=8, metadata={"minimum": 1})
    """Most requests in flight; fewer while the provider pushes back."""
    max_response_bytes: int = field(default=64 * 1024 * 1024, metadata={"minimum": 1024})
    """A longer response is refused."""
    dimensions: int | None = field(default=None, metadata={"minimum": 1})
    """Length of the vectors; None takes what the model is known to give, or asks it once."""
    send_dimensions: bool = True
    """Whether a declared `dimensions` goes into the request; off for servers that refuse the parameter."""
    base64_vectors: bool = True
    """Whether vectors are asked for in base64, a quarter of the size; either form is understood."""
    max_batch_texts: int = field(default=128, metadata={"minimum": 1})
    """Most texts in one embedding request."""
    max_batch_tokens: int = field(default=100_000, metadata={"minimum": 1})
    """Most estimated tokens in one embedding request."""
    max_input_tokens: int | None = field(default=None, metadata={"minimum": 1})
    """Longest text the model reads; None when unknown."""
    document_prefix: str = ""
    """Put before each document text, for models trained with instructions."""
    query_prefix: str = ""
    """Put before each query."""
    price_per_million_input_tokens: float | None = field(default=None, metadata={"minimum": 0})
    """In `currency`; None when unknown."""
    price_per_million_output_tokens: float | None = field(default=None, metadata={"minimum": 0})
    """In `currency`; None when unknown."""
    currency: str = "USD"
    """What the provider bills in, three capital letters."""

    def __post_init__(self) -> None:
        parts = urlsplit(self.base_url)
        problem = ""
        if not re.fullmatch("[A-Z]{3}", self.currency):
            problem = f"currency of model {self.name!r} is {self.currency!r}; write three capitals, as EUR."
            raise ConfigError(problem, key=f"models.{self.name}.currency")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            problem = "is not an http or https address"
        elif parts.username or parts.password or parts.query or parts.fragment:
            problem = "holds credentials or a query; name the key's environment variable in api_key_env"
        if problem:
            problem = f"base_url of model {self.name!r} {problem}."
            raise ConfigError(problem, key=f"models.{self.name}.base_url")
        for item in fields(self):
            value, minimum = getattr(self, item.name), item.metadata.get("minimum")
            if minimum is not None and value is not None and value < minimum:
                problem = f"{item.name} of model {self.name!r} is {value}; it must be {minimum} or more."
                raise ConfigError(problem, key=f"models.{self.name}.{item.name}")
