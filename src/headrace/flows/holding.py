"""Which of the chunks that were found an answer may rest on."""

from __future__ import annotations

from collections.abc import Sequence

from headrace.records.search import Hit


def holding(hits: Sequence[Hit]) -> tuple[Hit, ...]:
    """The hits without those that come after a hit of the document that replaced theirs.

    A model would otherwise be free to quote the rule that no longer holds. A version that the question names
    comes before its successor, and stays.
    """
    seen: set[str] = set()
    kept = []
    for hit in hits:
        if hit.superseded_by not in seen:
            kept.append(hit)
        seen.add(hit.document)
    return tuple(kept)
