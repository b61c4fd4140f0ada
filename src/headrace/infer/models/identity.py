"""What a model's name means as configured, without opening it."""

from __future__ import annotations

from collections.abc import Mapping

from headrace.infer.models.build import EXTRACTIVE
from headrace.infer.models.extractive import REVISION, WITH_VECTORS
from headrace.infer.providers.config import ModelConfig
from headrace.infer.providers.named import provider_config, unknown_name
from headrace.plugins import names


def model_identity(name: str, *, models: Mapping[str, ModelConfig]) -> str:
    """`<provider>:<model>` with the declared revision, or the name of a built-in model or a plugin.

    Raises ConfigError for a name that means nothing.
    """
    if name == EXTRACTIVE:
        return f"{EXTRACTIVE}@{REVISION}"
    config = provider_config(name, models=models)
    if config is not None:
        return f"{config.name}:{config.model}" + (f"@{config.revision}" if config.revision else "")
    installed = names("model")
    if name.partition(":")[0] in installed:
        return name
    raise unknown_name("model", name, allowed=[EXTRACTIVE, *installed], models=models)


def answering_identity(name: str, *, models: Mapping[str, ModelConfig]) -> str:
    """The same of a model as `ask` opens it: the built-in one borrows the embedder of the corpus."""
    identity = model_identity(name, models=models)
    return f"{identity}{WITH_VECTORS}" if name == EXTRACTIVE else identity
