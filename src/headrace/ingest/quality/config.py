"""How the quality of documents counts, as a corpus declares it."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityConfig:
    """`[corpus.NAME.quality]`: how far quality counts in the ranking, and what is trusted.

    `authority` is the table `[corpus.NAME.quality.authority]`.
    """

    weight: float = field(default=0.0, metadata={"minimum": 0, "maximum": 1})
    """How far a hit's score is moved by quality: 0 not at all, 1 multiplies it by the quality."""
    half_life_days: float | None = field(default=None, metadata={"minimum": 1})
    """After how many days half of what age can take from a document is gone. None: age takes nothing."""
    authority: Mapping[str, float] = field(default_factory=dict)
    """Pattern of URIs to how far they are trusted, 0 to 1; the first that matches counts, else 1."""

    def authority_of(self, uri: str) -> float | None:
        """How far a document is trusted; None where nothing is declared at all."""
        if not self.authority:
            return None
        matching = (
            value
            for pattern, value in self.authority.items()
            if fnmatch.fnmatchcase(uri, pattern) or fnmatch.fnmatchcase(uri, f"*/{pattern}")
        )
        return next(matching, 1.0)
