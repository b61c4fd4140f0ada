"""The recipe: everything that decides what a generation holds, under one digest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    gates: Sequence[Mapping[str, Any]] = ()
    """In their order; a corpus without gates has the recipe it always had."""

    steps: Sequence[Mapping[str, Any]] = ()
    """LLM steps in their order; likewise."""

    def body(self) -> dict[str, Any]:
        """The recipe as it is stored and hashed."""
        gates = {"gates": [dict(gate) for gate in self.gates]} if self.gates else {}
        steps = {"steps": [dict(step) for step in self.steps]} if self.steps else {}
        return (
            gates
            | steps
            | {
                "parser": dict(self.parser),
                "chunker": dict(self.chunker),
                "embedder": dict(self.embedder),
                "index": dict(self.index),
            }
        )

    @property
    def digest(self) -> str:
        """Its name."""
        return digest("recipe", self.body())
