"""Puts documents that no longer hold behind those that do, and a superseded one behind its successor."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from headrace.ingest.validity.marks import Mark

Scored = Sequence[tuple[int, float]]
"""Places with their scores, best first."""
_STEP = 1e-6
"""The smallest difference between two scores."""


def demoted(
    ranked: Scored, documents: Mapping[int, str], marks: Mapping[str, Mark], factor: Callable[[Mark], float]
) -> Scored:
    """Rank anew: marked documents lose by their factor, and a superseded one never comes before the other.

    `documents` maps each place to its document. A version that the query names keeps its rank.
    """
    if not marks:
        return ranked
    lowered = [(place, _lowered(score, marks.get(documents[place]), factor)) for place, score in ranked]
    best: dict[str, float] = {}
    for place, score in lowered:
        best[documents[place]] = max(score, best.get(documents[place], score))
    capped = [(place, _capped(score, marks.get(documents[place]), best)) for place, score in lowered]
    return sorted(capped, key=lambda pair: (-pair[1], pair[0]))


def absent_successors(ranked: Scored, documents: Mapping[int, str], marks: Mapping[str, Mark]) -> list[str]:
    """The documents that hold instead of superseded ones and are not among the candidates, best first."""
    present = set(documents.values())
    found = (marks.get(documents[place]) for place, _ in ranked)
    wanted = (mark.superseded_by for mark in found if mark is not None and not mark.asked_for)
    return [uri for uri in dict.fromkeys(wanted) if uri is not None and uri not in present]


def _lowered(score: float, mark: Mark | None, factor: Callable[[Mark], float]) -> float:
    if mark is None or mark.asked_for:
        return score
    share = factor(mark)
    # The scores of a reranker may be negative: dividing keeps lower what is to be lower.
    return round(score * share if score >= 0 else score / max(share, _STEP), 6)


def _capped(score: float, mark: Mark | None, best: Mapping[str, float]) -> float:
    if mark is None or mark.asked_for or mark.superseded_by is None or mark.superseded_by not in best:
        return score
    return min(score, round(best[mark.superseded_by] - _STEP, 6))
