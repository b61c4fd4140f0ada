"""From the name in a recipe to an embedder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from headrace.errors import ConfigError
from headrace.infer.embedders.base import Embedder
from headrace.infer.providers.config import ModelConfig
from headrace.infer.providers.named import provider_config, unknown_name
from headrace.plugins import load, names

EmbedderFactory = Callable[[str], Embedder]
"""A plugin: called with what stands after the colon of its name, or with an empty text."""


def open_embedder(
    name: str,
    *,
    models: Mapping[str, ModelConfig],
    plugins: Mapping[str, EmbedderFactory] | None = None,
) -> Embedder:
    """Open `minilm`, `hash`, `hash:<dimension>`, `<provider>:<model>` or a plugin. Raises ConfigError.

    `plugins` stand before the installed ones of the same name. No network is used, no weights are loaded.
    """
    kind, _, argument = name.partition(":")
    if name == "minilm":
        from headrace.infer.embedders.minilm import MiniLMEmbedder

        return MiniLMEmbedder()
    if kind == "hash":
        return _open_hash(name, argument)
    config = provider_config(name, models=models)
    if config is not None:
        from headrace.infer.embedders.openai import OpenAIEmbedder

        return OpenAIEmbedder(config)
    factory: Callable[..., Any] | None = (plugins or {}).get(kind)
    installed = names("embedder")
    if factory is None and kind in installed:
        factory = load("embedder", kind)
    if factory is None:
        known = ["minilm", "hash", "hash:<dimension>", *(plugins or {}), *installed]
        raise unknown_name("embedder", name, allowed=known, models=models)
    opened = factory(argument)
    if not callable(getattr(opened, "embed", None)):
        raise ConfigError(
            f"The embedder plugin {kind!r} gave a {type(opened).__name__}, which is not an Embedder."
        )
    built: Embedder = opened
    return built


def _open_hash(name: str, argument: str) -> Embedder:
    from headrace.infer.embedders.hash import LARGEST_DIMENSION, SMALLEST_DIMENSION, HashEmbedder

    if name == "hash":
        return HashEmbedder()
    if not argument.isdecimal() or not SMALLEST_DIMENSION <= int(argument) <= LARGEST_DIMENSION:
        allowed = [f"hash:<dimension> with {SMALLEST_DIMENSION} to {LARGEST_DIMENSION}"]
        raise ConfigError(f"{name!r} is not an embedder.", key="embedder", allowed=allowed, nearest="hash:64")
    return HashEmbedder(dimension=int(argument))
