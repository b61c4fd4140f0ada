"""What a document that no longer holds loses in the ranking, and which documents are deprecated by rule."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable
from dataclasses import dataclass, field

from headrace.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class RankingConfig:
    """`[corpus.NAME.ranking]`: what a chunk's score is multiplied by when its document no longer holds."""

    superseded: float = field(default=0.3, metadata={"minimum": 0, "maximum": 1})
    """For a document that a newer version replaced; it also never comes before that version."""
    deprecated: float = field(default=0.5, metadata={"minimum": 0, "maximum": 1})
    """For a document that is declared deprecated."""
    expired: float = field(default=0.3, metadata={"minimum": 0, "maximum": 1})
    """For a document outside the time in which it is valid: over, or not begun."""
    hide_expired: bool = False
    """Leave out documents whose time of validity is over, instead of demoting them."""
    deprecate: tuple[str, ...] = ()
    """Patterns of URIs that are deprecated, such as `archive/**`; they match at any depth."""

    def __post_init__(self) -> None:
        for pattern in self.deprecate:
            if not pattern.strip("*/"):
                raise ConfigError(f"Pattern {pattern!r} would deprecate everything.", key="deprecate")

    def factor(self, kinds: Iterable[str]) -> float:
        """What the score of a document with these marks is multiplied by: the lowest of theirs."""
        factors = {"superseded": self.superseded, "deprecated": self.deprecated}
        return min((factors.get(kind, self.expired) for kind in kinds), default=1.0)

    def deprecates(self, uri: str) -> bool:
        """Whether a rule deprecates a document."""
        return any(
            fnmatch.fnmatchcase(uri, pattern) or fnmatch.fnmatchcase(uri, f"*/{pattern}")
            for pattern in self.deprecate
        )
