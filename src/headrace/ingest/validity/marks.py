"""Which documents no longer hold, or not yet, at a time: kept in memory, read anew when it changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from headrace.ingest.validity.dates import replacements
from headrace.ingest.validity.ranking import RankingConfig
from headrace.ingest.validity.supersession import holds_from
from headrace.ingest.validity.versions import is_named
from headrace.ledger import deprecations, documents, standings
from headrace.ledger.deprecations import Deprecation
from headrace.ledger.standings import Standing

if TYPE_CHECKING:
    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """How a document stands at a time."""

    kinds: tuple[str, ...]
    """Of superseded, deprecated, expired and upcoming, in this order."""
    superseded_by: str | None
    """URI of the document that holds instead."""
    asked_for: bool = False
    """Whether the query names this very version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """Everything that a corpus's documents say of how far they hold."""

    key: tuple[int, int] = (0, 0)
    """Equal as long as nothing changed."""
    rows: Mapping[str, Standing] = field(default_factory=dict)
    declared: Mapping[str, Deprecation] = field(default_factory=dict)
    replaced: Mapping[str, str] = field(default_factory=dict)
    """URI to the URI of the document that it says replaces it, where that one is in the corpus."""
    begins: Mapping[str, int] = field(default_factory=dict)
    """URI of a newer version to the time since which it holds."""

    def begun(self, uri: str, at_us: int) -> bool:
        """Whether a document says of itself that it held already at a time."""
        row = self.rows.get(uri)
        begins = None if row is None else holds_from(row)
        return begins is not None and begins <= at_us

    def valid_to_us(self, uri: str) -> int | None:
        """Until when a document holds, as it says itself."""
        row = self.rows.get(uri)
        return None if row is None else row.valid_to_us

    def of(self, uri: str, at_us: int, ranking: RankingConfig, *, query: str = "") -> Mark | None:
        """How a document stands at a time; None when there is nothing to say."""
        row, declared = self.rows.get(uri), self.declared.get(uri)
        if row is None and declared is None and not ranking.deprecate:
            return None
        row = row or Standing(uri=uri)
        newer = self.current(uri, at_us)
        begins = row.valid_from_us if row.valid_from_us is not None else self.begins.get(uri)
        by_hand = declared is not None and declared.at_us <= at_us
        holds = {
            "superseded": newer is not None or row.replacement is not None,
            "deprecated": row.deprecated is not None or by_hand or ranking.deprecates(uri),
            "expired": row.valid_to_us is not None and row.valid_to_us <= at_us,
            "upcoming": begins is not None and begins > at_us,
        }
        kinds = tuple(kind for kind, does in holds.items() if does)
        if not kinds:
            return None
        return Mark(kinds=kinds, superseded_by=newer, asked_for=_asked_for(row, query))

    def current(self, uri: str, at_us: int) -> str | None:
        """The document that holds at a time instead of this one; None when it is this one."""
        seen = [uri]
        while (following := self._next(seen[-1], at_us)) is not None and following not in seen:
            seen.append(following)
        return seen[-1] if len(seen) > 1 else None

    def _next(self, uri: str, at_us: int) -> str | None:
        declared = self.declared.get(uri)
        if declared is not None and declared.replacement is not None and declared.at_us <= at_us:
            return declared.replacement
        if uri in self.replaced:
            return self.replaced[uri]
        row = self.rows.get(uri)
        if row is None or (row.superseded_from_us or 0) > at_us:
            return None
        # A version that was forgotten has no row any more, and replaces nothing.
        return row.superseded_by if row.superseded_by in self.rows else None


NO_MARKS = Marks()


def read_marks(conn: Connection, corpus: str, generation: str, *, epoch: int, known: Marks) -> Marks:
    """The marks of a corpus; `known` is given back while nothing changed. `epoch` counts its publishes."""
    seq = standings.sequence(conn, corpus)
    # What a document names as its replacement may come or go with any publish.
    key = (seq, epoch if any(row.replacement for row in known.rows.values()) else known.key[1])
    if key == known.key:
        return known
    rows = standings.load(conn, corpus)
    return Marks(
        key=(seq, epoch),
        rows=rows,
        declared=deprecations.load(conn, corpus),
        replaced=_replaced(conn, generation, [row for row in rows.values() if row.replacement]),
        begins={
            row.superseded_by: row.superseded_from_us
            for row in rows.values()
            if row.superseded_by is not None and row.superseded_from_us is not None
        },
    )


def _replaced(conn: Connection, generation: str, rows: Sequence[Standing]) -> dict[str, str]:
    named = {row.uri: replacements(row.uri, row.replacement or "") for row in rows}
    wanted = sorted({uri for uris in named.values() for uri in uris})
    present = documents.lookup(conn, generation, wanted) if wanted else {}
    found = {uri: next((one for one in uris if one in present), None) for uri, uris in named.items()}
    return {uri: one for uri, one in found.items() if one is not None and one != uri}


def _asked_for(row: Standing, query: str) -> bool:
    return any(
        version is not None and is_named(version, query) for version in (row.version, row.title_version)
    )
