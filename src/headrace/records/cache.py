"""What the caches report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowChecks:
    """Semantic hits that were compared with what the model said, since the cache was last cleared."""

    checks: int
    """Hits that were compared."""
    false_hits: int
    """Hits that were wrong."""
    rate: float
    """Share of wrong ones; 0 without checks."""
    lower: float
    """Bound of that share, one-sided at 95 %."""
    upper: float
    """Bound of that share, one-sided at 95 %; 1 without checks."""
    limit: float
    """`max_false_hit_rate`."""
    off_at_us: int | None
    """UTC microseconds when the semantic cache switched itself off; None while it is on."""
    reason: str
    """Why it is off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheStatus:
    """How the caches stand."""

    exact: bool
    """Whether it is configured."""
    semantic: bool
    """Whether it is configured."""
    store: str
    """`sqlite` or `redis`."""
    entries: int
    """Outputs that are kept."""
    bytes: int
    """Of the sealed contents."""
    threshold: float
    """Least similarity of a semantic hit."""
    shadow: ShadowChecks
    """How often a semantic hit was wrong."""
    counts: Mapping[str, int]
    """Since this process began: exact_hits, semantic_hits, misses, stale, unfit, errors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearReport:
    """Outputs that were taken out."""

    removed: int
    """How many."""
