"""`workspace.index`: the operations on generations, one call each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headrace.flows.index.parts import IndexParts
    from headrace.records.embedding import ProbeReport
    from headrace.records.generations import (
        BuildReport,
        CompareReport,
        GenerationDetail,
        GenerationList,
        OptimizeReport,
        PruneReport,
        SwitchReport,
        VerifyReport,
    )
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
        from headrace.ingest.sync.late_fields import backfill_metadata

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

    def build(
        self,
        corpus: str | None = None,
        *,
        recipe: Mapping[str, str] | None = None,
        fresh: bool = False,
        throttle: float | None = None,
        progress: Callable[[SyncProgress], None] | None = None,
    ) -> BuildReport:
        """Make a generation beside the one that serves, and read every document of the sources into it.

        `recipe` gives keys of `[corpus.NAME.recipe]` otherwise, as text; `throttle` is the most documents a
        second; `fresh` makes another generation of a recipe that serves already. From its creation on every
        sync writes it too. A build that ended early goes on. Raises UsageError, NotFoundError.
        """
        from headrace.flows.index.build import build
        from headrace.ingest.sync.backfill import Pace

        pace = Pace(documents_per_second=throttle)
        return build(self.parts, corpus=corpus, recipe=recipe, fresh=fresh, pace=pace, progress=progress)

    def compare(self, a: str, b: str, *, k: int = 10, queries: int = 50) -> CompareReport:
        """Hold generation b against a, which serves or stands for it, on recent queries and a golden set.

        Records no call. Raises NotFoundError, UsageError.
        """
        from headrace.flows.index.compare import compare

        return compare(self.parts, a, b, k=k, queries=queries)

    def cutover(
        self,
        generation: str | None = None,
        *,
        corpus: str | None = None,
        force: bool = False,
        reason: str = "",
    ) -> SwitchReport:
        """Let a generation serve, by default the one in validating, if it compares well with what does.

        Raises Withheld when the comparison does not pass, unless forced with a reason; UsageError,
        NotFoundError, RefConflict.
        """
        from headrace.flows.index.switch import cutover

        return cutover(self.parts, generation, corpus=corpus, force=force, reason=reason)

    def rollback(self, corpus: str | None = None, *, force: bool = False, reason: str = "") -> SwitchReport:
        """Let the generation serve again that did before. It was kept in step, so what it gives is current.

        Raises Withheld when it is not in step any more, unless forced with a reason; UsageError.
        """
        from headrace.flows.index.switch import rollback

        return rollback(self.parts, corpus, force=force, reason=reason)

    def verify(
        self,
        generation: str | None = None,
        *,
        corpus: str | None = None,
        repair: bool = False,
        sources: bool = True,
    ) -> VerifyReport:
        """Recount a generation, by default the one that serves, against the ledger and the sources.

        With `repair` the documents that are wrong in the index are written anew, and no others. Raises
        NotFoundError, UsageError; with `repair` also LeaseHeld.
        """
        from headrace.flows.index.verify import verify

        return verify(self.parts, generation, corpus=corpus, mend=repair, sources=sources)

    def prune(
        self, generation: str | None = None, *, corpus: str | None = None, dry_run: bool = False
    ) -> PruneReport:
        """Remove files and rows of retired generations that are out of their time, or of one named.

        Never of one that serves or that a rollback may go back to. Raises NotFoundError, UsageError,
        LeaseHeld.
        """
        from headrace.flows.index.prune import prune

        return prune(self.parts, generation, corpus=corpus, dry_run=dry_run)

    def optimize(
        self,
        generation: str | None = None,
        *,
        corpus: str | None = None,
        keep_versions: timedelta = timedelta(hours=1),
    ) -> OptimizeReport:
        """Merge fragments, complete indices and remove old versions, by default of the one that serves.

        Younger versions stay for readers that are on them, tagged ones for good. Raises NotFoundError,
        UsageError, LeaseHeld.
        """
        from headrace.flows.index.optimize import optimize

        return optimize(self.parts, generation, corpus=corpus, keep_versions=keep_versions)

    def probe(self, corpus: str | None = None, *, probes: int = 20, history: bool = False) -> ProbeReport:
        """Ask what serves for titles and telling sentences of random documents, and keep how many it found.

        With `history` the earlier rounds are read, and none is made. Raises NotFoundError.
        """
        from headrace.flows import probing

        parts = self.parts.probing()
        return probing.history(parts, corpus) if history else probing.probe(parts, corpus, count=probes)
