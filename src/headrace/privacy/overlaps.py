"""Which finding stands where several cover the same characters."""

from __future__ import annotations

import itertools
from bisect import bisect_left, insort
from collections.abc import Iterable
from operator import attrgetter

from headrace.privacy.entities import ORDER, SECRETS
from headrace.records.privacy import Finding


def resolve(found: Iterable[Finding]) -> list[Finding]:
    """Findings that do not overlap, in the order of the text.

    The higher score wins, then a secret before personal data, then the longer, then the one that starts
    first, then the order of the types. What overlaps a winner is dropped whole, so the result does not
    depend on the order in which they were found.
    """
    ordered = sorted(found, key=_start)
    if all(left.end <= right.start for left, right in itertools.pairwise(ordered)):
        return ordered
    ranked = sorted(ordered, key=_rank)
    taken: list[tuple[int, int]] = []
    kept: list[Finding] = []
    for finding in ranked:
        at = bisect_left(taken, (finding.end, -1))
        if at and taken[at - 1][1] > finding.start:
            continue
        insort(taken, (finding.start, finding.end))
        kept.append(finding)
    return sorted(kept, key=_start)


_start = attrgetter("start")


def _rank(finding: Finding) -> tuple[float, bool, int, int, int, str]:
    return (
        -finding.score,
        finding.type not in SECRETS,
        finding.start - finding.end,
        finding.start,
        ORDER.get(finding.type, len(ORDER)),
        finding.type,
    )
