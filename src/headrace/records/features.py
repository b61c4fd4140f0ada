"""What is known of features, and what their operations did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

FeatureStatus = Literal["ok", "expired", "missing"]
"""There is a value (it may be null); its time to live is over; there is no row of the entity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureRun:
    """One materialisation."""

    view: str
    """The view."""
    run: str
    """Its id."""
    state: Literal["running", "done", "held"]
    """Held: a gate failed, and the values before it go on serving. Running may mean killed."""
    as_of: str
    """Rows that held and were known by then, in UTC."""
    rows: int = 0
    """Rows of the source."""
    entities: int = 0
    """Entities with a row."""
    written: int = 0
    """Entities whose values changed online."""
    removed: int = 0
    """Entities taken out because the source has them no more."""
    reasons: tuple[str, ...] = ()
    """Why it was held back, or what was confirmed."""
    profile: Mapping[str, Any] = field(default_factory=dict)
    """What it was judged by: rates, types and ranges of each column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureViewReport:
    """One view."""

    view: str
    """Its name."""
    description: str
    """In the words of its file."""
    entity: tuple[str, ...]
    """Its key columns."""
    features: Mapping[str, str]
    """Column to type."""
    source: str
    """Where rows come from."""
    event_time: str
    """Column with the time from which a row holds."""
    known_time: str | None
    """Column with the time when it was learnt."""
    ttl_seconds: int | None
    """How long a row counts; None means for ever."""
    digest: str
    """Names the declaration."""
    serving: FeatureRun | None
    """The run whose values serve."""
    held: FeatureRun | None
    """A later run that was held back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureList:
    """Every view."""

    views: tuple[FeatureViewReport, ...]
    """In the order of the alphabet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinReport:
    """A point-in-time join."""

    rows: int
    """Rows given, and given back."""
    features: tuple[str, ...]
    """`view:column` of each."""
    statuses: Mapping[str, Mapping[str, int]]
    """View to how many rows were ok, expired, missing and, for a purpose, `no consent`."""
    unreadable: Mapping[str, int]
    """`view:column` to source values that are not of the declared type: they count as null."""
    out: str | None
    """The file that was written."""
    values: tuple[Mapping[str, Any], ...] = ()
    """The rows, where no file was asked for."""
    seconds: float = 0.0
    """How long it took."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureRow:
    """The values of one entity as calls see them now."""

    view: str
    """The view."""
    entity: Mapping[str, str]
    """Key column to key."""
    status: FeatureStatus
    """ok, expired or missing."""
    values: Mapping[str, Any]
    """Feature to value; all null unless the status is ok."""
    event_time: str | None
    """From when they hold."""
    known_time: str | None
    """When they were learnt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureDifference:
    """An entity whose online values are not those of the offline join."""

    entity: Mapping[str, str]
    """Key column to key."""
    feature: str
    """The column, or `status`."""
    online: Any
    """What a call sees."""
    offline: Any
    """What a training row would hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureCheck:
    """Whether online equals offline."""

    view: str
    """The view."""
    as_of: str
    """The time of the run that serves."""
    entities: int
    """Entities compared."""
    differing: int
    """Entities with a difference."""
    differences: tuple[FeatureDifference, ...]
    """Some of the differences."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureMatch:
    """An entity whose vector is near."""

    entity: Mapping[str, str]
    """Key column to key."""
    similarity: float
    """Cosine, -1 to 1."""
    event_time: str
    """From when its vector holds, RFC 3339."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureMatches:
    """The nearest entities, best first."""

    view: str
    """The view."""
    column: str
    """The vector."""
    compared: int
    """Entities that were compared."""
    matches: tuple[FeatureMatch, ...]
    """The nearest."""
