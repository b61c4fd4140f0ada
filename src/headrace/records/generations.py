"""What the index operations report: generations, how they came about, how they compare."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from headrace.records.sync import EmbeddingCounts


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationState:
    """One step in the life of a generation."""

    state: str
    """building, catching_up, validating, live or retired."""
    at_us: int
    """When it came into it."""
    actor: str
    reason: str
    """Why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationReport:
    """One generation as the registry knows it."""

    generation: str
    corpus: str
    ordinal: int
    """1 is the first of its corpus."""
    state: str
    """building, catching_up, validating, live or retired."""
    serves: bool
    """Whether readers of this environment see it."""
    written: bool
    """Whether a sync writes it."""
    recipe: str
    """Digest of the recipe."""
    embedder: str
    """As the recipe names it."""
    fingerprint: str
    """Fingerprint of its one embedder."""
    overrides: Mapping[str, Any]
    """Keys of the recipe that the configuration did not say when it was made."""
    documents: int
    chunks: int
    size_bytes: int | None
    """What its files take; None on an object store."""
    digest: str | None
    """Digest of its content, where it was computed."""
    coverage: float | None
    """Share of the documents that serve which it holds at the same revision; None when nothing serves."""
    embeddings: EmbeddingCounts
    """What it took so far."""
    cost: float | None
    """Money for them; 0.0 for local embedders, None when the price is not known."""
    sources: Mapping[str, Any]
    """Source to the number of documents in the last complete pass over it."""
    created_at_us: int
    """When it was made."""
    changed_at_us: int
    """When its state last changed."""
    written_until_us: int | None
    """For a retired one: until when it is kept in step, so that a rollback is not stale."""
    pruned_at_us: int | None
    """When its files were removed."""
    actor: str
    """Who brought it into its state."""
    reason: str
    """Why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationList:
    """Every generation, by corpus, oldest first."""

    generations: tuple[GenerationReport, ...]
    """One for each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationDetail:
    """One generation with its recipe and its history."""

    generation: GenerationReport
    recipe: Mapping[str, Any]
    """The recipe itself: parser, chunker, embedder, index."""
    history: tuple[GenerationState, ...]
    """Oldest first."""
    publishes: int
    """Snapshots it made visible so far."""
    published_at_us: int | None
    """When the newest became visible."""
