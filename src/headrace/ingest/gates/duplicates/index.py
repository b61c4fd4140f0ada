"""The index of near duplicates: inserts, deletes and changes of threshold, without hashing a text again."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from headrace.ingest.gates.duplicates.bands import Banding, band_keys, banding_for
from headrace.ingest.gates.duplicates.segments import Segment, make_segment, merge
from headrace.ingest.gates.duplicates.signatures import PERMUTATIONS, Signatures
from headrace.ingest.gates.duplicates.winners import Standing, winners

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

_PAIRS_AT_ONCE = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A document to insert; one that is there already is replaced."""

    document: str
    group: str
    """Its access labels in one text: documents of different groups are never compared."""
    standing: Standing = field(default_factory=Standing)


class Member(NamedTuple):
    """A document of the index."""

    content: int
    """The id of its content; documents with the same normalised text and group share it."""
    standing: Standing


@dataclass(slots=True)
class DuplicateIndex:
    """Documents, their contents in sorted segments, and who yields to whom.

    After any history of `apply` the state is that of an index built of the same documents at once. Memory per
    document: 512 bytes of signature and 12 bytes a band in arrays that may be memory-mapped, and some 400 in
    dictionaries.
    """

    threshold: float = 0.8
    """Least share of equal values of two signatures: an estimate of the Jaccard index of their word runs."""
    members: dict[str, Member] = field(default_factory=dict)
    holders: dict[int, list[str]] = field(default_factory=dict)
    """Documents of each content."""
    contents: dict[tuple[int, int, int], int] = field(default_factory=dict)
    """Group and key to the id of a content."""
    segments: list[Segment] = field(default_factory=list)
    aliases: dict[str, str] = field(default_factory=dict)
    """Losers with their winners."""
    _places: list[tuple[int, int]] = field(default_factory=list)
    """Segment and row of each content id; (-1, -1) once it is gone."""

    @property
    def banding(self) -> Banding:
        """Bands that find pairs at the threshold."""
        return banding_for(self.threshold)

    @property
    def size_bytes(self) -> int:
        """Bytes of its segments."""
        return sum(segment.size_bytes for segment in self.segments)

    def apply(
        self, entries: Sequence[Entry], signed: Signatures, *, removed: Iterable[str] = ()
    ) -> dict[str, str | None]:
        """Insert, replace and delete; gives the documents whose winner changed, None for one that now wins.

        A text without words is kept out. A deleted document is in the answer only if it yielded before.
        """
        touched = {content for document in removed if (content := self._drop(document)) is not None}
        fresh: list[int] = []
        for row, entry in enumerate(entries):
            dropped = self._drop(entry.document)
            if dropped is not None:
                touched.add(dropped)
            if not signed.empty[row]:
                content, is_new = self._hold(entry, signed.keys[row])
                touched.add(content)
                if is_new:
                    fresh.append(row)
        self._append(fresh, entries, signed)
        changed = self._resolve(touched)
        self._tidy()
        return changed

    def with_threshold(self, threshold: float) -> DuplicateIndex:
        """The same documents by another threshold: bands are made anew from the signatures."""
        other = DuplicateIndex(
            threshold=threshold,
            members=dict(self.members),
            holders={content: list(held) for content, held in self.holders.items()},
            contents=dict(self.contents),
            _places=list(self._places),
        )
        if self.segments:
            other.segments = [merge(self.segments, self._live(), other.banding)]
            other._place(0)
        other._resolve(set(other.holders))
        return other

    def _drop(self, document: str) -> int | None:
        member = self.members.pop(document, None)
        if member is None:
            return None
        held = self.holders[member.content]
        held.remove(document)
        if not held:
            del self.holders[member.content]
        return member.content

    def _hold(self, entry: Entry, key: Array) -> tuple[int, bool]:
        """Put a document to its content; says whether the content has to be appended to a segment."""
        name = (_group(entry.group), int(key[0]), int(key[1]))
        content = self.contents.get(name)
        is_new = content is None
        if content is None:
            content = self.contents[name] = len(self._places)
            self._places.append((-1, -1))
        self.members[entry.document] = Member(content, entry.standing)
        self.holders.setdefault(content, []).append(entry.document)
        return content, is_new

    def _append(self, rows: Sequence[int], entries: Sequence[Entry], signed: Signatures) -> None:
        import numpy as np

        if not rows:
            return
        groups = np.array([_group(entries[row].group) for row in rows], dtype=np.uint64)
        keys = signed.keys[rows]
        ids = [
            self.contents[int(group), int(first), int(second)]
            for group, (first, second) in zip(groups, keys, strict=True)
        ]
        self.segments.append(
            make_segment(np.array(ids, dtype=np.int64), keys, groups, signed.values[rows], self.banding)
        )
        self._place(len(self.segments) - 1)

    def _place(self, number: int) -> None:
        for row, content in enumerate(self.segments[number].ids.tolist()):
            self._places[content] = (number, row)

    def _live(self) -> Array:
        import numpy as np

        live = np.zeros(len(self._places), dtype=bool)
        live[list(self.holders)] = True
        return live

    def _tidy(self) -> None:
        """Merge while the newest segment is half as large as the one before it, so that few remain."""
        while len(self.segments) > 1 and 2 * len(self.segments[-1].ids) >= len(self.segments[-2].ids):
            pair = self.segments[-2:]
            live = self._live()
            for segment in pair:
                for row in (~live[segment.ids]).nonzero()[0].tolist():
                    self._forget(segment, row)
            self.segments[-2:] = [merge(pair, live, self.banding)]
            self._place(len(self.segments) - 1)

    def _forget(self, segment: Segment, row: int) -> None:
        self._places[int(segment.ids[row])] = (-1, -1)
        first, second = segment.keys[row].tolist()
        self.contents.pop((int(segment.groups[row]), first, second), None)

    def _resolve(self, touched: set[int]) -> dict[str, str | None]:
        """Choose winners anew in every group of near duplicates that a change reaches."""
        neighbours: defaultdict[int, set[int]] = defaultdict(set)
        reached: set[int] = set()
        frontier = touched
        while frontier:
            reached |= frontier
            for left, right in self._pairs(sorted(frontier)):
                neighbours[left].add(right)
                neighbours[right].add(left)
            frontier = {other for content in frontier for other in neighbours[content]} - reached
        present = [content for content in reached if content in self.holders]
        best = {
            content: min(self.holders[content], key=lambda name: self.members[name].standing.order(name))
            for content in present
        }
        order = {content: self.members[name].standing.order(name) for content, name in best.items()}
        living = {content: {other for other in neighbours[content] if other in order} for content in present}
        chosen = winners(present, living, order.__getitem__)
        return self._rename({content: best[winner] for content, winner in chosen.items()})

    def _rename(self, best: Mapping[int, str]) -> dict[str, str | None]:
        changed: dict[str, str | None] = {}
        for content, winner in best.items():
            for document in self.holders[content]:
                now = None if document == winner else winner
                if self.aliases.get(document) != now:
                    changed[document] = now
                if now is None:
                    self.aliases.pop(document, None)
                else:
                    self.aliases[document] = now
        for document in [name for name in self.aliases if name not in self.members]:
            del self.aliases[document]
        return changed

    def _pairs(self, contents: Sequence[int]) -> list[tuple[int, int]]:
        """Verified pairs of near duplicates with at least one of `contents`, the dead among them too."""
        import numpy as np

        asked = np.array([content for content in contents if self._places[content][0] >= 0], dtype=np.int64)
        if not len(asked):
            return []
        values = self._values(asked)
        groups = self._column("groups", asked)
        wanted = band_keys(values, groups, self.banding)
        found: list[tuple[int, int]] = []
        for segment in self.segments:
            left, right = segment.candidates(wanted)
            pairs = np.unique(left * len(segment.ids) + right)
            for start in range(0, len(pairs), _PAIRS_AT_ONCE):
                rows, others = np.divmod(pairs[start : start + _PAIRS_AT_ONCE], len(segment.ids))
                alike = self._alike(values[rows], segment.values[others]) & (
                    groups[rows] == segment.groups[others]
                )
                ids = segment.ids[others]
                alike &= asked[rows] != ids
                found += zip(asked[rows][alike].tolist(), ids[alike].tolist(), strict=True)
        return found

    def _alike(self, left: Array, right: Array) -> Array:
        same: Array = (left == right).sum(axis=1) >= self.threshold * PERMUTATIONS - 1e-9
        return same

    def _values(self, contents: Array) -> Array:
        return self._column("values", contents)

    def _column(self, name: str, contents: Array) -> Array:
        """A column of some contents, gathered from their segments."""
        import numpy as np

        places = np.array([self._places[content] for content in contents.tolist()], dtype=np.int64)
        sample = getattr(self.segments[0], name)
        gathered = np.empty((len(contents), *sample.shape[1:]), dtype=sample.dtype)
        for number, segment in enumerate(self.segments):
            here = places[:, 0] == number
            gathered[here] = getattr(segment, name)[places[here, 1]]
        return gathered


def _group(name: str) -> int:
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little")
