"""From the name in the configuration to a model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from headrace.errors import ConfigError
from headrace.infer.models.base import Model
from headrace.infer.providers.config import ModelConfig
from headrace.infer.providers.named import provider_config, unknown_name
from headrace.plugins import load, names

if TYPE_CHECKING:
    from headrace.infer.models.relevance import Embed

ModelFactory = Callable[[str], Model]
"""A plugin: called with what stands after the colon of its name, or with an empty text."""

EXTRACTIVE = "extractive"


def open_model(
    name: str,
    *,
    models: Mapping[str, ModelConfig],
    plugins: Mapping[str, ModelFactory] | None = None,
    embed: Embed | None = None,
) -> Model:
    """Open `extractive`, `<provider>`, `<provider>:<model>` or a plugin. Raises ConfigError.

    `embed` gives `extractive` a sense of meaning. `plugins` stand before the installed ones of the same name.
    """
    kind, _, argument = name.partition(":")
    if name == EXTRACTIVE:
        from headrace.infer.models.extractive import ExtractiveModel

        return ExtractiveModel(embed=embed)
    config = provider_config(name, models=models)
    if config is not None:
        if config.api != "openai":
            raise ConfigError(
                f"`ask` cannot speak the API of model {config.name!r} ({config.api}); calls can.",
                key="ask.model",
            )
        from headrace.infer.models.openai import OpenAIModel

        return OpenAIModel(config)
    factory: Callable[..., Any] | None = (plugins or {}).get(kind)
    installed = names("model")
    if factory is None and kind in installed:
        factory = load("model", kind)
    if factory is None:
        raise unknown_name("model", name, allowed=[EXTRACTIVE, *(plugins or {}), *installed], models=models)
    opened = factory(argument)
    if not callable(getattr(opened, "generate", None)):
        raise ConfigError(f"The model plugin {kind!r} gave a {type(opened).__name__}, which is not a Model.")
    built: Model = opened
    return built
