"""The recipe: everything that decides what a generation holds, under one digest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from headrace.ledger.identity import digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Declared components (name, version, configuration) of one way to build an index."""

    parser: Mapping[str, Any]
    chunker: Mapping[str, Any]
    embedder: Mapping[str, Any]
    index: Mapping[str, Any]

    def body(self) -> dict[str, Any]:
        """The recipe as it is stored and hashed."""
        return {
            "parser": dict(self.parser),
            "chunker": dict(self.chunker),
            "embedder": dict(self.embedder),
            "index": dict(self.index),
        }

    @property
    def digest(self) -> str:
        """Its name."""
        return digest("recipe", self.body())
