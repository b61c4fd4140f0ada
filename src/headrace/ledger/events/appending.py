"""Redact, encode, queue, commit in groups: the way into every store of spans."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import NamedTuple

from headrace.errors import DiskFull, HeadraceError, StorageError
from headrace.ledger.events.base import Merge, Redactor
from headrace.ledger.events.encoding import EncodedSpan, encode_span
from headrace.ledger.failpoints import declare
from headrace.ledger.storage.engine import is_full
from headrace.ledger.storage.grouping import GroupThread, settle, settle_error
from headrace.records.call import SpanEvent

_MAX_GROUP = 512
BEFORE_COMMIT = declare("events.before_commit")
AFTER_COMMIT = declare("events.after_commit")
ERASING = declare("erase.in_events_transaction")

Commit = Callable[[Sequence[EncodedSpan]], None]
"""Makes spans durable, all of them or none of a day."""


class _Item(NamedTuple):
    spans: list[EncodedSpan]
    future: Future[None]


class Appender:
    """Commits what many callers append together, and answers each when it is durable."""

    def __init__(
        self, commit: Commit, *, redactor: Redactor | None, where: str, at_end: Callable[[], None]
    ) -> None:
        self._commit = commit
        self._redactor = redactor
        self._where = where
        self._thread: GroupThread[_Item] = GroupThread(
            self._run, name="headrace-events-writer", max_group=_MAX_GROUP, at_end=at_end
        )

    def append(self, spans: Sequence[SpanEvent], *, merge: Merge | None = None) -> Future[None]:
        """Queue spans. Redaction runs here, in the caller's thread, before anything leaves it."""
        future: Future[None] = Future()
        try:
            redacted = spans if self._redactor is None else self._redactor(spans)
        except Exception as error:  # noqa: BLE001 - the redactor is foreign code
            failure = StorageError(
                f"{len(spans)} spans were not written because redaction failed: {type(error).__name__}.",
                hint="Nothing was written in the clear. Repair the redactor and send them again.",
            )
            failure.__cause__ = error
            settle_error(future, failure)
            return future
        try:
            encoded = [encode_span(span, merge=merge) for span in redacted]
        except (TypeError, ValueError, OverflowError) as error:
            failure = StorageError(
                f"Spans were not written because one cannot be stored: {error}",
                hint="Attributes must be JSON-like and times Unix nanoseconds.",
            )
            failure.__cause__ = error
            settle_error(future, failure)
            return future
        if encoded:
            self._thread.put(_Item(encoded, future))
        else:
            settle(future, None)
        return future

    def close(self) -> None:
        """Finish what is queued."""
        self._thread.close()

    def _run(self, group: Sequence[_Item]) -> None:
        try:
            self._commit([span for item in group for span in item.spans])
        except Exception as error:  # noqa: BLE001 - handed to every caller that waits
            if len(group) > 1:
                for item in group:  # so that what is wrong with one fails that one only
                    self._run([item])
                return
            settle_error(group[0].future, self._explain(error))
            return
        for item in group:
            settle(item.future, None)

    def _explain(self, error: Exception) -> HeadraceError:
        if isinstance(error, HeadraceError):
            return error
        explained: StorageError
        if is_full(error):
            explained = DiskFull(self._where)
        else:
            explained = StorageError(
                f"Spans could not be written to {self._where!r}: {str(error).strip()[:300]}",
                hint="They were not confirmed; send them again once the store is well.",
            )
        explained.__cause__ = error
        return explained
