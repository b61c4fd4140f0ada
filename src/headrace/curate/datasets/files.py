"""Files of datasets: rows in Parquet, trees in Arrow; the ledger knows them before they are written."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from headrace.errors import NotFoundError, StorageError
from headrace.ledger import datasets as book
from headrace.ledger.blobs import KIND, Blobs
from headrace.ledger.datasets import File
from headrace.ledger.failpoints import declare, fire
from headrace.ledger.identity import digest_bytes

if TYPE_CHECKING:
    from headrace.ledger.ledger import Ledger, Write

_NAMED = declare("dataset.files_named")
_WRITTEN = declare("dataset.files_written")
_SWEPT = declare("dataset.files_swept")


class NewFile(NamedTuple):
    """Bytes that are to be written."""

    kind: str
    data: bytes
    rows: int
    id: str
    """Of `new_id`: other files may name it before it is written."""


def new_id() -> str:
    """A name for a file."""
    return digest_bytes("file", secrets.token_bytes(32))


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """The files of every dataset of a workspace."""

    ledger: Ledger
    blobs: Blobs

    def write(self, new: Sequence[NewFile]) -> list[File]:
        """Name files in the ledger, then write and sync them; they count once they are set live."""
        named = [
            File(item.id, item.kind, digest_bytes(KIND, item.data), "pending", item.rows, 0, 0)
            for item in new
        ]
        self.ledger.write(lambda tx: book.add_files(tx, named))
        fire(_NAMED)
        self.blobs.put_many(item.data for item in new)
        fire(_WRITTEN)
        return named

    def open(self, file: str) -> Any:
        """The bytes of a file, to be read in part: an Arrow buffer. Raises StorageError."""
        import pyarrow as pa

        with self.ledger.read() as conn:
            blob = book.blob_of(conn, file)
        if blob is None:
            raise StorageError(
                f"The dataset file {file!r} is not in the ledger.", hint="Restore the ledger from a backup."
            )
        try:
            path = self.blobs.local(blob)
            if path is None:
                return pa.py_buffer(self.blobs.get(blob))
            with pa.memory_map(str(path)) as mapped:
                return mapped.read_buffer()
        except (NotFoundError, OSError) as error:
            raise StorageError(
                f"The dataset file {file!r} cannot be read: {error}.",
                hint="Restore the folder of the blobs from a backup.",
            ) from error

    def sweep(self) -> int:
        """Delete what a killed writer left, and what was replaced; only for whoever holds the lease."""
        with self.ledger.read() as conn:
            stale = book.files(conn, "pending", "gone")
            kept = {item.blob for item in book.files(conn, "live")}
        for item in stale:
            if item.blob not in kept:
                self.blobs.delete(item.blob)
        fire(_SWEPT)
        if stale:
            self.ledger.write(lambda tx: book.drop_files(tx, [item.id for item in stale]))
        return len(stale)

    def replace(self, changed: Sequence[tuple[File, bytes, int]], also: Callable[[Write], None]) -> None:
        """Give files other bytes in one transaction with `also`; their old bytes are deleted."""
        fresh = self.write([NewFile(file.kind, data, file.rows, new_id()) for file, data, _ in changed])

        def work(tx: Write) -> None:
            for (file, _, erased), new in zip(changed, fresh, strict=True):
                book.rewritten(tx, file.id, blob=new.blob, erased=erased)
                # The name under which it was written now stands for the old bytes.
                book.rewritten(tx, new.id, blob=file.blob, erased=0)
            book.set_state(tx, [new.id for new in fresh], "gone")
            also(tx)

        self.ledger.write(work)
        self.sweep()
