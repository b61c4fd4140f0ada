"""Read cold spans: newest day first, and only the files that can hold what is asked for."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from headrace.ledger.blobs import Files
from headrace.ledger.events.base import SpanLink
from headrace.ledger.events.cold import catalog
from headrace.ledger.events.cold.catalog import ColdFile, State
from headrace.ledger.events.cold.files import COLUMNS, read_rows, source_of
from headrace.ledger.events.cold.sieve import may_hold
from headrace.ledger.events.encoding import decode_span
from headrace.ledger.events.finding import Place, SpanQuery, Total, decode_facts, statement, totals_statement
from headrace.records.call import SpanEvent

if TYPE_CHECKING:
    from headrace.ledger.ledger import Ledger

T = TypeVar("T")
_TRIES = 5
Hidden = Mapping[int, Collection[tuple[str, str]]]
"""By day the spans, by trace and span id, that the event store has too: there they count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ColdSpans:
    """The spans in files that the ledger names."""

    ledger: Ledger
    files: Files

    def named(self, *states: State) -> list[ColdFile]:
        """Every file in one of these states, newest day first; without any, those that are read."""
        key = f"cold files {' '.join(states)}"
        return self.ledger.kept(key, lambda conn: catalog.files(conn, *states))

    def settled(self, work: Callable[[list[ColdFile]], T]) -> T:
        """Read from the files that are named; again where one was replaced meanwhile."""
        for attempt in range(_TRIES):
            try:
                return work(self.named())
            except FileNotFoundError:
                if attempt == _TRIES - 1:
                    raise
        raise AssertionError  # the last try returned or raised

    def trace(self, trace_id: str) -> list[SpanEvent]:
        """Every span of a trace."""

        def read(files: list[ColdFile]) -> list[SpanEvent]:
            held = [file for file in files if may_hold(file.sieve, trace_id)]
            return [
                decode_span(row) for file in held for row in read_rows(self.files, file, traces=[trace_id])
            ]

        return self.settled(read)

    def spans(self, *, since_ns: int = 0, traces: Collection[str] | None = None) -> Iterator[SpanEvent]:
        """Spans with their texts, one file after the other."""
        for file in self.settled(list):
            if file.last_end_ns >= since_ns and _may_hold_any(file, traces):
                rows = self.settled(lambda files, mine=file: self._rows(files, mine, traces))  # type: ignore[misc]  # bound early
                yield from map(decode_span, rows)

    def _rows(
        self, files: list[ColdFile], file: ColdFile, traces: Collection[str] | None
    ) -> list[tuple[Any, ...]]:
        if file.path in {item.path for item in files}:
            return read_rows(self.files, file, COLUMNS, traces=traces)
        # It was replaced since the list was made; what replaced it holds the same spans.
        return [
            row
            for item in files
            if item.day == file.day
            for row in read_rows(self.files, item, COLUMNS, traces=traces)
        ]

    def find(self, query: SpanQuery, *, place: Place | None, limit: int) -> list[SpanEvent]:
        """Spans that meet a query, newest first, without their texts."""
        until = min(
            query.until_ns if query.until_ns is not None else 2**63 - 1,
            place.end_ns + 1 if place is not None else 2**63 - 1,
        )

        def read(files: list[ColdFile]) -> list[SpanEvent]:
            found: list[SpanEvent] = []
            days: dict[int, list[ColdFile]] = {}
            for file in files:
                if (
                    file.last_end_ns >= (query.since_ns or 0)
                    and file.first_end_ns < until
                    and _may_hold_any(file, query.traces)
                ):
                    days.setdefault(file.day, []).append(file)
            for _, of_day in sorted(days.items(), reverse=True):
                found += self._find(of_day, query, place=place, limit=limit - len(found))
                if len(found) >= limit:
                    break
            return found

        return self.settled(read)

    def _find(
        self, files: Sequence[ColdFile], query: SpanQuery, *, place: Place | None, limit: int
    ) -> list[SpanEvent]:
        import duckdb

        with duckdb.connect() as connection:
            view(connection, self.files, files)
            text, values = statement("spans", query, place=place, like="ILIKE")
            return [decode_facts(row) for row in connection.execute(text, [*values, limit]).fetchall()]

    def totals(self, query: SpanQuery) -> list[Total]:
        """What spans that meet a query come to, by kind and currency."""
        import duckdb

        def read(files: list[ColdFile]) -> list[Total]:
            text, values = totals_statement("spans", query, like="ILIKE")
            with duckdb.connect() as connection:
                view(connection, self.files, files)
                rows = connection.execute(text, values).fetchall()
            return [Total(row[0], row[1], *(int(number) for number in row[2:])) for row in rows]

        return self.settled(read) if self.named() else []

    def links(self, ref: str, *, role: str | None, limit: int, hidden: Hidden) -> list[SpanLink]:
        """Spans that retrieved or cited something, newest first."""

        def read(files: list[ColdFile]) -> list[SpanLink]:
            found: list[SpanLink] = []
            columns = ("trace_id", "span_id", "kind", "end_ns", "refs")
            for day in sorted({file.day for file in files}, reverse=True):
                for file in files:
                    if file.day != day or not may_hold(file.sieve, ref):
                        continue
                    for trace_id, span_id, kind, end_ns, refs in read_rows(self.files, file, columns):
                        if (trace_id, span_id) in hidden.get(day, ()):
                            continue
                        found += [
                            SpanLink(trace_id, span_id, had, kind, end_ns)
                            for had, name in json.loads(refs)
                            if name == ref and role in (None, had)
                        ]
                if len(found) >= limit:
                    break
            return sorted(found, key=lambda link: (-link.end_ns, link.span_id))[:limit]

        return self.settled(read)

    def met(self, refs: Sequence[str], *, since_ns: int, hidden: Hidden) -> Counter[tuple[str, str]]:
        """How often each was retrieved and cited."""
        found: Counter[tuple[str, str]] = Counter()
        wanted = set(refs)
        for row in self.columns(("refs",), since_ns=since_ns, hidden=hidden, words=wanted):
            found.update((name, role) for role, name in json.loads(row[0]) if name in wanted)
        return found

    def columns(
        self,
        columns: Sequence[str],
        *,
        since_ns: int,
        hidden: Hidden,
        words: Collection[str] | None = None,
    ) -> list[tuple[Any, ...]]:
        """These columns of every span since a time that the event store does not have too."""
        taken = ("trace_id", "span_id", "end_ns", *columns)

        def read(files: list[ColdFile]) -> list[tuple[Any, ...]]:
            return [
                row[3:]
                for file in files
                if file.last_end_ns >= since_ns and _may_hold_any(file, words)
                for row in read_rows(self.files, file, taken)
                if row[2] >= since_ns and (row[0], row[1]) not in hidden.get(file.day, ())
            ]

        return self.settled(read)


def view(connection: Any, files: Files, named: Sequence[ColdFile]) -> None:
    """Make cold spans the view `spans` of a DuckDB connection, with the columns of the event store."""
    import pyarrow.parquet as pq

    connection.execute("SET enable_progress_bar = false")
    if not named:
        nothing = ", ".join(f"NULL AS {column}" for column in COLUMNS)
        connection.execute(f"CREATE VIEW spans AS SELECT {nothing} WHERE false")
        return
    sources = [source_of(files, file) for file in named]
    if all(isinstance(source, str) for source in sources):
        listed = ", ".join("'{}'".format(source.replace("'", "''")) for source in sources)
        connection.execute(f"CREATE VIEW spans AS SELECT * FROM read_parquet([{listed}])")  # noqa: S608 - our paths
        return
    import pyarrow as pa

    connection.register("spans", pa.concat_tables([pq.read_table(source) for source in sources]))


def _may_hold_any(file: ColdFile, words: Collection[str] | None) -> bool:
    return words is None or any(may_hold(file.sieve, word) for word in words)
