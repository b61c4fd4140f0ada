"""What a plan and a sync report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from headrace.records.gates import GateCount


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentCounts:
    """Documents by what happened to them."""

    added: int = 0
    updated: int = 0
    moved: int = 0
    deleted: int = 0
    unchanged: int = 0
    failed: int = 0
    withheld: int = 0
    """Deletions held back by the mass-delete guard."""
    suppressed: int = 0
    """Listed by their source, and kept out because they were forgotten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkCounts:
    """Chunks by what happened to them; `total` is what the generation holds afterwards."""

    added: int = 0
    deleted: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingCounts:
    """Embeddings made, and those found in the embedding store."""

    computed: int = 0
    reused: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Spend:
    """What embedding costs, and what a run may spend."""

    tokens: int | None = None
    """Tokens to read or read; None where nobody counts: the embedder runs here and no budget limits it."""
    cost_micro: int | None = None
    """Millionths of `currency`; None when the price is not known."""
    currency: str = ""
    """Three letters; empty where nothing is to pay."""
    budget: str = ""
    """Limit of a run in words, such as `100,000 tokens and 2.50 EUR`; empty without one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A document that failed, and where."""

    document: str
    stage: str
    """list, read, parse, chunk, limit, embed, refused or index; gate, dropped or duplicate where it is kept
    out."""
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BesideReport:
    """What a sync did to a generation beside its own."""

    generation: str
    state: str
    """Before the sync: building, catching_up, validating, live or retired."""
    written: int
    """Documents added, updated or moved in it."""
    failures: tuple[Failure, ...] = ()
    error: str | None = None
    """Why it could not be written at all; it stays as it is, and what serves is not affected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncReport:
    """One run of sync over one corpus."""

    corpus: str
    run_id: str
    generation: str
    digest: str
    documents: DocumentCounts
    chunks: ChunkCounts
    embeddings: EmbeddingCounts
    commits: int
    """Index commits made."""
    seconds: float
    failures: tuple[Failure, ...] = ()
    withheld_reason: str = ""
    relabelled: int = 0
    """Documents that came under another set of access labels, unchanged ones included."""
    waiting: int = 0
    """Documents left as they are, since their texts may not be embedded now: see `withheld_reason`."""
    spend: Spend = Spend()
    """What its embeddings cost."""
    warnings: tuple[str, ...] = ()
    """What was done, but not as well as it could be."""
    beside: tuple[BesideReport, ...] = ()
    """The other generations that were kept in step: the one that serves, those to come, those that served."""
    gates: Mapping[str, GateCount] = field(default_factory=dict)
    """What each gate said of the documents that this run read."""
    quarantined: int = 0
    """Documents that gates keep out now, those of earlier runs included."""
    kept_out: tuple[Failure, ...] = ()
    """These documents, with the gate and its reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanReport:
    """What a sync would do now."""

    corpus: str
    generation: str
    digest: str
    documents: DocumentCounts
    chunks: ChunkCounts
    embeddings: EmbeddingCounts
    tokens: int
    """Tokens to embed."""
    cost: float | None
    """Money for them; 0.0 for local embedders, None when the price is not known."""
    seconds: float
    failures: tuple[Failure, ...] = ()
    withheld_reason: str = ""
    spend: Spend = Spend()
    """What its embeddings would cost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncProgress:
    """How far a running sync has come."""

    corpus: str
    phase: Literal["listing", "reading", "embedding", "publishing"]
    documents_done: int
    documents_total: int
    chunks_done: int
    embeddings_done: int
