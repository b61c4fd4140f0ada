"""Spans in a folder with one SQLite file for each UTC day."""

from __future__ import annotations

import json
import re
import sqlite3
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import closing, contextmanager
from datetime import date
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any

from headrace.errors import StorageError
from headrace.ledger.durability import fsync_path, make_folder
from headrace.ledger.events.appending import AFTER_COMMIT, BEFORE_COMMIT, ERASING, Appender
from headrace.ledger.events.base import Merge, Redactor, SpanLink, by_role
from headrace.ledger.events.encoding import (
    BRIEF_COLUMNS,
    LINK_COLUMNS,
    SPAN_COLUMNS,
    EncodedSpan,
    day_name,
    day_of,
    decode_span,
)
from headrace.ledger.events.erasing import Redaction, Tables, Touched, count, rewrite, spans, touched
from headrace.ledger.events.finding import Place, SpanQuery, Total, decode_facts, statement, totals_statement
from headrace.ledger.events.merging import by_id, days_around, existing, merge_spans, merged, remove
from headrace.ledger.events.sqlite_schema import prepare
from headrace.ledger.failpoints import fire
from headrace.ledger.storage.cleaning import truncate_log
from headrace.ledger.storage.engine import cannot_open, configure_sqlite
from headrace.ledger.storage.rows import slices
from headrace.records.call import EVALUATION, SpanEvent

_OPEN_FILES = 8
_OPEN_READERS = 32
"""More than the days that are hot, so that a trace is looked for without opening files anew."""
_READER_CACHE = "PRAGMA cache_size=-4096"
_EPOCH = date(1970, 1, 1).toordinal()
_BUSY_SECONDS = 30.0
_DAY_FILE = re.compile(r"\d{4}-\d\d-\d\d\.sqlite")

_INSERT_SPANS = f"INSERT OR IGNORE INTO spans ({SPAN_COLUMNS}) VALUES "  # noqa: S608 - our names
_SPAN_MARKS = f"({', '.join('?' * len(SPAN_COLUMNS.split(',')))})"
_MOST_ROWS = 256
"""Of one statement."""
_DELETE_LINK = (
    "DELETE FROM span_refs WHERE role = ? AND ref = ? AND trace_id = ? AND span_id = ? AND end_ns = ?"
)
_INSERT_LINKS = f"INSERT OR IGNORE INTO span_refs ({LINK_COLUMNS}) VALUES ({', '.join('?' * 6)})"  # noqa: S608 - our names


class SqliteEvents:
    """The embedded store of spans."""

    def __init__(self, folder: Path, *, redactor: Redactor | None = None) -> None:
        try:
            self._folder = make_folder(folder)
        except OSError as error:
            raise cannot_open("event store", f"sqlite:///{folder}", error) from error
        self._writing: OrderedDict[int, sqlite3.Connection] = OrderedDict()
        self._reading: OrderedDict[Path, _Reader] = OrderedDict()
        self._lock = Lock()
        self._closed = False
        self._appender = Appender(
            self._commit, redactor=redactor, where=self.safe_url, at_end=self._close_writing
        )

    @property
    def safe_url(self) -> str:
        """Where it lies."""
        return f"sqlite:///{self._folder}"

    def append(self, spans: Sequence[SpanEvent], *, merge: Merge | None = None) -> Future[None]:
        """Write spans; the future resolves once they are durable."""
        return self._appender.append(spans, merge=merge)

    def trace(self, trace_id: str) -> list[SpanEvent]:
        """Every span of a trace in the order of their start."""
        found: list[SpanEvent] = []
        earliest = ""
        for path in self._files():
            # A span cannot end before its trace began, so older files hold nothing of it.
            if earliest and path.stem < earliest:
                break
            found += self._spans(path, "WHERE trace_id = ?", trace_id)
            if found:
                earliest = day_name(day_of(min(span.start_ns for span in found)))
        return sorted(found, key=lambda span: (span.start_ns, span.end_ns, span.span_id))

    def by_ref(self, ref: str, *, role: str | None = None, limit: int = 50) -> list[SpanLink]:
        """Spans that retrieved or cited a chunk or document, newest first."""
        found: list[SpanLink] = []
        statement = (
            "SELECT trace_id, span_id, role, kind, end_ns FROM span_refs "
            "WHERE ref = ? AND (? IS NULL OR role = ?) ORDER BY end_ns DESC, span_id LIMIT ?"
        )
        for path in self._files():
            with self._open(path) as connection:
                rows = connection.execute(statement, (ref, role, role, limit - len(found))).fetchall()
            found += [SpanLink(*row) for row in rows]
            if len(found) >= limit:
                break
        return found

    def met(self, refs: Sequence[str], *, since_ns: int) -> dict[str, tuple[int, int]]:
        """How often each chunk or document was retrieved and cited since a time."""
        found: Counter[tuple[str, str]] = Counter()
        first = day_name(day_of(since_ns))
        for path in self._files():
            if path.stem < first:
                break
            for part in slices(refs):
                marks = ", ".join("?" * len(part))
                statement = (
                    "SELECT ref, role, count(*) FROM span_refs "  # noqa: S608 - question marks
                    f"WHERE ref IN ({marks}) AND end_ns >= ? GROUP BY ref, role"
                )
                with self._open(path) as connection:
                    rows = connection.execute(statement, (*part, since_ns)).fetchall()
                found.update({(ref, role): number for ref, role, number in rows})
        return by_role(found)

    def recent(self, *, kind: str | None = None, limit: int = 50) -> list[SpanEvent]:
        """The spans that ended last, newest first."""
        found: list[SpanEvent] = []
        condition = "WHERE (? IS NULL OR kind = ?) ORDER BY end_ns DESC, span_id LIMIT ?"
        for path in self._files():
            found += self._spans(path, condition, kind, kind, limit - len(found))
            if len(found) >= limit:
                break
        return found

    def find(self, query: SpanQuery, *, place: Place | None = None, limit: int = 50) -> list[SpanEvent]:
        """Spans that meet a query, newest first, after a place; without attributes and references."""
        until = query.until_ns if place is None else min(place.end_ns + 1, query.until_ns or place.end_ns + 1)
        first = "" if query.since_ns is None else day_name(day_of(max(query.since_ns, 0)))
        last = None if until is None else day_name(day_of(max(until - 1, 0)))
        table = _indexed(query)
        text, values = statement(table, query, place=place)
        found: list[SpanEvent] = []
        for path in self._files():
            if path.stem < first or len(found) >= limit:
                break
            if last is None or path.stem <= last:
                with self._open(path) as connection:
                    rows = connection.execute(text, [*values, limit - len(found)]).fetchall()
                found += map(decode_facts, rows)
        return found

    def totals(self, query: SpanQuery) -> list[Total]:
        """What spans that meet a query come to, by kind and currency; a trace counts in each of its days."""
        text, values = totals_statement("spans", query)
        found: list[Total] = []
        for path in self._files():
            with self._open(path) as connection:
                found += [Total(*row) for row in connection.execute(text, values).fetchall()]
        return found

    def days(self) -> list[int]:
        """Days that may have spans, in order."""
        return sorted(_day(path) for path in self._files())

    def rows(self, day: int) -> list[tuple[Any, ...]]:
        """Every span of a day in the order of SPAN_COLUMNS."""
        return self._select(day, SPAN_COLUMNS)

    def brief(self, day: int) -> list[tuple[Any, ...]]:
        """Of every span of a day what decides how long it is kept."""
        return self._select(day, BRIEF_COLUMNS)

    def keys(self, days: Collection[int]) -> dict[int, frozenset[tuple[str, str]]]:
        """Trace and span ids of some days; days without any are left out."""
        found = {day: frozenset(self._select(day, "trace_id, span_id")) for day in days}
        return {day: keys for day, keys in found.items() if keys}

    def remove(self, day: int, rows: Sequence[Sequence[Any]]) -> None:
        """Delete spans, each only if it still is as it was read, and give the space back."""
        path = self._folder / f"{day_name(day)}.sqlite"
        with closing(_connect(path)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            rewrite_file = _remove_same(connection, {(row[0], row[1]): tuple(row) for row in rows})
            connection.execute("COMMIT")
            if rewrite_file:
                connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def touched(self, redaction: Redaction) -> Touched:
        """Traces that met what a redaction takes out."""
        found = Touched()
        for path in self._files():
            with self._open(path) as connection:
                found = found.union(touched(_tables(connection), redaction))
        return found

    def count(self, since_ns: int) -> int:
        """How many spans ended at or after a time."""
        first = day_name(day_of(since_ns))
        total = 0
        for path in self._files():
            if path.stem < first:
                break
            with self._open(path) as connection:
                row = connection.execute(
                    "SELECT count(*) FROM spans WHERE end_ns >= ?", (since_ns,)
                ).fetchone()
            total += int(row[0])
        return total

    def by_prompt(self, kinds: Sequence[str], *, since_ns: int) -> dict[str | None, int]:
        """How many spans of these kinds ended since a time, by the digest of their prompt."""
        found: Counter[str | None] = Counter()
        first = day_name(day_of(since_ns))
        marks = ", ".join("?" * len(kinds))
        statement = (
            "SELECT prompt, count(*) FROM spans "  # noqa: S608 - question marks
            f"WHERE end_ns >= ? AND kind IN ({marks}) GROUP BY prompt"
        )
        for path in self._files():
            if path.stem < first:
                break
            with self._open(path) as connection:
                found.update(dict(connection.execute(statement, (since_ns, *kinds)).fetchall()))
        return dict(found)

    def answered(
        self, kinds: Sequence[str], *, since_ns: int, until_ns: int | None = None
    ) -> list[tuple[str, int]]:
        """Traffic: traces with a span of these kinds, each with the end of the last if it is within a time.

        Spans that evals made are none.
        """
        found: dict[str, int] = {}
        first = day_name(day_of(max(since_ns, 0)))
        marks = ", ".join("?" * len(kinds))
        statement = (
            "SELECT trace_id, max(end_ns) FROM spans "  # noqa: S608 - question marks
            f"WHERE end_ns >= ? AND kind IN ({marks}) AND service IS NOT ? GROUP BY trace_id"
        )
        for path in self._files():
            if path.stem < first:
                break
            with self._open(path) as connection:
                for trace_id, end_ns in connection.execute(
                    statement, (since_ns, *kinds, EVALUATION)
                ).fetchall():
                    found[trace_id] = max(end_ns, found.get(trace_id, 0))
        return sorted(item for item in found.items() if until_ns is None or item[1] < until_ns)

    def all(self) -> Iterator[SpanEvent]:
        """Every span, in no particular order."""
        for path in self._files():
            with self._open(path) as connection:
                yield from spans(_tables(connection))

    def touching(self, redaction: Redaction, *, also: Touched | None = None) -> int:
        """How many spans tell of the documents or users that a redaction takes out."""
        traces = self.touched(redaction).union(also)
        total = 0
        for path in self._files():
            with self._open(path) as connection:
                total += count(_tables(connection), redaction, traces)
        return total

    def erase(self, redaction: Redaction, *, also: Touched | None = None) -> int:
        """Redact those spans for good, with what the logs hold; returns how many there were."""
        traces = self.touched(redaction).union(also)
        total = 0
        for path in self._files():
            with closing(_connect(path)) as connection:
                connection.execute("BEGIN IMMEDIATE")
                total += len(rewrite(_tables(connection), redaction, traces))
                fire(ERASING)
                connection.execute("COMMIT")
                # A move that was killed before it rewrote the file left what it removed in free pages.
                if connection.execute("PRAGMA freelist_count").fetchone()[0]:
                    connection.execute("VACUUM")
        for path in self._files():
            truncate_log(path)
        return total

    def close(self) -> None:
        """Finish what is queued and close every file."""
        self._appender.close()
        with self._lock:
            self._closed = True
            readers = list(self._reading.values())
            self._reading.clear()
        for reader in readers:
            reader.close()

    def _commit(self, spans: Sequence[EncodedSpan]) -> None:
        late, moved = self._gathered([span for span in spans if span.merge is not None])
        days: dict[int, list[EncodedSpan]] = defaultdict(list)
        for span in (*late, *(span for span in spans if span.merge is None)):
            days[span.day].append(span)
        for day, of_day in days.items():
            self._change(day, partial(_insert, spans=of_day))
        for day, ids in moved.items():
            self._change(day, partial(_remove, ids=ids))
        fire(AFTER_COMMIT)

    def _change(self, day: int, work: Callable[[sqlite3.Connection], None]) -> None:
        connection = self._day(day)
        try:
            work(connection)
        except BaseException:
            self._writing.pop(day).close()
            raise

    def _gathered(
        self, late: Sequence[EncodedSpan]
    ) -> tuple[Sequence[EncodedSpan], dict[int, list[tuple[str, str]]]]:
        """Spans with what is kept of them in files of other days, and what has to leave which file."""
        moved: dict[int, list[tuple[str, str]]] = defaultdict(list)
        if not late:
            return late, moved
        found = by_id(late)
        low, high = days_around(found.values())
        for day in range(low, high + 1):
            if not (self._folder / f"{day_name(day)}.sqlite").exists():
                continue
            foreign = [span for span in found.values() if span.day != day]
            for row in list(existing(_tables(self._day(day)), foreign)) if foreign else ():
                kept = decode_span(row)
                name = (kept.trace_id, kept.span_id)
                found[name] = merged(kept, found[name])
                if found[name].day != day:
                    moved[day].append(name)
        return list(found.values()), moved

    def _day(self, day: int) -> sqlite3.Connection:
        connection = self._writing.get(day)
        if connection is None:
            path = self._folder / f"{day_name(day)}.sqlite"
            connection = _connect(path)
            fsync_path(self._folder)
            self._writing[day] = connection
        self._writing.move_to_end(day)
        while len(self._writing) > _OPEN_FILES:
            self._writing.popitem(last=False)[1].close()
        return connection

    def _close_writing(self) -> None:
        while self._writing:
            self._writing.popitem()[1].close()

    def _files(self) -> list[Path]:
        found = [path for path in self._folder.iterdir() if _DAY_FILE.fullmatch(path.name)]
        return sorted(found, reverse=True)

    def _select(self, day: int, columns: str) -> list[tuple[Any, ...]]:
        path = self._folder / f"{day_name(day)}.sqlite"
        if not path.exists():
            return []
        with self._open(path) as connection:
            return connection.execute(f"SELECT {columns} FROM spans").fetchall()  # noqa: S608 - our names

    def _spans(self, path: Path, condition: str, *values: Any) -> list[SpanEvent]:
        with self._open(path) as connection:
            rows = connection.execute(f"SELECT {SPAN_COLUMNS} FROM spans {condition}", values).fetchall()  # noqa: S608 - our text
        return [decode_span(row) for row in rows]

    @contextmanager
    def _open(self, path: Path) -> Iterator[sqlite3.Connection]:
        with self._lock:
            if self._closed:
                raise StorageError("The event store is closed.", hint="Open it again before reading from it.")
            reader = self._reading.get(path) or _Reader(path)
            self._reading[path] = reader
            self._reading.move_to_end(path)
            surplus = [self._reading.popitem(last=False)[1]] if len(self._reading) > _OPEN_READERS else []
        for old in surplus:
            old.close()
        with reader.use() as connection:
            yield connection


class _Reader:
    """A day's file for reading, one thread at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()
        self._connection: sqlite3.Connection | None = None

    @contextmanager
    def use(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            if self._connection is None:
                self._connection = _connect(self._path)
                self._connection.execute(_READER_CACHE)
            yield self._connection

    def close(self) -> None:
        with self._lock:
            if self._connection is not None:
                self._connection.close()
            self._connection = None


def _indexed(query: SpanQuery) -> str:
    """The table with the index to read, where the planner would choose another."""
    if query.traces is not None:
        return "spans INDEXED BY spans_id"  # it does not know that a trace has few spans and a day has many
    if query.session is not None:
        return "spans INDEXED BY spans_session"  # nor that a session has fewer than a model
    if query.subjects:
        return "spans INDEXED BY spans_subject"
    if len(query.models or ()) > 1:
        return "spans INDEXED BY spans_end"  # nor that those of several models would have to be sorted
    return "spans"


def _day(path: Path) -> int:
    return date.fromisoformat(path.stem).toordinal() - _EPOCH


def _remove_same(connection: sqlite3.Connection, rows: Mapping[tuple[str, str], tuple[Any, ...]]) -> bool:
    """Delete the rows that still are as they were read; says whether the file has to be rewritten then."""
    places: list[tuple[int]] = []
    links: list[tuple[Any, ...]] = []
    total = 0
    for place, *row in connection.execute(f"SELECT rowid, {SPAN_COLUMNS} FROM spans"):  # noqa: S608 - our names
        total += 1
        if rows.get((row[0], row[1])) == tuple(row):
            places.append((place,))
            links += [(role, ref, row[0], row[1], row[6]) for role, ref in json.loads(row[-1])]
    if len(places) * 2 > total:
        # Most of the file goes: it is rewritten, so its old pages need not be overwritten one by one.
        connection.execute("PRAGMA secure_delete=OFF")
    if len(places) == total:
        connection.execute("DELETE FROM spans")
        connection.execute("DELETE FROM span_refs")
    else:
        connection.executemany("DELETE FROM spans WHERE rowid = ?", places)
        connection.executemany(_DELETE_LINK, links)
    return len(places) * 2 > total


def _tables(connection: sqlite3.Connection) -> Tables:
    return Tables("spans", "span_refs", connection.execute, connection.execute)


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        configure_sqlite(connection)
        prepare(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _insert(connection: sqlite3.Connection, spans: Sequence[EncodedSpan]) -> None:
    plain, late = ([span for span in spans if (span.merge is None) is no] for no in (True, False))
    connection.execute("BEGIN IMMEDIATE")
    _insert_new(connection, plain)
    if _insert_new(connection, late) < len(late):  # mostly they are new, and none has to be looked for
        connection.execute("ROLLBACK")
        connection.execute("BEGIN IMMEDIATE")
        _insert_new(connection, plain)
        merge_spans(_tables(connection), late, lambda new: _insert_new(connection, new))
    fire(BEFORE_COMMIT)
    connection.execute("COMMIT")


def _remove(connection: sqlite3.Connection, ids: Sequence[tuple[str, str]]) -> None:
    connection.execute("BEGIN IMMEDIATE")
    remove(_tables(connection), ids)
    connection.execute("COMMIT")


def _insert_new(connection: sqlite3.Connection, spans: Sequence[EncodedSpan]) -> int:
    if not spans:
        return 0
    # Many rows a statement: between two of them the thread waits until the others let it go on.
    inserted, at = 0, 0
    while at < len(spans):
        rows = min(_MOST_ROWS, 1 << (len(spans) - at).bit_length() - 1)  # few lengths, so few statements
        values = [value for span in spans[at : at + rows] for value in span.row]
        inserted += connection.execute(_INSERT_SPANS + ", ".join([_SPAN_MARKS] * rows), values).rowcount
        at += rows
    links = [link for span in spans for link in span.links]
    if links:
        connection.executemany(_INSERT_LINKS, links)
    return inserted
