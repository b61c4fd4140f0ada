"""What `why`, `at` and `status` give back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from headrace.records.freshness import Debt, SourceFreshness


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyNode:
    """A node of the lineage tree; children are what it rests on, or what rests on it."""

    kind: str
    """trace, prompt, model, release, generation, recipe, chunk, document, revision, source, answer…"""
    ref: str
    label: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    relation: str = ""
    """How it hangs on its parent: `cites`, `from`, `part of`, `built by`, `used in`…"""
    children: tuple[WhyNode, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyReport:
    """Both directions of lineage for one thing."""

    ref: str
    kind: str
    upstream: WhyNode
    """What it came from, down to file, page, heading and span."""
    downstream: WhyNode
    """What came from it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefState:
    """What a ref pointed to at a time."""

    name: str
    artifact: str
    seq: int
    valid_from_us: int
    actor: str
    reason: str
    body: Mapping[str, Any] = field(default_factory=dict)
    """The artifact itself, where it is a record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AtReport:
    """Every ref as it was at a time."""

    time_us: int
    time: str
    """RFC 3339."""
    refs: tuple[RefState, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusStatus:
    """How a corpus stands."""

    corpus: str
    generation: str | None
    digest: str | None
    recipe: str | None
    embedder: str | None
    documents: int
    chunks: int
    last_sync_us: int | None
    last_sync_seconds: float | None
    last_run: str | None
    last_run_state: str | None
    freshness_seconds: float | None
    """Age of the last completed listing."""
    withheld: int
    failures: tuple[Mapping[str, Any], ...]
    """document, stage, error, first_at_us, last_at_us, attempts."""
    sources: tuple[str, ...]
    metadata_missing: Mapping[str, int] = field(default_factory=dict)
    """Chunks that were indexed before a field was declared and lack it, by field."""
    metadata_misfits: Mapping[str, int] = field(default_factory=dict)
    """Documents with a value that does not fit its declared type, by field; they are served without it."""
    freshness: tuple[SourceFreshness, ...] = ()
    """One for each source."""
    debt: Mapping[str, Debt] = field(default_factory=dict)
    """By kind: stale, missing, ghost, wrong_version, permission_stale, metadata_missing, unindexed."""
    dead_letters: int = 0
    """Texts that the embedder refuses."""
    steps: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """LLM step to how many documents it has written, failed, or has waiting."""
    embedder_blocked: str = ""
    """Why nothing is written with the embedder that serves; empty while all is well."""
    recall: float | None = None
    """Share of the last known-answer probes that found their document; None before the first."""
    probe_floor: float | None = None
    """What it should be."""
    quarantine: Mapping[str, int] = field(default_factory=dict)
    """Documents that wait because of a gate, by gate."""
    aliases: tuple[Mapping[str, Any], ...] = ()
    """Documents that another one is served for: document, winner, similarity, fate (alias or dropped)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusReport:
    """How a workspace stands."""

    workspace: str
    release: str | None
    environment: str
    ledger: str
    """Engine name, without credentials."""
    corpora: tuple[CorpusStatus, ...]
    calls_today: int
    storage_bytes: Mapping[str, int] = field(default_factory=dict)
    freshness: tuple[SourceFreshness, ...] = ()
    """The sources of every corpus."""
    debt: Mapping[str, Debt] = field(default_factory=dict)
    """By kind, of every corpus together."""
    erasures_unfinished: int = 0
    """Erasures that were begun and not finished; their documents are hidden, and the next sync goes on."""
