"""Reads records through the chain of their schema; what is stored stays as it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Literal

from headrace.errors import MigrationFailed, NotFoundError, StorageError, UsageError, VersionRefused
from headrace.infer.records import store
from headrace.infer.records.sealing import Body, Seal
from headrace.infer.records.store import Link, RecordRow
from headrace.infer.records.window import Support
from headrace.infer.schemas.chain import Chain
from headrace.records.records import RecordList, RecordSource, RecordSummary, RecordView

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.ledger.ledger import Ledger

MOST = 1000
"""Records in one list."""

Permitted = Callable[["Connection", Sequence[str] | None], Callable[[str], bool]]
"""For a caller's access labels: whether it may see a document, by its name `corpus/URI`. None opens all but
what is hidden."""


class RecordReader:
    """Reads records of every schema."""

    def __init__(
        self,
        ledger: Ledger,
        seal: Seal,
        *,
        chain: Callable[[str], Chain],
        support: Mapping[str, Support],
        permitted: Permitted,
        today: Callable[[], date] = lambda: datetime.now(UTC).date(),
    ) -> None:
        self._ledger = ledger
        self._seal = seal
        self._chain = chain
        self._support = support
        self._permitted = permitted
        self._today = today

    def get(
        self,
        record: str,
        *,
        version: int | None = None,
        stored: bool = False,
        access: Sequence[str] | None = None,
    ) -> RecordView:
        """Read one in a version of its schema; the newest if None, the one it was written in if `stored`.

        Raises NotFoundError, VersionRefused for a version that is newer than known or past its support,
        MigrationFailed with the record's id.
        """
        row, derived = self._row(record, access)
        summary = _summary(row, derived)
        if row.sealed is None:
            return RecordView(record=summary, version=row.version, value=None, told="erased", original="")
        body = self._seal.open(row.id, row.sealed)
        original = body.original.decode("utf-8", "backslashreplace")
        if stored:
            return RecordView(
                record=summary, version=row.version, value=body.value, told="as stored", original=original
            )
        try:
            value, target, warnings = self._read(row, body, version)
        except (MigrationFailed, VersionRefused) as error:
            facts = {**error.details, "record": row.id}
            raise type(error)(f"Record {row.id!r}: {error.message}", hint=error.hint, **facts) from error
        return RecordView(
            record=summary,
            version=target,
            value=value,
            told=_told(row.version, target),
            original=original,
            warnings=warnings,
        )

    def list(
        self,
        schema: str | None = None,
        *,
        trace: str | None = None,
        limit: int = 50,
        access: Sequence[str] | None = None,
    ) -> RecordList:
        """Envelopes, newest first, of one schema or one trace if asked. Raises UsageError."""
        if not 1 <= limit <= MOST:
            raise UsageError(f"The limit is 1 to {MOST} records, not {limit}.")
        with self._ledger.read() as conn:
            rows = store.newest(conn, schema=schema, trace=trace, limit=limit)
            derived = store.documents_of(conn, [row.id for row in rows])
            permitted = self._permitted(conn, access)
            rows = [row for row in rows if _may_see(derived[row.id], permitted)]
        return RecordList(records=tuple(_summary(row, derived[row.id]) for row in rows))

    def original(self, record: str, *, access: Sequence[str] | None = None) -> bytes:
        """The bytes that the model wrote. Raises NotFoundError, also for a record that was erased."""
        row, _ = self._row(record, access)
        if row.sealed is None:
            raise NotFoundError("record", record, hint="What it said was erased.")
        return self._seal.open(row.id, row.sealed).original

    def translated(self, row: RecordRow, chain: Chain, *, target: int) -> Any:
        """The value of a row in a version, from what was first stored. Raises HeadraceError."""
        if row.sealed is None:
            raise StorageError(f"Record {row.id!r} was erased.", record=row.id)
        return chain.translate(self._seal.open(row.id, row.sealed).value, source=row.version, target=target)

    def _read(self, row: RecordRow, body: Body, version: int | None) -> tuple[Any, int, tuple[str, ...]]:
        chain = self._chain(row.schema)
        target = chain.newest if version is None else version
        chain.path(row.version, target)  # a version nobody knows is said before one that is not served
        support = self._support.get(row.schema, Support())
        warnings = support.warnings(row.schema, target, newest=chain.newest, today=self._today())
        if target == row.version:
            return body.value, target, warnings
        if (row.rewritten_version, row.rewritten_chain) == (target, chain.fingerprint) and row.rewritten:
            return self._seal.open(row.id, row.rewritten).value, target, warnings
        return chain.translate(body.value, source=row.version, target=target), target, warnings

    def _row(self, record: str, access: Sequence[str] | None) -> tuple[RecordRow, Sequence[Link]]:
        with self._ledger.read() as conn:
            row = store.get(conn, record)
            derived = store.documents_of(conn, [record])[record]
            if row is None or not _may_see(derived, self._permitted(conn, access)):
                raise NotFoundError("record", record, hint="headrace schema records")
        return row, derived


def _may_see(derived: Sequence[Link], permitted: Callable[[str], bool]) -> bool:
    return all(permitted(f"{link.corpus}/{link.uri}") for link in derived)


def _told(source: int, target: int) -> Literal["as stored", "upgraded", "downgraded"]:
    if source == target:
        return "as stored"
    return "upgraded" if target > source else "downgraded"


def _summary(row: RecordRow, derived: Sequence[Link]) -> RecordSummary:
    return RecordSummary(
        id=row.id,
        schema=row.schema,
        version=row.version,
        schema_digest=row.schema_digest,
        model=row.model,
        prompt=row.prompt,
        rendered=row.rendered,
        generation=row.generation,
        release=row.release,
        trace_id=row.trace_id,
        span_id=row.span_id,
        event_time_us=row.event_time_us,
        known_at_us=row.known_at_us,
        repair=row.repair,
        retrieved=tuple(
            RecordSource(
                corpus=link.corpus, document=link.uri, revision=link.revision, chunk_id=link.chunk_id
            )
            for link in derived
        ),
        erased_at_us=row.erased_at_us,
    )
