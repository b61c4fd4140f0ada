"""What the index operations report: generations, how they came about, how they compare."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from headrace.records.sync import EmbeddingCounts, Failure


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
    configuration: tuple[str, ...] = ()
    """Where it serves by a choice by hand: lines of headrace.toml that would ask for it."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildReport:
    """One run of `index build`."""

    generation: str
    corpus: str
    ordinal: int
    """1 is the first of its corpus."""
    state: str
    """validating when it holds what serves, else catching_up."""
    digest: str
    """Names what the generation holds."""
    documents: int
    chunks: int
    coverage: float
    """Share of the documents that serve which it holds at the same revision."""
    embeddings: EmbeddingCounts
    """Of this run."""
    cost: float | None
    """Money for the whole generation; 0.0 for local embedders, None when the price is not known."""
    seconds: float
    failures: tuple[Failure, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareReport:
    """Two generations held against each other on the same queries."""

    a: str
    """The one that serves, or stands for it."""
    b: str
    """The one that may replace it."""
    corpus: str
    k: int
    """How many documents of each ranking are looked at."""
    coverage: float
    """Share of the live documents of `a` that `b` holds at the same revision."""
    ghosts: int
    """Documents of `b` that `a` does not hold."""
    queries: int
    """Recent queries that both answered."""
    overlap_at_k: float | None
    """Mean share of the first k documents that both found; None without queries."""
    rank_correlation: float | None
    """Mean rank-biased overlap of them; 1.0 is the same order."""
    recall_at_k: Mapping[str, Any]
    """With a golden set: `k`, `questions`, `a`, `b`, `ndcg_a`, `ndcg_b`, `change`, `margin`."""
    latency_ms: Mapping[str, Any]
    """`a` and `b`: p50 and p95 of a query, its embedding included."""
    size_bytes: Mapping[str, int | None]
    """`a` and `b`: what their files take."""
    verdict: Literal["pass", "fail", "inconclusive"]
    """Whether b may replace a."""
    reasons: tuple[str, ...]
    """What the verdict rests on, worst first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchReport:
    """One cutover or rollback."""

    corpus: str
    generation: str
    """What serves now."""
    former: str
    """What served until now; it is kept in step for a while."""
    release: str
    """Id of the release that was minted for it."""
    reason: str
    """As it stands in the history."""
    forced: tuple[str, ...]
    """What was passed over by force; empty when nothing was."""
    in_step_until_us: int | None
    """Until when the former generation is kept in step."""
    configuration: tuple[str, ...]
    """Lines that headrace.toml would have to hold to ask for this generation; empty when it does."""


ProblemKind = Literal["missing", "ghost", "duplicate", "wrong"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A document that is not in the index as it should be."""

    kind: ProblemKind
    """missing: not there in full; ghost: there without reason; duplicate: there twice; wrong: not as kept."""
    document: str
    detail: str
    """What was found."""
    next: str
    """The command that puts it right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyReport:
    """A recount of one generation; the counts are of documents."""

    generation: str
    corpus: str
    ok: bool
    """Whether nothing is wrong, or nothing is any more."""
    chunks: int
    missing: int
    """Documents that lack chunks, or that a source lists and the index lacks."""
    ghost: int
    """Documents whose chunks the ledger does not know, or that no source lists any more."""
    duplicate: int
    """Documents with chunks that stand twice."""
    wrong: int
    """Documents with chunks of another revision, text hash or dimension, or vectors not of unit length."""
    repaired: int
    """Documents put right by this run."""
    problems: tuple[Problem, ...]
    """What is wrong, document by document."""
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """A generation whose files and rows were removed."""

    generation: str
    corpus: str
    ordinal: int
    """1 is the first of its corpus."""
    documents: int
    chunks: int
    size_bytes: int | None
    """What its files took; None on an object store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PruneReport:
    """What `index prune` removed, or would."""

    removed: tuple[Pruned, ...]
    """One for each generation."""
    dry_run: bool
    """Whether nothing was removed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexShape:
    """How the files of a generation lie."""

    fragments: int
    """Data files; a search looks into each that an index misses."""
    uncovered_rows: int
    """Chunks that an index misses."""
    versions: int
    """Versions that are still there."""
    size_bytes: int | None
    """What the files take; None on an object store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OptimizeReport:
    """One run of `index optimize`."""

    generation: str
    corpus: str
    before: IndexShape
    """How the files lay."""
    after: IndexShape
    """How they lie now."""
    seconds: float
