"""The rot report: what to fix first, out of the last calls."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from headrace.flows.quality.calls import exposures_of, outcomes_of, recent_calls
from headrace.flows.quality.parts import QualityParts
from headrace.flows.quality.reading import Scored, scored
from headrace.flows.quality.rot import Outcome, Rot, rotten
from headrace.records.quality import RotReport, RottenDocument
from headrace.records.times import rfc3339

CALLS = 20_000
"""Calls that are looked at: the last ones."""
_LOW_QUALITY = 0.4


def rot_report(
    parts: QualityParts,
    corpora: Sequence[str],
    *,
    limit: int,
    minimum_exposures: int,
    access: Sequence[str] | None,
    signals: Iterable[Outcome] = (),
) -> RotReport:
    """Documents that still serve, were found often and did badly; with `access` those that it opens.

    `signals` are bad outcomes from elsewhere, such as a thumb down on an answer, each with its weight.
    """
    calls = recent_calls(parts.events, corpora, limit=CALLS)
    exposures = list(exposures_of(calls))
    named: dict[str, set[str]] = defaultdict(set)
    for exposure in exposures:
        named[exposure.name[0]].add(exposure.name[1])
    known = {
        (corpus, uri): row
        for corpus, uris in named.items()
        for uri, row in scored(parts, corpus, access=access, only=uris).items()
    }
    poor = {
        name for name, row in known.items() if row.quality is not None and row.quality.score < _LOW_QUALITY
    }
    found = rotten(
        (exposure for exposure in exposures if exposure.name in known),
        [*outcomes_of(calls, poor), *signals],
        minimum_exposures=minimum_exposures,
    )
    oldest_ns = min((call.end_ns for call in calls), default=None)
    return RotReport(
        calls=len(calls),
        since=None if oldest_ns is None else rfc3339(oldest_ns // 1000),
        minimum_exposures=minimum_exposures,
        documents=tuple(_document(rot, known[rot.name]) for rot in found[:limit]),
    )


def _document(rot: Rot, row: Scored) -> RottenDocument:
    return RottenDocument(
        corpus=rot.name[0],
        document=rot.name[1],
        title=row.kept.title,
        exposures=rot.exposures,
        bad=rot.bad,
        at_least=rot.at_least,
        outcomes=rot.outcomes,
        quality=None if row.quality is None else row.quality.score,
        marks=row.marks,
        example=rot.example,
    )
