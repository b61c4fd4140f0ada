"""Spans in PostgreSQL, partitioned by UTC day."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import DBAPIError

from headrace.errors import SchemaTooNew
from headrace.ledger.events.appending import AFTER_COMMIT, BEFORE_COMMIT, ERASING, Appender
from headrace.ledger.events.base import Merge, Redactor, SpanLink, by_role
from headrace.ledger.events.encoding import (
    BRIEF_COLUMNS,
    DAY_NS,
    LINK_COLUMNS,
    SPAN_COLUMNS,
    EncodedSpan,
    day_name,
    day_of,
    decode_span,
)
from headrace.ledger.events.erasing import Redaction, Tables, Touched, count, rewrite, spans, touched
from headrace.ledger.events.finding import Place, SpanQuery, Total, decode_facts, statement, totals_statement
from headrace.ledger.events.merging import merge_spans
from headrace.ledger.failpoints import fire
from headrace.ledger.storage.cleaning import vacuum_full
from headrace.ledger.storage.engine import (
    OPEN_ERRORS,
    cannot_open,
    make_engine,
    safe_url,
    schema_name,
    writer,
)
from headrace.ledger.storage.readers import Readers
from headrace.ledger.storage.rows import slices
from headrace.records.call import EVALUATION, SpanEvent

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection

_SCHEMA = 2
_LOCK = "SELECT pg_advisory_xact_lock(4915228111)"
_MERGE_LOCK = "SELECT pg_advisory_xact_lock(4915228112)"
"""Two versions of a span may end at different times, so that no row lock keeps them apart."""
_TABLES = (
    """CREATE TABLE IF NOT EXISTS event_spans (
        trace_id text NOT NULL, span_id text NOT NULL, parent_span_id text, name text NOT NULL,
        kind text NOT NULL, start_ns bigint NOT NULL, end_ns bigint NOT NULL, status text NOT NULL,
        error text, release text, generation text, model text, prompt text, session text, subject text,
        service text, input_tokens bigint, output_tokens bigint, cost_micro bigint, currency text,
        attributes text NOT NULL, refs text NOT NULL,
        PRIMARY KEY (trace_id, span_id, end_ns)) PARTITION BY RANGE (end_ns)""",
    "CREATE INDEX IF NOT EXISTS event_spans_end ON event_spans (end_ns, kind)",
    """CREATE TABLE IF NOT EXISTS event_refs (
        ref text NOT NULL, end_ns bigint NOT NULL, trace_id text NOT NULL, span_id text NOT NULL,
        role text NOT NULL, kind text NOT NULL,
        PRIMARY KEY (ref, end_ns, trace_id, span_id, role)) PARTITION BY RANGE (end_ns)""",
    "CREATE TABLE IF NOT EXISTS event_schema (version integer PRIMARY KEY)",
)
_TO_2 = (
    "ALTER TABLE event_spans ADD COLUMN session text, ADD COLUMN subject text, ADD COLUMN service text, "
    "ADD COLUMN input_tokens bigint, ADD COLUMN output_tokens bigint, ADD COLUMN cost_micro bigint, "
    "ADD COLUMN currency text",
    # Quotes inside a text are escaped in JSON, so these names are found as keys only.
    """UPDATE event_spans SET
        input_tokens = substring(attributes from '"gen_ai.usage.input_tokens":([0-9]{1,15})[,}]')::bigint,
        output_tokens = substring(attributes from '"gen_ai.usage.output_tokens":([0-9]{1,15})[,}]')::bigint,
        cost_micro = CASE WHEN kind = 'call' THEN
            substring(attributes from '"cost_micro":([0-9]{1,15}),"currency":"[^"]*"')::bigint END,
        currency = CASE WHEN kind = 'call' THEN
            substring(attributes from '"cost_micro":[0-9]{1,15},"currency":"([^"]*)"') END,
        session = CASE WHEN kind = 'call' THEN substring(attributes from '"session":"([^"\\\\]*)"') END
    WHERE kind IN ('call', 'chat', 'embed')""",
)
_INDEXES = (
    "CREATE INDEX IF NOT EXISTS event_spans_subject ON event_spans (subject, end_ns) "
    "WHERE subject IS NOT NULL",
    # A name from outside may be longer than a B-tree takes.
    "CREATE INDEX IF NOT EXISTS event_spans_session ON event_spans USING hash (session)",
)
_REMOVED_AT_ONCE = 2_000
_SAME = " AND ".join(f"{name} IS NOT DISTINCT FROM %s" for name in SPAN_COLUMNS.split(", ")[2:])
_DELETE_SAME = f"DELETE FROM event_spans WHERE trace_id = %s AND span_id = %s AND {_SAME} AND end_ns = %s"  # noqa: S608 - our names
_DELETE_LINKS = "DELETE FROM event_refs WHERE trace_id = %s AND span_id = %s AND end_ns = %s"
# One binary array for each column: several times faster than a statement for each row.
_INSERT = "INSERT INTO %s (%s) SELECT * FROM unnest(%s) ON CONFLICT DO NOTHING"
_TEXT, _NUMBER = "%b::text[]", "%b::bigint[]"
_INSERT_SPANS = _INSERT % (
    "event_spans",
    SPAN_COLUMNS,
    ", ".join([*[_TEXT] * 5, *[_NUMBER] * 2, *[_TEXT] * 9, *[_NUMBER] * 3, *[_TEXT] * 3]),
)
_INSERT_LINKS = _INSERT % ("event_refs", LINK_COLUMNS, ", ".join([_TEXT, _NUMBER, *[_TEXT] * 4]))


class PostgresEvents:
    """The team's store of spans."""

    def __init__(self, url: URL, *, redactor: Redactor | None = None) -> None:
        self._engine = make_engine(url)
        self._safe_url = safe_url(url)
        self._days: set[int] = set()
        self._connection: Connection | None = None
        try:
            self._create(schema_name(url))
        except OPEN_ERRORS as error:
            raise cannot_open("event store", self._safe_url, error) from error
        self._readers = Readers(self._engine, name="The event store")
        self._appender = Appender(
            self._commit, redactor=redactor, where=self._safe_url, at_end=self._disconnect
        )

    @property
    def safe_url(self) -> str:
        """Where it lies, without credentials."""
        return self._safe_url

    def append(self, spans: Sequence[SpanEvent], *, merge: Merge | None = None) -> Future[None]:
        """Write spans; the future resolves once they are durable."""
        return self._appender.append(spans, merge=merge)

    def trace(self, trace_id: str) -> list[SpanEvent]:
        """Every span of a trace in the order of their start."""
        return self._spans("WHERE trace_id = %s ORDER BY start_ns, end_ns, span_id", trace_id)

    def by_ref(self, ref: str, *, role: str | None = None, limit: int = 50) -> list[SpanLink]:
        """Spans that retrieved or cited a chunk or document, newest first."""
        statement = (
            "SELECT trace_id, span_id, role, kind, end_ns FROM event_refs WHERE ref = %s "
            "AND (%s::text IS NULL OR role = %s) ORDER BY end_ns DESC, span_id LIMIT %s"
        )
        with self._readers.read() as connection:
            return [SpanLink(*row) for row in connection.exec_driver_sql(statement, (ref, role, role, limit))]

    def met(self, refs: Sequence[str], *, since_ns: int) -> dict[str, tuple[int, int]]:
        """How often each chunk or document was retrieved and cited since a time."""
        statement = (
            "SELECT ref, role, count(*) FROM event_refs "
            "WHERE ref = ANY(%s) AND end_ns >= %s GROUP BY ref, role"
        )
        with self._readers.read() as connection:
            rows = connection.exec_driver_sql(statement, (list(refs), since_ns))
            return by_role({(ref, role): number for ref, role, number in rows})

    def recent(self, *, kind: str | None = None, limit: int = 50) -> list[SpanEvent]:
        """The spans that ended last, newest first."""
        condition = "WHERE (%s::text IS NULL OR kind = %s) ORDER BY end_ns DESC, span_id LIMIT %s"
        return self._spans(condition, kind, kind, limit)

    def find(self, query: SpanQuery, *, place: Place | None = None, limit: int = 50) -> list[SpanEvent]:
        """Spans that meet a query, newest first, after a place; without attributes and references."""
        text, values = statement("event_spans", query, place=place, like="ILIKE")
        with self._readers.read() as connection:
            rows = connection.exec_driver_sql(text.replace("?", "%s"), (*values, limit))
            return [decode_facts(row) for row in rows]

    def totals(self, query: SpanQuery) -> list[Total]:
        """What spans that meet a query come to, by kind and currency."""
        text, values = totals_statement("event_spans", query, like="ILIKE")
        with self._readers.read() as connection:
            rows = connection.exec_driver_sql(text.replace("?", "%s"), tuple(values))
            return [Total(row[0], row[1], *(int(number) for number in row[2:])) for row in rows]

    def days(self) -> list[int]:
        """Days that have spans, in order."""
        statement = "SELECT min(end_ns), max(end_ns) FROM event_spans"
        with self._readers.read() as connection:
            first, last = connection.exec_driver_sql(statement).one()
            found = [] if first is None else range(day_of(first), day_of(last) + 1)
            there = "SELECT 1 FROM event_spans WHERE end_ns >= %s AND end_ns < %s LIMIT 1"
            return [
                day
                for day in found
                if connection.exec_driver_sql(there, (day * DAY_NS, (day + 1) * DAY_NS)).first()
            ]

    def rows(self, day: int) -> list[tuple[Any, ...]]:
        """Every span of a day in the order of SPAN_COLUMNS."""
        return self._select(day, SPAN_COLUMNS)

    def brief(self, day: int) -> list[tuple[Any, ...]]:
        """Of every span of a day what decides how long it is kept."""
        return self._select(day, BRIEF_COLUMNS)

    def keys(self, days: Collection[int]) -> dict[int, frozenset[tuple[str, str]]]:
        """Trace and span ids of some days; days without any are left out."""
        found: dict[int, set[tuple[str, str]]] = {}
        statement = (
            "SELECT end_ns / %s, trace_id, span_id FROM event_spans "
            "WHERE end_ns / %s = ANY(%s) AND end_ns >= %s AND end_ns < %s"
        )
        if not days:
            return {}
        bounds = (min(days) * DAY_NS, (max(days) + 1) * DAY_NS)
        with self._readers.read() as connection:
            for day, *key in connection.exec_driver_sql(statement, (DAY_NS, DAY_NS, list(days), *bounds)):
                found.setdefault(int(day), set()).add((key[0], key[1]))
        return {day: frozenset(keys) for day, keys in found.items()}

    def remove(self, day: int, rows: Sequence[Sequence[Any]]) -> None:
        """Delete spans, each only if it still is as it was read, and give the space back."""
        for part in slices(rows, _REMOVED_AT_ONCE):
            with self._engine.begin() as connection:
                for row in part:
                    if connection.exec_driver_sql(_DELETE_SAME, (*row, row[6])).rowcount:
                        place = (row[0], row[1], row[6])
                        connection.exec_driver_sql(_DELETE_LINKS, place)
        name = day_name(day, "")
        vacuum_full(self._engine, {f"event_spans_{name}", f"event_refs_{name}"})

    def touched(self, redaction: Redaction) -> Touched:
        """Traces that met what a redaction takes out."""
        with self._readers.read() as connection:
            return touched(_tables(connection), redaction)

    def count(self, since_ns: int) -> int:
        """How many spans ended at or after a time."""
        with self._readers.read() as connection:
            statement = "SELECT count(*) FROM event_spans WHERE end_ns >= %s"
            return int(connection.exec_driver_sql(statement, (since_ns,)).scalar_one())

    def by_prompt(self, kinds: Sequence[str], *, since_ns: int) -> dict[str | None, int]:
        """How many spans of these kinds ended since a time, by the digest of their prompt."""
        statement = (
            "SELECT prompt, count(*) FROM event_spans WHERE end_ns >= %s AND kind = ANY(%s) GROUP BY prompt"
        )
        with self._readers.read() as connection:
            rows = connection.exec_driver_sql(statement, (since_ns, list(kinds)))
            return {row[0]: int(row[1]) for row in rows}

    def answered(
        self, kinds: Sequence[str], *, since_ns: int, until_ns: int | None = None
    ) -> list[tuple[str, int]]:
        """Traffic: traces with a span of these kinds, each with the end of the last if it is within a time.

        Spans that evals made are none.
        """
        statement = (
            "SELECT trace_id, max(end_ns) FROM event_spans "
            "WHERE end_ns >= %s AND kind = ANY(%s) AND service IS DISTINCT FROM %s GROUP BY trace_id"
        )
        with self._readers.read() as connection:
            rows = connection.exec_driver_sql(statement, (since_ns, list(kinds), EVALUATION)).all()
        found = [(str(trace_id), int(end_ns)) for trace_id, end_ns in rows]
        return sorted(item for item in found if until_ns is None or item[1] < until_ns)

    def all(self) -> Iterator[SpanEvent]:
        """Every span, in no particular order."""
        with self._readers.read() as connection:
            yield from spans(_tables(connection))

    def touching(self, redaction: Redaction, *, also: Touched | None = None) -> int:
        """How many spans tell of the documents or users that a redaction takes out."""
        with self._readers.read() as connection:
            tables = _tables(connection)
            return count(tables, redaction, touched(tables, redaction).union(also))

    def erase(self, redaction: Redaction, *, also: Touched | None = None) -> int:
        """Redact those spans for good and rewrite the days they are in; returns how many there were."""
        with self._engine.begin() as connection:
            tables = _tables(connection)
            changed = rewrite(tables, redaction, touched(tables, redaction).union(also))
            fire(ERASING)
        days = {day_name(day_of(span.end_ns), "") for span in changed}
        vacuum_full(self._engine, {f"event_{kind}_{day}" for kind in ("spans", "refs") for day in days})
        return len(changed)

    def close(self) -> None:
        """Finish what is queued and close every connection."""
        self._appender.close()
        self._readers.close()
        self._engine.dispose()

    def _select(self, day: int, columns: str) -> list[tuple[Any, ...]]:
        statement = f"SELECT {columns} FROM event_spans WHERE end_ns >= %s AND end_ns < %s"  # noqa: S608 - our names
        with self._readers.read() as connection:
            rows = connection.exec_driver_sql(statement, (day * DAY_NS, (day + 1) * DAY_NS))
            return [tuple(row) for row in rows]

    def _spans(self, condition: str, *values: Any) -> list[SpanEvent]:
        with self._readers.read() as connection:
            statement = f"SELECT {SPAN_COLUMNS} FROM event_spans {condition}"  # noqa: S608 - our text
            return [decode_span(row) for row in connection.exec_driver_sql(statement, values)]

    def _create(self, schema: str | None) -> None:
        with self._engine.begin() as connection:
            connection.exec_driver_sql(_LOCK)
            if schema:
                connection.exec_driver_sql(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
            for statement in _TABLES:
                connection.exec_driver_sql(statement)
            found = connection.exec_driver_sql("SELECT max(version) FROM event_schema").scalar_one()
            if found is not None and found > _SCHEMA:
                raise SchemaTooNew(found=f"events {found}", known=f"events {_SCHEMA}")
            for statement in (*(_TO_2 if found == 1 else ()), *_INDEXES):
                connection.exec_driver_sql(statement)
            connection.exec_driver_sql(f"INSERT INTO event_schema VALUES ({_SCHEMA}) ON CONFLICT DO NOTHING")  # noqa: S608 - a number

    def _commit(self, spans: Sequence[EncodedSpan]) -> None:
        try:
            self._insert(spans)
        except DBAPIError as error:
            self._disconnect()
            if not error.connection_invalidated:
                raise
            self._insert(spans)  # safe to repeat: what is there already is left as it is
        except BaseException:
            self._disconnect()
            raise
        fire(AFTER_COMMIT)

    def _insert(self, spans: Sequence[EncodedSpan]) -> None:
        if self._connection is None:
            self._connection = writer(self._engine)
        for day in sorted({span.day for span in spans} - self._days):
            self._partition(self._connection, day)
        with self._connection.begin():
            self._connection.exec_driver_sql("SET LOCAL synchronous_commit = on")
            _insert_new(self._connection, [span for span in spans if span.merge is None])
            late = [span for span in spans if span.merge is not None]
            if late:
                self._connection.exec_driver_sql(_MERGE_LOCK)
                merge_spans(_tables(self._connection), late, partial(_insert_new, self._connection))
            fire(BEFORE_COMMIT)

    def _partition(self, connection: Connection, day: int) -> None:
        bounds = f"FOR VALUES FROM ({day * DAY_NS}) TO ({(day + 1) * DAY_NS})"
        with connection.begin():
            connection.exec_driver_sql(_LOCK)
            for table in ("event_spans", "event_refs"):
                name = f"{table}_{day_name(day, '')}"
                connection.exec_driver_sql(f"CREATE TABLE IF NOT EXISTS {name} PARTITION OF {table} {bounds}")
        self._days.add(day)

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def _tables(connection: Connection) -> Tables:
    def run(statement: str, values: Sequence[Any]) -> Any:
        return connection.exec_driver_sql(statement.replace("?", "%s"), tuple(values))

    return Tables("event_spans", "event_refs", run, run, " FOR UPDATE")


def _insert_new(connection: Connection, spans: Sequence[EncodedSpan]) -> int:
    if not spans:
        return 0
    inserted = connection.exec_driver_sql(_INSERT_SPANS, _columns([span.row for span in spans])).rowcount
    links = [link for span in spans for link in span.links]
    if links:
        connection.exec_driver_sql(_INSERT_LINKS, _columns(links))
    return inserted


def _columns(rows: Sequence[tuple[Any, ...]]) -> tuple[list[Any], ...]:
    return tuple(list(column) for column in zip(*rows, strict=True))
