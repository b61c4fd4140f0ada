"""Which rows of a version its indices do not cover: a search scans those, so they have to stay few."""

from __future__ import annotations

from typing import Any


def segments(dataset: Any, *, index: str | None = None) -> int:
    """The parts of an index, or of the one that has the most; a search looks into each."""
    known = (found for found in dataset.describe_indices() if index in (None, found.name))
    return max((len(found.segments) for found in known), default=0)


def uncovered(dataset: Any, *, index: str | None = None) -> list[Any]:
    """Fragments that an index misses; by default those that any index misses."""
    missed: dict[int, Any] = {}
    fragments = {fragment.fragment_id: fragment for fragment in dataset.get_fragments()}
    for known in dataset.describe_indices():
        if index is None or known.name == index:
            covered = {number for segment in known.segments for number in segment.fragment_ids}
            missed.update((number, fragments[number]) for number in fragments.keys() - covered)
    return [missed[number] for number in sorted(missed)]


def live_rows(fragment: Any) -> int:
    """Rows of a fragment that are not deleted."""
    return int(fragment.metadata.physical_rows - fragment.metadata.num_deletions)


def added_rows(dataset: Any) -> int:
    """Rows in all but the largest segment of an index, for the index that has the most of them."""
    rows = {fragment.fragment_id: live_rows(fragment) for fragment in dataset.get_fragments()}
    sizes = (
        [sum(rows.get(number, 0) for number in segment.fragment_ids) for segment in index.segments]
        for index in dataset.describe_indices()
    )
    return max((sum(held) - max(held, default=0) for held in sizes), default=0)
