"""Open the store of spans that a URL names."""

from __future__ import annotations

from pathlib import Path

from headrace.ledger.events.base import Redactor
from headrace.ledger.events.hot import HotStore
from headrace.ledger.storage.engine import parse_url


def open_events(url: str, *, redactor: Redactor | None = None) -> HotStore:
    """Open or create a store: `sqlite:///<folder>` with a file for each day, or a PostgreSQL URL.

    Raises UsageError for another kind of URL, SchemaTooNew, and StorageError when it cannot be reached.
    """
    parsed = parse_url(url)
    if parsed.get_backend_name() == "sqlite":
        from headrace.ledger.events.sqlite import SqliteEvents

        return SqliteEvents(Path(str(parsed.database)), redactor=redactor)
    from headrace.ledger.events.postgres import PostgresEvents

    return PostgresEvents(parsed, redactor=redactor)
