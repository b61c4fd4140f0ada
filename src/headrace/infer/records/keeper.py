"""Keeps validated outputs in the ledger: many calls to a commit, each of them once."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from headrace.errors import ConfigError
from headrace.infer.gateway.base import Envelope
from headrace.infer.records.sealing import Seal
from headrace.infer.records.store import Link, RecordRow, insert
from headrace.infer.schemas.base import Schema
from headrace.infer.schemas.store import KIND as KIND_OF_SCHEMA
from headrace.infer.schemas.store import put
from headrace.ledger import artifacts
from headrace.ledger.failpoints import declare, fire
from headrace.ledger.identity import digest
from headrace.ledger.storage.grouping import settle, settle_error
from headrace.ledger.storage.rows import storable

if TYPE_CHECKING:
    from headrace.ledger.erasure.keyring import Keyring
    from headrace.ledger.ledger import Ledger, Write

KIND = "record"
SUBJECT = "subject"
SchemaOf: TypeAlias = Callable[[Envelope], Schema | None]
"""The schema whose digest an envelope names; None where it is nowhere to be found."""

_MOST = 512
_log = logging.getLogger(__name__)
_QUEUED = declare("record.keep_queued")
_IN_TRANSACTION = declare("record.keep_in_transaction")
_KEPT = declare("record.kept")


class _Waiting(NamedTuple):
    row: RecordRow
    derived: list[Link]
    schema: Schema | None
    """To be kept too, where this is the first record by it."""
    future: Future[str]


class LedgerRecords:
    """A RecordKeeper whose records that come while a commit runs share the next one."""

    def __init__(self, ledger: Ledger, keyring: Keyring, *, schema_of: SchemaOf, actor: str) -> None:
        """`schema_of` finds the schema that an envelope names, so that its version is kept as well."""
        self._ledger = ledger
        self._keyring = keyring
        self._schema_of = schema_of
        self._actor = actor
        self._seal = Seal(keyring)
        self._waiting: deque[_Waiting] = deque()
        self._lock = threading.Lock()
        self._queued = False
        self._remembered: set[str] = set()
        keyring.keyed(SUBJECT, "")  # keys are made now: no caller of `keep` waits for that
        self._seal.close("", None)

    def keep(self, envelope: Envelope, value: Any, original: bytes) -> Future[str]:
        """Store one; the future gives the record's id once it is durable. The same call twice is one.

        Raises TypeError or ValueError for a value that is no JSON.
        """
        record = record_id(envelope.trace_id, envelope.span_id)
        row = self._row(record, envelope, self._seal.close(record, value, original))
        retrieved = {(item.corpus, item.document, item.chunk_id): item for item in envelope.retrieved}
        derived = [
            Link(record, item.corpus, storable(item.document), item.chunk_id, item.revision)
            for item in retrieved.values()
        ]
        waiting = _Waiting(row=row, derived=derived, schema=self._new_schema(envelope), future=Future())
        with self._lock:
            self._waiting.append(waiting)
            first, self._queued = not self._queued, True
        fire(_QUEUED)
        if first:
            self._submit()
        return waiting.future

    def _new_schema(self, envelope: Envelope) -> Schema | None:
        """The schema of an envelope, the first time that it comes."""
        if envelope.schema_digest in self._remembered:
            return None
        self._remembered.add(envelope.schema_digest)
        return self._schema_of(envelope)

    def _submit(self) -> None:
        taken: list[_Waiting] = []
        try:
            done = self._ledger.submit(lambda tx: self._write(tx, taken))
        except Exception as error:  # noqa: BLE001 - handed to the callers that wait
            self._fail_waiting(error)
            return
        done.add_done_callback(lambda finished: self._settle(finished, taken))

    def _write(self, tx: Write, taken: list[_Waiting]) -> None:
        with self._lock:
            taken += [self._waiting.popleft() for _ in range(min(len(self._waiting), _MOST))]
            self._queued = bool(self._waiting)
            more = self._queued
        if more:
            self._submit()
        for item in taken:
            if item.schema is not None:
                self._remember(tx, item.schema)
        insert(tx, [item.row for item in taken], [link for item in taken for link in item.derived])
        fire(_IN_TRANSACTION)

    def _remember(self, tx: Write, schema: Schema) -> None:
        try:
            put(tx, schema, actor=self._actor, reason="used by a call")
        except ConfigError as error:
            # The record says by which schema it was valid; `schema check` finds the two that share a version.
            artifacts.put(tx, KIND_OF_SCHEMA, dict(schema.json_schema))
            _log.warning("%s", error.message)

    def _settle(self, done: Future[None], taken: list[_Waiting]) -> None:
        error = done.exception()
        if error is None:
            fire(_KEPT)
            for item in taken:
                settle(item.future, item.row.id)
        elif not taken:  # the transaction did not begin
            self._fail_waiting(error)
        elif len(taken) == 1:
            settle_error(taken[0].future, error)
        else:
            for item in taken:  # one that cannot be stored must not take the others with it
                self._alone(item)

    def _fail_waiting(self, error: BaseException) -> None:
        with self._lock:
            failed, self._queued = list(self._waiting), False
            self._waiting.clear()
        for item in failed:
            settle_error(item.future, error)

    def _alone(self, item: _Waiting) -> None:
        try:
            done = self._ledger.submit(lambda tx: insert(tx, [item.row], item.derived))
        except Exception as error:  # noqa: BLE001 - handed to the caller that waits
            settle_error(item.future, error)
            return
        done.add_done_callback(lambda finished: self._settle(finished, [item]))

    def _row(self, record: str, envelope: Envelope, sealed: bytes) -> RecordRow:
        subject = envelope.subject
        return RecordRow(
            id=record,
            schema=envelope.schema,
            version=envelope.schema_version,
            schema_digest=envelope.schema_digest,
            model=storable(envelope.model),
            prompt=envelope.prompt,
            rendered=envelope.rendered,
            generation=envelope.generation,
            release=envelope.release,
            trace_id=envelope.trace_id,
            span_id=envelope.span_id,
            event_time_us=envelope.event_time_us,
            known_at_us=0,
            repair=envelope.repair,
            subject=None if subject is None else self._keyring.keyed(SUBJECT, subject),
            sealed=sealed,
        )


def record_id(trace_id: str, span_id: str) -> str:
    """The name of the record of a call."""
    return digest(KIND, [trace_id, span_id])
