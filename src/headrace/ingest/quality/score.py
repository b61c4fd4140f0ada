"""The quality score: a product of parts, each in [0, 1] and raised to its weight.

| part | from | weight |
|---|---|---|
| `prose` | reads as prose: order of small words, repeats, the measures of the gate `rules` | 1 |
| `parsing` | the score of the gate `parse_confidence` | 1 |
| `boilerplate` | share outside lines of menus, notices and placeholders | 1 |
| `authority` | what the configuration trusts | 1 |
| `originality` | share of its text that no document before it has | 0.5 |
| `freshness` | marks and age, at the time of the question | 0.5 |
| `gates` | halved for each gate that tagged it | 0.5 |
| `structure` | paragraphs and sections, or one wall of text | 0.25 |
| `civility` | no words of the list of the gate `toxicity` | 0.25 |
| `links` | links from other documents of the corpus | 0.1 |

A part that is not known, such as links where no document links to another, is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from headrace.records.quality import Quality
from headrace.records.times import DAY_US

if TYPE_CHECKING:
    from headrace.ingest.quality.config import QualityConfig
    from headrace.ingest.validity.marks import Mark

WEIGHTS: Mapping[str, float] = {
    "prose": 1.0,
    "parsing": 1.0,
    "boilerplate": 1.0,
    "authority": 1.0,
    "originality": 0.5,
    "freshness": 0.5,
    "gates": 0.5,
    "structure": 0.25,
    "civility": 0.25,
    "links": 0.1,
}
_MARKED: Mapping[str, float] = {"superseded": 0.1, "expired": 0.1, "deprecated": 0.25, "upcoming": 0.5}
_LEAST = 0.01
"""No part alone makes a document worthless."""


class Kept(Protocol):
    """What the ledger keeps of a document's quality."""

    @property
    def uri(self) -> str: ...
    @property
    def modified_at_us(self) -> int | None: ...
    @property
    def quality(self) -> Mapping[str, float]: ...
    @property
    def copied(self) -> float | None: ...
    @property
    def in_links(self) -> int | None: ...


def quality_of(kept: Kept, config: QualityConfig, *, mark: Mark | None = None, now_us: int) -> Quality | None:
    """The quality of a document at a time; None for one that was indexed before there was a score."""
    if not kept.quality:
        return None
    parts = dict(kept.quality)
    parts["originality"] = round(1 - (kept.copied or 0.0), 3)
    known = {
        "links": None if kept.in_links is None else 1 - 0.5 ** (1 + kept.in_links),
        "freshness": _freshness(kept.modified_at_us, config, mark, now_us),
        "authority": config.authority_of(kept.uri),
    }
    parts.update((name, round(value, 3)) for name, value in known.items() if value is not None)
    score = 1.0
    for name, value in parts.items():
        score *= max(value, _LEAST) ** WEIGHTS.get(name, 1.0)
    return Quality(score=round(score, 4), parts=parts)


def factor(score: float, weight: float) -> float:
    """What a hit's score is multiplied by: 1 at weight 0, the quality itself at weight 1."""
    return 1 - weight * (1 - score)


def _freshness(modified_at_us: int | None, config: QualityConfig, mark: Mark | None, now_us: int) -> float:
    """A document that no longer holds keeps a tenth; age takes three tenths at most, where it counts."""
    marked = min((_MARKED.get(kind, 1.0) for kind in mark.kinds), default=1.0) if mark is not None else 1.0
    if modified_at_us is None or config.half_life_days is None:
        return marked
    days = max(0, now_us - modified_at_us) / DAY_US
    aged: float = 0.7 + 0.3 * 0.5 ** (days / config.half_life_days)
    return marked * aged
