"""Which provider a name such as `openai:text-embedding-3-small` means."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import replace

from headrace.errors import ConfigError
from headrace.infer.providers.config import OPENAI_BASE_URL, OPENAI_KEY_ENV, ModelConfig

OPENAI = "openai"


def provider_config(name: str, *, models: Mapping[str, ModelConfig]) -> ModelConfig | None:
    """The config for `<provider>` or `<provider>:<model>`; None where no such provider is declared.

    A provider is the NAME of a `[models.NAME]` table, or `openai`, which needs no table. Raises ConfigError
    when no model is named on either side.
    """
    provider, _, model = name.partition(":")
    config = models.get(provider)
    if config is None and provider == OPENAI:
        config = ModelConfig(name=OPENAI, base_url=OPENAI_BASE_URL, api_key_env=OPENAI_KEY_ENV)
    if config is None:
        return None
    if not model and not config.model:
        problem = (
            f"{name!r} names no model: write '{provider}:<model>', or set `model` in [models.{provider}]."
        )
        raise ConfigError(problem, key=f"models.{provider}.model")
    return replace(config, model=model or config.model)


def unknown_name(
    what: str, name: str, *, allowed: Iterable[str], models: Mapping[str, ModelConfig]
) -> ConfigError:
    """The error for a name that is neither built in, nor a plugin, nor a provider."""
    choices = [*allowed, *(f"{provider}:<model>" for provider in sorted({*models, OPENAI}))]
    near = difflib.get_close_matches(
        name.partition(":")[0], [choice.partition(":")[0] for choice in choices], n=1
    )
    return ConfigError(f"No {what} {name!r}.", key=what, allowed=choices, nearest=near[0] if near else None)
