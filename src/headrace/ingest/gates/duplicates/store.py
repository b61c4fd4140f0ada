"""Keeps signatures between syncs: segments in files, by content, so that nothing is hashed twice.

A file never changes. A merged one covers the numbers of those it replaces, `00000001-00000004.npy`, so a
crash between its writing and their removal leaves files that the next reader passes over.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from headrace.ingest.gates.duplicates import files
from headrace.ingest.gates.duplicates.bands import Banding, banding_for
from headrace.ingest.gates.duplicates.segments import (
    Bands,
    Segment,
    bands_of,
    contents_of,
    joined,
    keys_of,
    merge,
)
from headrace.ingest.gates.duplicates.signatures import PERMUTATIONS, Signatures
from headrace.ledger.failpoints import declare, fire

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

_WRITTEN = declare("duplicates.segment_written")
_PAIRS_AT_ONCE = 100_000
_UNWRITTEN = 10**8
"""Numbers from here on are of segments that are in no file."""
_NAME = re.compile(r"(\d{8})-(\d{8})\.npy")


class Pair(NamedTuple):
    """Two contents that are near duplicates."""

    asked: str
    other: str
    similarity: float
    """Share of equal values of their signatures: an estimate of the Jaccard index of their word runs."""


class SignatureStore:
    """Signatures by content. One writer at a time, which holds the lease of the corpus."""

    def __init__(self, folder: str | Path | None = None, *, writable: bool = True) -> None:
        """Without a folder, or not writable, what is added lives as long as this object."""
        self._folder = None if folder is None else Path(folder)
        self._writable = writable and folder is not None
        self._segments: dict[tuple[int, int], Segment] = {}
        self.refresh()

    def __len__(self) -> int:
        return sum(len(segment.keys) for segment in self._segments.values())

    @property
    def size_bytes(self) -> int:
        """Bytes of its arrays."""
        return sum(segment.size_bytes for segment in self._segments.values())

    @property
    def segments(self) -> int:
        """How many segments there are."""
        return len(self._segments)

    def refresh(self) -> None:
        """See what was written since; what lives in this object alone stays."""
        if self._folder is None or not self._folder.is_dir():
            return
        for _ in range(files.ATTEMPTS):
            try:
                self._read(self._folder)
                return
            except FileNotFoundError:
                continue  # a writer merged it away between the listing and the reading
        self._read(self._folder)

    def known(self, contents: Sequence[str]) -> list[bool]:
        """Whether each content is signed."""
        if not contents:
            return []
        found: list[bool] = (self._places(keys_of(contents))[0] >= 0).tolist()
        return found

    def add(self, signed: Signatures) -> None:
        """Keep the signatures that are new; durable when it returns."""
        import numpy as np

        fresh = {content: row for row, content in enumerate(signed.contents) if content}
        names = list(fresh)
        wanted = [name for name, have in zip(names, self.known(names), strict=True) if not have]
        if not wanted:
            return
        keys = keys_of(wanted)
        order = np.argsort(keys)
        rows = np.array([fresh[name] for name in wanted], dtype=np.int64)[order]
        self._append(Segment(keys[order], signed.values[rows]))

    def pairs(self, contents: Sequence[str], *, threshold: float) -> Iterator[Pair]:
        """Verified near duplicates of each content, dead ones too; one without signature has none."""
        import numpy as np

        if not contents:
            return
        banding = banding_for(threshold)
        keys = keys_of(contents)
        places, rows = self._places(keys)
        keys, places, rows = (column[places >= 0] for column in (keys, places, rows))
        if not len(keys):
            return
        values = np.empty((len(keys), PERMUTATIONS), dtype=np.uint32)
        segments = list(self._segments.values())
        for number, segment in enumerate(segments):
            here = places == number
            values[here] = segment.values[rows[here]]
        wanted = bands_of(values, banding)
        for segment in segments:
            yield from _verified(segment, keys, values, wanted, banding, threshold)

    def compact(self, kept: Collection[str]) -> int:
        """Keep the signatures of these contents only; returns how many went."""
        before = len(self)
        gone = set(self._contents()) - set(kept)
        if not gone:
            return 0
        last = max(end for _, end in self._segments)  # another name: readers know a file by it
        self._replace((1, last + 1), *merge(list(self._segments.values()), kept=kept))
        return before - len(self)

    def lacking(self, kept: Collection[str]) -> int:
        """How many signatures are of none of these contents."""
        return len(set(self._contents()) - set(kept))

    def _contents(self) -> list[str]:
        return [content for segment in self._segments.values() for content in contents_of(segment.keys)]

    def _places(self, keys: Array) -> tuple[Array, Array]:
        """Segment and row of each content; -1 where it is in none."""
        import numpy as np

        places = np.full(len(keys), -1, dtype=np.int64)
        rows = np.full(len(keys), -1, dtype=np.int64)
        for number, segment in enumerate(self._segments.values()):
            found = segment.find(keys)
            here = found >= 0
            places[here], rows[here] = number, found[here]
        return places, rows

    def _append(self, segment: Segment) -> None:
        """Add a segment, merged with those before it that are not twice as large: so few remain."""
        tail = [segment]
        spans = [span for span in sorted(self._segments) if self._writable or span[0] >= _UNWRITTEN]
        last = spans[-1][1] + 1 if spans else 1 if self._writable else _UNWRITTEN
        first = last
        size = len(segment.keys)
        while spans and len(self._segments[spans[-1]].keys) <= size:
            span = spans.pop()
            tail.append(self._segments[span])
            size += len(tail[-1].keys)
            first = span[0]
        self._replace((first, last), *(merge(tail) if len(tail) > 1 else (size, [segment])))

    def _replace(self, span: tuple[int, int], rows: int, parts: Iterable[Segment]) -> None:
        """Let a segment of so many rows, given in parts, stand for all within its numbers."""
        if self._folder is not None and self._writable:
            segment = files.write(self._folder, _name(span), rows, parts)
            fire(_WRITTEN)
        else:
            segment = joined(list(parts))
        self._segments = {held: part for held, part in self._segments.items() if not _within(held, span)}
        self._segments[span] = segment
        if self._folder is not None and self._writable:
            files.remove(self._folder, keep={_name(held) for held in self._segments})

    def _read(self, folder: Path) -> None:
        found = sorted(
            (int(match[1]), int(match[2]))
            for path in folder.iterdir()
            if (match := _NAME.fullmatch(path.name)) is not None
        )
        own = {span: part for span, part in self._segments.items() if span[0] >= _UNWRITTEN}
        spans = [span for span in found if not any(span != other and _within(span, other) for other in found)]
        known = self._segments
        self._segments = {span: known.get(span) or files.read(folder / _name(span)) for span in spans} | own


def _name(span: tuple[int, int]) -> str:
    return f"{span[0]:08d}-{span[1]:08d}.npy"


def _within(inner: tuple[int, int], outer: tuple[int, int]) -> bool:
    return outer[0] <= inner[0] and inner[1] <= outer[1]


def _verified(
    segment: Segment, keys: Array, values: Array, wanted: Bands, banding: Banding, threshold: float
) -> Iterator[Pair]:
    import numpy as np

    if not len(segment.keys):
        return
    left, right = segment.candidates(wanted, banding)
    pairs = np.unique(left * len(segment.keys) + right)
    for start in range(0, len(pairs), _PAIRS_AT_ONCE):
        rows, others = np.divmod(pairs[start : start + _PAIRS_AT_ONCE], len(segment.keys))
        other = keys[rows] != segment.keys[others]
        rows, others = rows[other], others[other]
        same = (values[rows] == segment.values[others]).sum(axis=1)
        alike = same >= threshold * PERMUTATIONS - 1e-9
        asked, found = contents_of(keys[rows[alike]]), contents_of(segment.keys[others[alike]])
        shares = (same[alike] / PERMUTATIONS).tolist()
        yield from map(Pair, asked, found, shares)
