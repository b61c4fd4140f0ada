"""What says how current a workspace is: its sources, what it owes, and the life of one document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

DEFAULT_OBJECTIVE = 0.99
WINDOW_DAYS = 30
"""Days over which an error budget is counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What is asked of a source."""

    freshness_us: int | None = None
    """By what age its changes are to be searchable; None asks for nothing."""
    objective: float = DEFAULT_OBJECTIVE
    """Share of the changes that are to meet it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FreshnessDay:
    """The changes of a source that became searchable on one UTC day."""

    day: str
    """Such as `2026-03-01`."""
    changes: int
    """Documents added or updated; the first listing of a source does not count."""
    late: int
    """Those of them that took longer than was asked for."""
    mean_lag_seconds: float
    """From the change to when it was searchable."""
    max_lag_seconds: float
    """The longest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFreshness:
    """How far a source is ahead of what is searchable, now and over the last 30 days."""

    corpus: str
    source: str
    """As configured."""
    target_seconds: float | None
    """By what age a change is to be searchable; None where nothing is asked."""
    objective: float
    """Share of the changes that are to meet it."""
    lag_seconds: float | None
    """How old what is searchable may be: the longer of the next two; None before a full listing."""
    listed_seconds: float | None
    """Since the last listing that showed everything."""
    waiting_seconds: float | None
    """Since the oldest change that was seen and is not searchable; None where there is none."""
    waiting: int
    """Documents whose change was seen and is not searchable."""
    documents: int
    """What the last listing showed."""
    reason: str
    """Why the last listing was not complete."""
    breached: bool
    """Whether the lag is beyond the target now."""
    changes: int
    """Of 30 days."""
    late: int
    """Those of them beyond the target."""
    budget_left: float | None
    """Share of the late changes allowed by the objective that is left, 0 to 1; None without a target."""
    days: tuple[FreshnessDay, ...]
    """Those of the last 30 on which something changed, oldest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Debt:
    """What an index owes, of one kind."""

    count: int = 0
    """Documents, or chunks where the kind says so."""
    oldest_seconds: float | None = None
    """Age of the oldest; None where that is not known."""
    weight: int = 0
    """How often searches and answers of the last 7 days met these documents."""
    documents: tuple[str, ...] = ()
    """The first few, the most met first."""
    note: str = ""
    """What could not be counted, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryStep:
    """One thing that happened to a document."""

    at: str
    """RFC 3339."""
    at_us: int
    """The same."""
    event: str
    """indexed, deleted, moved, failed, deprecated, undeprecated, superseded, or current again."""
    revision: str | None
    """Id of the content, where it was indexed."""
    generation: str
    """Where it happened; empty where it concerns the document itself."""
    run_id: str | None
    """The sync that did it."""
    listed_at_us: int | None
    """When the source was listed that showed it."""
    detail: Mapping[str, Any] = field(default_factory=dict)
    """Such as the reason, or where it moved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentHistory:
    """The life of one document."""

    corpus: str
    document: str
    state: str
    """live, hidden, or absent when it does not serve."""
    title: str | None
    """As it stands in the document."""
    source: str | None
    """As configured."""
    revision: str | None
    """Id of the content that serves."""
    modified_at: str | None
    """When that changed at its origin, RFC 3339."""
    labels: tuple[str, ...]
    """Access labels."""
    first_seen: str | None
    """RFC 3339."""
    marks: tuple[str, ...]
    """How it stands now, see `Hit`."""
    superseded_by: str | None
    """The document that holds instead."""
    supersedes: tuple[str, ...]
    """The documents that this one replaced."""
    valid_from: str | None
    """RFC 3339, as it says itself."""
    valid_to: str | None
    """The same."""
    quality: float | None
    """Its quality now, 0 to 1; None for one that is absent or was indexed before there was a score."""
    quality_parts: Mapping[str, float]
    """What it is made of, each 0 to 1."""
    failure: Mapping[str, Any] | None
    """stage, error, first_at_us, last_at_us and attempts of what fails now."""
    retrieved: int
    """How often searches and answers of the last 7 days found it."""
    cited: int
    """How often answers of the last 7 days cited it."""
    steps: tuple[HistoryStep, ...]
    """Oldest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeprecateReport:
    """A declaration that was made or taken back."""

    corpus: str
    document: str
    deprecated: bool
    """Whether it is declared deprecated now."""
    superseded_by: str | None = None
    """URI of the document that replaces it."""
    reason: str = ""
    """Why, as it was given."""
