"""`workspace.index`: the operations on generations, one call each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headrace.flows.index.parts import IndexParts
    from headrace.records.generations import GenerationDetail, GenerationList
    from headrace.records.metadata import BackfillReport, FieldDecision
    from headrace.records.sync import SyncProgress


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

    def backfill_metadata(
        self,
        field: str | None = None,
        *,
        corpus: str | None = None,
        progress: Callable[[SyncProgress], None] | None = None,
    ) -> BackfillReport:
        """Fill metadata fields that were declared after documents were indexed; embeds nothing.

        With a field only the documents that lack it are read again. Raises NotFoundError, Withheld.
        """
        from headrace.ingest.sync.backfill import backfill_metadata

        context = self.parts.context(self.parts.corpus(corpus))
        return backfill_metadata(replace(context, progress=progress), field)

    def drop_field(self, field: str, *, corpus: str | None = None, confirmed: bool = False) -> FieldDecision:
        """Decide that a metadata field goes; its values leave the index with the next backfill.

        Raises UsageError while it is declared, NotFoundError, and Withheld where it is in use and that is not
        `confirmed`.
        """
        from headrace.ingest.sync.declared import drop_field

        return drop_field(self.parts.context(self.parts.corpus(corpus)), field, confirmed=confirmed)

    def retype_field(
        self, field: str, *, corpus: str | None = None, confirmed: bool = False
    ) -> FieldDecision:
        """Decide that a metadata field gets the type that headrace.toml declares by now.

        Raises NotFoundError, and Withheld where it is in use and that is not `confirmed`.
        """
        from headrace.ingest.sync.declared import retype_field

        return retype_field(self.parts.context(self.parts.corpus(corpus)), field, confirmed=confirmed)
