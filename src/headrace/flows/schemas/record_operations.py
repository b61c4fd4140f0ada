"""`workspace.records`: the operations on stored records, one call each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headrace.infer.records.reading import RecordReader
    from headrace.records.records import RecordList, RecordView


@dataclass(frozen=True, slots=True)
class RecordOperations:
    """What can be read of stored records: those whose documents are not hidden.

    With `access` only those whose documents these labels open.
    """

    reader: RecordReader

    def list(
        self,
        schema: str | None = None,
        *,
        trace: str | None = None,
        limit: int = 50,
        access: Sequence[str] | None = None,
    ) -> RecordList:
        """List records, newest first, without what they say. Raises UsageError for a limit out of range."""
        return self.reader.list(schema, trace=trace, limit=limit, access=access)

    def get(
        self,
        record: str,
        *,
        version: int | None = None,
        stored: bool = False,
        access: Sequence[str] | None = None,
    ) -> RecordView:
        """Read a record in a version of its schema: the newest, or the one it was written in if `stored`.

        Raises NotFoundError, VersionRefused for a version that is newer than known or past its support, and
        MigrationFailed.
        """
        return self.reader.get(record, version=version, stored=stored, access=access)

    def original(self, record: str, *, access: Sequence[str] | None = None) -> bytes:
        """Give the bytes that the model wrote. Raises NotFoundError, also where they were erased."""
        return self.reader.original(record, access=access)
