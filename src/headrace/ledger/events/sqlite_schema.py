"""The tables of a day's file, and how a file of an older version becomes one of this."""

from __future__ import annotations

import sqlite3

from headrace.errors import SchemaTooNew
from headrace.ledger.failpoints import declare, fire

SCHEMA = 3
"""Version that a day's file says it has."""

BEFORE_UPGRADE = declare("events.before_upgrade")

# Whatever a list of traces asks for lies in one index, so that it is read without what was said.
_BY_MODEL = "CREATE INDEX spans_model ON spans (model, end_ns) WHERE model IS NOT NULL"
_INDEXES = (
    """CREATE INDEX spans_end ON spans (end_ns, kind, trace_id, span_id, start_ns, status, model, prompt,
        release, session, subject, service, input_tokens, output_tokens, cost_micro, currency)""",
    "CREATE INDEX spans_subject ON spans (subject, end_ns) WHERE subject IS NOT NULL",
    "CREATE INDEX spans_session ON spans (session, end_ns) WHERE session IS NOT NULL",
    _BY_MODEL,
)
_TABLES = (
    # Texts last: SQLite reads a row's columns in their order.
    """CREATE TABLE spans (
        trace_id TEXT NOT NULL, span_id TEXT NOT NULL, parent_span_id TEXT, name TEXT NOT NULL,
        kind TEXT NOT NULL, start_ns INTEGER NOT NULL, end_ns INTEGER NOT NULL, status TEXT NOT NULL,
        error TEXT, release TEXT, generation TEXT, model TEXT, prompt TEXT, session TEXT, subject TEXT,
        service TEXT, input_tokens INTEGER, output_tokens INTEGER, cost_micro INTEGER, currency TEXT,
        attributes TEXT NOT NULL, refs TEXT NOT NULL)""",
    "CREATE UNIQUE INDEX spans_id ON spans (trace_id, span_id)",
    *_INDEXES,
    """CREATE TABLE span_refs (
        ref TEXT NOT NULL, end_ns INTEGER NOT NULL, trace_id TEXT NOT NULL, span_id TEXT NOT NULL,
        role TEXT NOT NULL, kind TEXT NOT NULL,
        PRIMARY KEY (ref, end_ns, trace_id, span_id, role)) WITHOUT ROWID""",
    f"PRAGMA user_version={SCHEMA}",
)
_NEW_COLUMNS = {
    "session": "TEXT",
    "subject": "TEXT",
    "service": "TEXT",
    "input_tokens": "INTEGER",
    "output_tokens": "INTEGER",
    "cost_micro": "INTEGER",
    "currency": "TEXT",
}
_TO_2 = (
    *(f"ALTER TABLE spans ADD COLUMN {name} {kind}" for name, kind in _NEW_COLUMNS.items()),
    """UPDATE spans SET
        session = json_extract(attributes, '$.session'),
        input_tokens = json_extract(attributes, '$."gen_ai.usage.input_tokens"'),
        output_tokens = json_extract(attributes, '$."gen_ai.usage.output_tokens"'),
        cost_micro = json_extract(attributes, '$.cost_micro'),
        currency = json_extract(attributes, '$.currency')
    WHERE kind IN ('call', 'chat', 'embed') AND json_valid(attributes)""",
    "DROP INDEX spans_end",
    *_INDEXES,
    f"PRAGMA user_version={SCHEMA}",
)
_TO_3 = (_BY_MODEL, f"PRAGMA user_version={SCHEMA}")


def prepare(connection: sqlite3.Connection) -> None:
    """Make the tables, or bring them to this version, all at once. Raises SchemaTooNew for a newer file."""
    version = _version(connection)
    if version > SCHEMA:
        raise SchemaTooNew(found=f"events {version}", known=f"events {SCHEMA}")
    if version == SCHEMA:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        for statement in {0: _TABLES, 1: _TO_2, 2: _TO_3}.get(_version(connection), ()):
            connection.execute(statement)
        fire(BEFORE_UPGRADE)
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
