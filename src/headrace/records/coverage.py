"""How much of what users ask the cases cover."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from headrace.records.curation import CurationItem


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseText:
    """A case as coverage reads it."""

    id: str
    """Its id."""
    text: str
    """Its question."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseScale:
    """How large the things are that an eval runs on."""

    input_tokens: Sequence[int] = ()
    """Tokens of each call of the eval."""
    corpus_chunks: int | None = None
    """Chunks of the index it ran on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A share with its 95 % interval, 0 to 1."""

    value: float
    """The share."""
    low: float
    """Lower end."""
    high: float
    """Upper end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """Questions that are alike."""

    topic: int
    """The same topic has the same number in every run."""
    label: str
    """The words that set it apart."""
    queries: int
    """Questions about it."""
    share: float
    """Of the traffic, 0 to 1."""
    before: float | None
    """Its share in the run before; None for a topic that is new."""
    failing: int
    """Questions of it that were answered badly."""
    fail_rate: float
    """The share that was answered badly, drawn towards that of all traffic where there are few."""
    cases: int
    """Cases about it."""
    covered: bool
    """Whether it has the cases it needs."""
    score: float | None
    """Mean score of its cases, where a run's scores were given."""
    examples: Sequence[str]
    """Trace ids, the most typical first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Production beside the eval set."""

    production: Mapping[str, float]
    """p50, p95 and max."""
    cases: Mapping[str, float] | None
    """The same of the eval set, where it was given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageReport:
    """How much of the traffic the cases cover."""

    run: str
    """Its id."""
    at: str
    """RFC 3339."""
    since: str
    """Traffic from then on, RFC 3339."""
    traffic: int
    """Traces that asked something in that time."""
    queries: int
    """Those of them that were looked at."""
    left_out: int
    """Of these, what could not be embedded."""
    cases: int
    """Cases that were laid over the topics."""
    embedder: str
    """What made the vectors."""
    silhouette: float
    """-1 to 1: how well the traffic falls into these topics."""
    covered: Share
    """Share of the traffic in covered topics."""
    near: Share
    """Share of the questions that have a case as near as their neighbours are."""
    unseen: Share
    """Share of the traffic to come that is of a kind nobody asked yet (Good and Turing)."""
    new: Share | None
    """Share of the questions far from every topic of the run before; None in the first run."""
    raw_score: Share | None
    """Mean of the scores that were given."""
    traffic_score: Share | None
    """The same with each topic at its share of the traffic; of the covered part."""
    context_tokens: Scale
    """What models read in a call."""
    corpus_chunks: Scale
    """Chunks of each corpus that serves."""
    topics: Sequence[Topic]
    """Most traffic first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GapReport:
    """Topics that lack cases, the ones that hurt most first."""

    run: str
    """The run they are of."""
    at: str
    """When it was, RFC 3339."""
    covered: Share
    """Share of the traffic in covered topics."""
    gaps: Sequence[Topic]
    """By share times fail rate."""
    drafted: Sequence[CurationItem] = ()
    """Draft cases that were made of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CoveragePoint:
    """One run in the course of time."""

    run: str
    """Its id."""
    at: str
    """When, RFC 3339."""
    queries: int
    """Questions that were looked at."""
    cases: int
    """Cases there were."""
    covered: float
    """Share of the traffic in covered topics."""
    shares: Mapping[int, float] = field(default_factory=dict)
    """Topic to its share of the traffic."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageHistory:
    """Coverage over time, newest first."""

    runs: Sequence[CoveragePoint]
    """Newest first."""
    labels: Mapping[int, str]
    """Topic to its newest label."""
