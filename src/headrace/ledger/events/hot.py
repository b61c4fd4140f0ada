"""What a store of spans can do beside reading and writing, so that others can be laid beside it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

from headrace.ledger.events.base import EventStore
from headrace.ledger.events.erasing import Redaction, Touched
from headrace.ledger.events.finding import SpanQuery, Total


class HotStore(EventStore, Protocol):
    """The store that spans are written to."""

    def totals(self, query: SpanQuery) -> list[Total]:
        """What spans that meet a query come to, by kind and currency."""
        ...

    def days(self) -> list[int]:
        """Days, since 1970-01-01, that may have spans, in order."""
        ...

    def rows(self, day: int) -> list[tuple[Any, ...]]:
        """Every span of a day in the order of SPAN_COLUMNS."""
        ...

    def brief(self, day: int) -> list[tuple[Any, ...]]:
        """Of every span of a day: trace, span, end, kind, name, service, prompt and user."""
        ...

    def keys(self, days: Collection[int]) -> Mapping[int, frozenset[tuple[str, str]]]:
        """Trace and span ids of some days; days without any are left out."""
        ...

    def remove(self, day: int, rows: Sequence[Sequence[Any]]) -> None:
        """Delete spans, each only if it still is as it was read."""
        ...

    def touched(self, redaction: Redaction) -> Touched:
        """Traces that met what a redaction takes out."""
        ...

    def touching(self, redaction: Redaction, *, also: Touched | None = None) -> int:
        """As in EventStore; `also` are traces that another store knows to have met it."""
        ...

    def erase(self, redaction: Redaction, *, also: Touched | None = None) -> int:
        """As in EventStore; `also` are traces that another store knows to have met it."""
        ...
