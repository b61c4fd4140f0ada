"""What `[curate]` says."""

from __future__ import annotations

from dataclasses import dataclass, field

from headrace.curate.curation.rules import DEFAULT_RULES, RuleSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageConfig:
    """`[curate.coverage]`: how topics of the traffic are found and when one is covered."""

    embedder: str | None = None
    """Turns questions into vectors; if not given, that of the first corpus, and `minilm` without any."""
    queries: int = field(default=5000, metadata={"minimum": 10, "maximum": 50_000})
    """Most questions that a run looks at; of more a random sample is drawn."""
    topics: int | None = field(default=None, metadata={"minimum": 2, "maximum": 1000})
    """How many topics; if not given, chosen by the [silhouette](curation.md#topics)."""
    needed: int = field(default=1, metadata={"minimum": 1})
    """Cases that a topic needs to be covered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CurateConfig:
    """`[curate]`: what becomes of traces."""

    window: str = "30d"
    """How far back traces are looked at, and traffic is measured."""
    period: str = "7d"
    """Of each such period, counted from 1970, a random sample becomes draft cases."""
    sample: int = field(default=20, metadata={"minimum": 0, "maximum": 10_000})
    """Traces to draw in each period, whatever their signals say; 0 draws none."""
    minimum_edit: float = field(default=0.1, metadata={"minimum": 0, "maximum": 1})
    """An edit that changes a smaller share of the answer teaches nothing."""
    owner: str | None = None
    """Who looks after drafts that are assigned to nobody."""
    rules: tuple[RuleSpec, ...] = ()
    """`[[curate.rules]]`; if none is given, the [built-in ones](curation.md#rules)."""
    coverage: CoverageConfig = field(default_factory=CoverageConfig)

    @property
    def in_force(self) -> tuple[RuleSpec, ...]:
        """The rules that hold."""
        return self.rules or tuple(DEFAULT_RULES)
