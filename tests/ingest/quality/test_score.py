"""The score: a product of known parts, in [0, 1]."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.ingest.quality.config import QualityConfig
from headrace.ingest.quality.score import WEIGHTS, factor, quality_of
from headrace.ingest.validity.marks import Mark
from headrace.records.times import DAY_US

NOW_US = 3000 * DAY_US


@dataclass(frozen=True)
class Kept:
    """What the ledger keeps of a document."""

    uri: str = "docs/a.md"
    modified_at_us: int | None = None
    quality: dict[str, float] = field(default_factory=lambda: {"prose": 1.0, "parsing": 1.0})
    copied: float | None = None
    in_links: int | None = None


def score(kept: Kept, config: QualityConfig | None = None, mark: Mark | None = None) -> float:
    """The score of a document that has one."""
    found = quality_of(kept, config or QualityConfig(), mark=mark, now_us=NOW_US)
    assert found is not None
    return found.score


@settings(max_examples=60)
@given(
    st.dictionaries(st.sampled_from(sorted(WEIGHTS)), st.floats(0, 1), min_size=1),
    st.one_of(st.none(), st.floats(0, 1)),
    st.one_of(st.none(), st.integers(0, 10**6)),
    st.one_of(st.none(), st.integers(-(10**18), 10**18)),
    st.floats(0, 1),
)
def test_the_score_and_what_it_does_are_shares(
    parts: dict[str, float], copied: float | None, links: int | None, modified: int | None, weight: float
) -> None:
    found = score(Kept(modified_at_us=modified, quality=parts, copied=copied, in_links=links))
    assert 0 <= found <= 1
    assert found - 1e-9 <= factor(found, weight) <= 1


def test_weight_nought_changes_nothing_and_one_multiplies() -> None:
    assert factor(0.3, 0) == 1
    assert factor(0.25, 1) == 0.25
    assert factor(1.0, 0.7) == 1


def test_a_document_without_a_fault_has_one_and_one_without_parts_has_none() -> None:
    assert score(Kept()) == score(Kept(modified_at_us=0)) == 1
    assert score(Kept(modified_at_us=NOW_US + DAY_US)) == 1
    assert quality_of(Kept(quality={}), QualityConfig(), now_us=NOW_US) is None


def test_age_takes_three_tenths_at_most_and_half_of_that_in_its_half_life() -> None:
    config = QualityConfig(half_life_days=100)
    aged = quality_of(Kept(modified_at_us=NOW_US - 100 * DAY_US), config, now_us=NOW_US)
    assert aged is not None
    assert aged.parts["freshness"] == 0.85
    ancient = quality_of(Kept(modified_at_us=0), config, now_us=NOW_US)
    assert ancient is not None
    assert ancient.parts["freshness"] == 0.7


def test_marks_copies_links_and_trust_lower_it() -> None:
    superseded = Mark(kinds=("superseded",), superseded_by="docs/b.md")
    assert score(Kept(), mark=superseded) < 0.4
    assert score(Kept(copied=0.9)) < score(Kept(copied=0.1)) < 1
    assert score(Kept(in_links=0)) < score(Kept(in_links=1)) < 1
    trusted = QualityConfig(authority={"forum/**": 0.5, "docs/*": 0.9})
    assert score(Kept(), trusted) == 0.9
    assert score(replace(Kept(), uri="x/forum/b/c.md"), trusted) == 0.5
    assert score(replace(Kept(), uri="other.md"), trusted) == 1
