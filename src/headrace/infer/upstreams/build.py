"""From the name of a model to what answers for it."""

from __future__ import annotations

from collections.abc import Mapping

from headrace.infer.providers.config import ModelConfig
from headrace.infer.providers.named import provider_config, unknown_name
from headrace.infer.upstreams.base import Upstream


def open_upstream(name: str, *, models: Mapping[str, ModelConfig]) -> tuple[Upstream, ModelConfig]:
    """Open `<provider>` or `<provider>:<model>`. Raises ConfigError."""
    config = provider_config(name, models=models)
    if config is None:
        raise unknown_name("model", name, allowed=["extractive"], models=models)
    if config.api == "anthropic":
        from headrace.infer.upstreams.anthropic import AnthropicUpstream

        return AnthropicUpstream(config), config
    from headrace.infer.upstreams.openai import OpenAIUpstream

    return OpenAIUpstream(config), config
