"""Keys of a recipe given on the command line, checked as if they stood in headrace.toml."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from headrace.config.base import CorpusConfig, RecipeConfig
from headrace.config.corpora import read_recipe
from headrace.config.table import Table, nearest
from headrace.errors import ConfigError, UsageError
from headrace.infer.providers.config import ModelConfig


def recipe_with(
    corpus: CorpusConfig, given: Mapping[str, str], *, models: Mapping[str, ModelConfig]
) -> dict[str, Any]:
    """The recipe of a corpus with some keys given otherwise, as `[corpus.NAME.recipe]` would hold it.

    Raises UsageError for an unknown key or a value that does not fit.
    """
    kinds = {item.name: item.type for item in dataclasses.fields(RecipeConfig)}
    values: dict[str, Any] = settings_of(corpus.recipe)
    if "chunk_tokens" in given:
        del values["chunk_overlap"]  # as in the file, it follows the length unless it is given too
    for key, text in given.items():
        if key not in kinds:
            close = nearest(key, kinds)
            raise UsageError(
                f"{key!r} is not a key of a recipe. Allowed: {', '.join(sorted(kinds))}.",
                hint=f"Did you mean {close!r}?"
                if close
                else "headrace index build --recipe chunk_tokens=128",
            )
        values[key] = _value(text, str(kinds[key]))
    table = Table(values=values, path=("recipe",), file="", lines={})
    try:
        return settings_of(read_recipe(table, models))
    except ConfigError as error:
        hint = error.hint if error.hint.startswith("Did you mean") else "Give another value with --recipe."
        raise UsageError(error.message.removeprefix(":1: "), hint=hint) from error


def settings_of(recipe: RecipeConfig) -> dict[str, Any]:
    """A recipe's keys and values."""
    return {item.name: getattr(recipe, item.name) for item in dataclasses.fields(recipe)}


def _value(text: str, kind: str) -> str | int | bool:
    if kind == "int" and text.lstrip("-").isdecimal():
        return int(text)
    if kind == "bool" and text in ("true", "false"):
        return text == "true"
    return text
