"""The models that a workspace calls, each opened at its first use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from headrace.infer.gateway.extractive import ExtractiveUpstream
from headrace.infer.models.build import EXTRACTIVE
from headrace.infer.providers.config import ModelConfig
from headrace.infer.upstreams.base import Upstream
from headrace.infer.upstreams.build import open_upstream


class Opened(NamedTuple):
    """A model that can be asked."""

    upstream: Upstream
    config: ModelConfig | None
    """None for what runs here and costs nothing."""


class Upstreams:
    """Opens models by name and keeps them."""

    def __init__(self, models: Mapping[str, ModelConfig]) -> None:
        self._models = models
        self._opened: dict[str, Opened] = {}

    def __call__(self, name: str) -> Opened:
        """The model of a name. Raises ConfigError."""
        found = self._opened.get(name)
        if found is None:
            found = Opened(ExtractiveUpstream(), None) if name == EXTRACTIVE else self._open(name)
            self._opened[name] = found
        return found

    def breakers(self) -> dict[str, str]:
        """The state of each model's breaker, by name."""
        found = ((name, getattr(item.upstream, "connection", None)) for name, item in self._opened.items())
        return {name: connection.breaker.state for name, connection in found if connection is not None}

    async def close(self) -> None:
        """Give back the connections of the running loop."""
        for opened in self._opened.values():
            await opened.upstream.close()

    def _open(self, name: str) -> Opened:
        return Opened(*open_upstream(name, models=self._models))
