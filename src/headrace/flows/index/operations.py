"""`workspace.index`: the operations on generations, one call each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headrace.flows.index.parts import IndexParts
    from headrace.records.generations import GenerationDetail, GenerationList


@dataclass(frozen=True, slots=True)
class IndexOperations:
    """What can be done with the index of a workspace, beside syncing it."""

    parts: IndexParts

    def list(self, corpus: str | None = None) -> GenerationList:
        """Every generation of a corpus, or of all, oldest first. Raises NotFoundError."""
        from headrace.flows.index.listing import list_generations

        return list_generations(self.parts, corpus)

    def show(self, generation: str) -> GenerationDetail:
        """One generation with its recipe and history. Raises NotFoundError."""
        from headrace.flows.index.listing import show

        return show(self.parts, generation)
