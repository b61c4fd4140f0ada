"""What the workspace says about cached outputs."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheConfig:
    """`[cache]`: which calls may be answered with what a former call gave."""

    exact: bool = False
    """Answer a call that is the same in everything that shapes it."""
    semantic: bool = False
    """Answer a call that only asks the same in other words, too."""
    threshold: float = field(default=0.95, metadata={"minimum": 0.5, "maximum": 1.0})
    """Least cosine similarity of the two questions."""
    embedder: str = "minilm"
    """What compares questions: as in `[corpus.NAME.recipe]`."""
    ttl: str = "1d"
    """How long an output is kept."""
    max_entries: int = field(default=10_000, metadata={"minimum": 1})
    """Outputs kept at most; the oldest go first."""
    tool_calls: bool = False
    """Whether an answer that calls tools is kept: served again, it makes them act again."""
    sampled: bool = False
    """Whether calls with a temperature above 0 are answered from the cache: they ask for variety."""
    shadow_rate: float = field(default=0.05, metadata={"minimum": 0.0, "maximum": 1.0})
    """Share of semantic hits for which the model is asked as well, to see whether the hit was right."""
    agreement: float = field(default=0.85, metadata={"minimum": 0.5, "maximum": 1.0})
    """Least cosine similarity of two answers that count as the same in that check."""
    max_false_hit_rate: float = field(default=0.05, metadata={"minimum": 0.001, "maximum": 1.0})
    """Share of wrong semantic hits that is borne; past it the semantic cache switches itself off."""
