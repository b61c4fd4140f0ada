"""What the documents of a generation say of each other: text that another one has, and links."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from headrace.ingest.quality.links import LINK_BYTES, link_hash
from headrace.ingest.quality.prose import PHRASE_BYTES
from headrace.ledger.qualities import Among, Neighbour

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

_CHANCE = 0.2
"""Share of phrases that documents have in common without being copies."""


def among(rows: Sequence[Neighbour]) -> dict[str, Among]:
    """How each document stands among the others: a function of all of them, whatever came first.

    Of a text that several have, the one that changed last is the origin (then the URI that sorts first); the
    others are copies. Only documents with the same access labels are compared, so that a score never tells of
    a document that its reader may not see.
    """
    copied = _copied(rows)
    linked = _linked(rows)
    return {
        row.uri: Among(
            uri=row.uri,
            copied=round(float(copied[place]), 3),
            in_links=None if linked is None else int(linked[place]),
        )
        for place, row in enumerate(rows)
    }


def _copied(rows: Sequence[Neighbour]) -> Array:
    """Share of each document's phrases that a document before it has."""
    import numpy as np

    kept = [row.phrases or b"" for row in rows]
    counts = np.array([len(value) // PHRASE_BYTES for value in kept], dtype=np.int64)
    phrases = np.frombuffer(b"".join(kept), dtype="<u4").astype(np.uint64)
    order = sorted(range(len(rows)), key=lambda place: (-(rows[place].modified_at_us or 0), rows[place].uri))
    rank = np.empty(len(rows), dtype=np.int64)
    rank[order] = np.arange(len(rows))
    owner = np.repeat(np.arange(len(rows)), counts)
    groups = np.array([row.acl_id for row in rows], dtype=np.uint64)
    keys = (groups[owner] << np.uint64(32)) | phrases
    sorted_by = np.lexsort((rank[owner], keys))
    later = np.zeros(len(keys), dtype=bool)
    if len(keys):
        ordered = keys[sorted_by]
        later[sorted_by[1:]] = ordered[1:] == ordered[:-1]
    share = np.bincount(owner[later], minlength=len(rows)) / np.maximum(counts, 1)
    beyond: Array = np.clip((share - _CHANCE) / (1 - _CHANCE), 0.0, 1.0)
    return beyond


def _linked(rows: Sequence[Neighbour]) -> Array | None:
    """How many documents with the same labels link to each; None where none links to another at all."""
    import numpy as np

    if not any(row.links for row in rows):
        return None
    places: dict[tuple[int, bytes], int] = {
        (row.acl_id, link_hash(row.uri)): place for place, row in enumerate(rows)
    }
    counts = np.zeros(len(rows), dtype=np.int64)
    for row in rows:
        links = row.links or b""
        for start in range(0, len(links), LINK_BYTES):
            place = places.get((row.acl_id, links[start : start + LINK_BYTES]))
            if place is not None:
                counts[place] += 1
    return counts if counts.any() else None
