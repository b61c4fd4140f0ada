"""What a sync works with; the workspace puts it together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol

from headrace.infer.embedders.base import Embedder
from headrace.infer.embedders.budget import Spending
from headrace.infer.embedders.store import EmbeddingStore
from headrace.ingest.gates.gating import Gating
from headrace.ingest.index.generation import IndexConfig, Upkeep
from headrace.ingest.sources.base import Source
from headrace.ingest.steps.judging import Judging
from headrace.ingest.steps.outputs import Outputs
from headrace.ingest.steps.running import Stepping
from headrace.ingest.sync.access import AccessRules
from headrace.ingest.sync.comparison import Comparison
from headrace.ingest.sync.keep_out import KeepOut
from headrace.ingest.sync.prepare import ChunkMany, Making, ParseMany
from headrace.ingest.sync.recipe import Recipe
from headrace.records.metadata import NOTHING_DECLARED, MetadataSchema
from headrace.records.sync import SyncProgress

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.ledger.ledger import Ledger, Write


class Serving(Protocol):
    """The environment's one pointer, as far as a sync needs it."""

    def generation(self, conn: Connection, corpus: str) -> str | None:
        """The generation of a corpus that serves now."""
        ...

    def serve(self, tx: Write, corpus: str, generation: str, *, reason: str) -> None:
        """Mint a release with this generation and move the pointer to it, by compare-and-set."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncContext:
    """One corpus with everything that its sync needs."""

    corpus: str
    ledger: Ledger
    sources: Sequence[Source]
    access: AccessRules
    recipe: Recipe
    settings: Mapping[str, Any]
    """The keys of `[corpus.NAME.recipe]` that make this recipe."""
    with_settings: Callable[[Mapping[str, Any]], SyncContext]
    """The same corpus by another recipe. Raises HeadraceError where that cannot be had any more."""
    embedder: Embedder
    embeddings: EmbeddingStore
    parse_many: ParseMany
    chunk_many: ChunkMany
    index_config: IndexConfig
    location: Callable[[str], str]
    """Generation id to the place of its table."""
    serving: Serving
    actor: str
    metadata: MetadataSchema = NOTHING_DECLARED
    """What the configuration declares; a sync adds the fields that were dropped by decision."""
    recent_filters: Callable[[], Sequence[str]] = tuple
    """Filters of the recent searches and answers over this corpus."""
    keep_retired: timedelta = timedelta(days=7)
    """How long a generation that was replaced is kept in step."""
    gating: Gating | None = None
    """The gates that `parse_many` goes through; None for a corpus without any."""
    comparison: Comparison | None = None
    """How documents are compared with each other; None where they are not."""
    stepping: Stepping | None = None
    """The LLM steps of the corpus; None where it has none."""
    judging: Judging | None = None
    """The models that gates ask; None where none asks any."""
    retry_steps: frozenset[str] = frozenset()
    """Steps, and gates with a model, whose dead letters are asked for again."""
    spending: Spending = field(default_factory=Spending)
    """What the run may spend on embeddings."""
    retry_refused: bool = False
    """Whether texts that were refused often are sent again."""
    upkeep: Upkeep = field(default_factory=Upkeep)
    wait_seconds: float = 600.0
    """How long to wait for another writer of the same corpus."""
    verify_after_days: float = 30.0
    """Bytes are hashed again after this long although their stamp is the same."""
    publish_chunks: int = 16_384
    """Publish at the latest after this many chunks…"""
    publish_seconds: float = 10.0
    """…or this many seconds, so that a crash costs little."""
    progress: Callable[[SyncProgress], None] | None = None
    freshness_us: Mapping[str, int | None] = field(default_factory=dict)
    """Source to the age by which its changes are to be searchable."""
    keep_out: KeepOut | None = None
    """What was forgotten and has to stay out."""

    @property
    def asking(self) -> tuple[Outputs, ...]:
        """What asks models for texts: gates, then steps."""
        return tuple(item for item in (self.judging, self.stepping) if item is not None)

    @property
    def making(self) -> Making:
        """What makes documents out of bytes."""
        made = Making(
            corpus=self.corpus,
            parse_many=self.parse_many,
            chunk_many=self.chunk_many,
            schema=self.metadata,
            step_many=None if self.stepping is None else self.stepping.run,
        )
        return made if self.judging is None else replace(made, asked=self.judging.states)

    @property
    def drafting(self) -> Making:
        """The same, but nothing is asked: for what a sync would do."""
        return replace(
            self.making,
            parse_many=self.parse_many if self.gating is None else self.gating.draft_many,
            step_many=None if self.stepping is None else self.stepping.plan,
        )
