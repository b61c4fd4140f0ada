"""One Lance table with a single writer: swap rows in one commit, read any version, undo."""

from __future__ import annotations

import errno
import os
import shutil
from collections import defaultdict
from collections.abc import Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headrace.errors import DiskFull, StorageError
from headrace.ledger.columnar.durable import NewFiles
from headrace.ledger.durability import fsync_path, make_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow as pa

STORAGE_VERSION = "2.2"
_INDEX_CACHE_BYTES = 512 * 1024 * 1024
_METADATA_CACHE_BYTES = 128 * 1024 * 1024
_EVERY_SEGMENT = 1000
"""Segments of an index to merge when it is extended: all of them, since a search looks into each."""

# Lance writes its own remarks, such as that a partition of an index has no new rows, to standard error.
os.environ.setdefault("LANCE_LOG", "error")


class ColumnarTable:
    """A table that only its lease holder writes; readers open the version that the ledger names.

    `uri` is a local folder or an object store URL. Every write is one Lance commit, and it is on disk
    when the call returns.
    """

    def __init__(self, uri: str, *, storage_options: Mapping[str, str] | None = None) -> None:
        import lance

        self.uri = uri
        self._options = dict(storage_options or {}) or None
        self._local = Path(uri) if "://" not in uri else None
        # The defaults let caches grow to several gigabytes.
        self._session = lance.Session(
            index_cache_size_bytes=_INDEX_CACHE_BYTES, metadata_cache_size_bytes=_METADATA_CACHE_BYTES
        )
        self._head: Any = None
        self._files: NewFiles | None = None

    def exists(self) -> bool:
        """Whether the table was ever written."""
        if self._local is not None:
            versions = self._local / "_versions"
            return versions.is_dir() and any(versions.iterdir())
        try:
            self._open(None)
        except (ValueError, FileNotFoundError):
            return False
        return True

    def create(self, schema: pa.Schema) -> int:
        """Make the empty table and return its version; a half-made one left by a crash is replaced."""
        import lance

        if self._local is not None:
            if self._local.exists():
                shutil.rmtree(self._local)
            make_folder(self._local.parent)
        with self._writing():
            self._head = lance.write_dataset(
                schema.empty_table(),
                self.uri,
                data_storage_version=STORAGE_VERSION,
                storage_options=self._options,
                session=self._session,
            )
            self._sync()
        return int(self._head.version)

    def head(self) -> Any:
        """The Lance dataset at its newest version, published or not."""
        if self._head is None:
            self._head = self._open(None)
        return self._head

    def at(self, version: int) -> Any:
        """The Lance dataset at one version. Raises StorageError when that version was cleaned up."""
        try:
            return self._open(version)
        except (ValueError, FileNotFoundError, OSError) as error:
            raise StorageError(
                f"Version {version} of table {Path(self.uri).name!r} cannot be opened: {_first_line(error)}",
                hint="Open the current snapshot again; if that fails too, run `headrace sync` to rebuild.",
            ) from error

    def refresh(self) -> int:
        """Look at storage again and return the newest version."""
        self._head = self._open(None)
        return int(self._head.version)

    def data_files(self) -> list[str]:
        """Where the files with rows are, of every version that is kept, whether it is named or not."""
        if self._local is not None:
            return sorted(map(str, (self._local / "data").glob("*.lance")))
        parts = (part for item in self.head().versions() for part in self.at(item["version"]).get_fragments())
        return sorted({f"{self.uri}/data/{file.path}" for part in parts for file in part.data_files()})

    def addresses(self, where: str) -> list[int]:
        """Row addresses (fragment << 32 | offset) of the rows that satisfy a Lance filter."""
        found = self.head().scanner(columns=[], filter=where, with_row_address=True).to_table()
        addresses: list[int] = found["_rowaddr"].to_pylist()
        return addresses

    def swap(self, *, remove: Sequence[int], rows: pa.Table | None, run_id: str) -> int:
        """Remove rows by address and add others in one commit; returns the new version.

        Raises DiskFull when the device is full: the table then still stands at its former version.
        """
        import lance

        head = self.head()
        with self._writing():
            removed, updated = self._without(head, remove)
            fresh = self._written(head, rows)
            if not (removed or updated or fresh):
                return int(head.version)
            operation = lance.LanceOperation.Update(
                removed_fragment_ids=removed,
                updated_fragments=updated,
                new_fragments=fresh,
                fields_modified=[],
            )
            self._head = lance.LanceDataset.commit(
                head,
                operation,
                read_version=head.version,
                commit_message=run_id,
                storage_options=self._options,
            )
            self._sync()
        self._alone(int(head.version))
        return int(self._head.version)

    def append(self, rows: pa.Table, *, run_id: str) -> int:
        """Add rows in one commit; returns the new version."""
        return self.swap(remove=[], rows=rows, run_id=run_id)

    def index(self, column: str, kind: str, **options: Any) -> int:
        """Build a scalar or full-text index over a column; returns the new version."""
        with self._writing():
            self.head().create_scalar_index(column, kind, **options)
            return self._advanced()

    def vector_index(self, column: str, kind: str, *, metric: str, **options: Any) -> int:
        """Build a vector index; returns the new version."""
        with self._writing():
            self.head().create_index(column, kind, metric=metric, replace=True, **options)
            return self._advanced()

    def compact(self, *, rows_per_fragment: int = 1_000_000) -> int:
        """Merge small fragments, then bring every index up to the last row; returns the new version."""
        with self._writing():
            # Fragments that an index covers are not merged with those that it does not.
            self._extend(self.head())
            self.refresh()
            self._head.optimize.compact_files(target_rows_per_fragment=rows_per_fragment, num_threads=2)
            self.refresh()
            self._extend(self._head)
            return self._advanced()

    def extend_indices(
        self, names: Sequence[str] | None = None, *, merge_segments: int = _EVERY_SEGMENT
    ) -> int:
        """Bring every index, or those named, up to the last row and merge its latest segments.

        Returns the new version. With no segment merged this takes only as long as the new rows need.
        """
        with self._writing():
            self._extend(self.head(), merge_segments, names)
            return self._advanced()

    def restore(self, version: int) -> int:
        """Make an older version the newest: nothing a dead writer left rides into the next publish."""
        with self._writing():
            self.at(version).restore()
            return self._advanced()

    @contextmanager
    def rewriting(self) -> Iterator[None]:
        """Commits that Lance makes by itself in the block are seen, and on disk, when it ends."""
        with self._writing():
            yield
            self._advanced()

    def clean(self, *, older_than: timedelta, keep: int = 2, unnamed: bool = False) -> None:
        """Remove files of versions that are older and that nobody can be reading.

        `unnamed` also removes young files that no version names; only for the one writer.
        """
        with self._writing():
            self.head().cleanup_old_versions(
                older_than=older_than,
                retain_versions=keep,
                delete_unverified=unnamed,
                error_if_tagged_old_versions=False,
            )
            if self._files is not None:
                self._files.forget()

    def remove(self) -> None:
        """Remove every file of the table; one that is not there, or only half, is removed all the same."""
        self._head = self._files = None
        if self._local is not None:
            if self._local.exists():
                shutil.rmtree(self._local)
                fsync_path(str(self._local.parent))
            return
        import fsspec

        files, path = fsspec.core.url_to_fs(self.uri, **(self._options or {}))
        if files.exists(path):
            files.rm(path, recursive=True)

    def indexed(self) -> dict[str, int]:
        """Names of the indices and how many rows each does not cover yet."""
        head = self.head()
        total = head.count_rows()
        return {item.name: max(0, total - int(item.num_rows_indexed)) for item in head.describe_indices()}

    def fragments(self) -> int:
        """How many fragments the newest version has."""
        return len(self.head().get_fragments())

    def _open(self, version: int | None) -> Any:
        import lance

        if version is not None and self._head is not None and self._head.version == version:
            return self._head
        return lance.dataset(self.uri, version=version, storage_options=self._options, session=self._session)

    def _extend(
        self, dataset: Any, merge_segments: int = _EVERY_SEGMENT, names: Sequence[str] | None = None
    ) -> None:
        chosen = {} if names is None else {"index_names": list(names)}
        dataset.optimize.optimize_indices(num_indices_to_merge=merge_segments, **chosen)

    def _advanced(self) -> int:
        version = self.refresh()
        self._sync()
        return version

    def _alone(self, before: int) -> None:
        if self._head.version == before + 1:
            return
        found, self._head = self._head.version, None
        raise StorageError(
            f"Another writer committed to {Path(self.uri).name!r}: version {found} follows {before}.",
            hint="Nothing of it was published. Run the command again: it goes back to the published version.",
        )

    def _without(self, head: Any, remove: Sequence[int]) -> tuple[list[int], list[Any]]:
        offsets: dict[int, list[int]] = defaultdict(list)
        for address in remove:
            offsets[address >> 32].append(address & 0xFFFFFFFF)
        removed: list[int] = []
        updated: list[Any] = []
        for fragment in sorted(offsets):
            left = head.get_fragment(fragment).delete_rows(offsets[fragment])
            if left is None:
                removed.append(fragment)
            else:
                updated.append(left)
        return removed, updated

    def _written(self, head: Any, rows: pa.Table | None) -> list[Any]:
        from lance.fragment import write_fragments

        if rows is None or rows.num_rows == 0:
            return []
        written: list[Any] = write_fragments(
            rows, head, data_storage_version=STORAGE_VERSION, storage_options=self._options
        )
        return written

    def _sync(self) -> None:
        if self._local is None:
            return
        if self._files is None:
            self._files = NewFiles(self._local)
        self._files.sync()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self._head = None
            if error.errno == errno.ENOSPC or "No space left" in str(error):
                raise DiskFull(self.uri) from error
            raise StorageError(
                f"Writing table {Path(self.uri).name!r} failed: {_first_line(error)}",
                hint="What was serving still serves. Look at the disk, then run the command again.",
            ) from error


def _first_line(error: BaseException) -> str:
    return str(error).strip().split("\n", 1)[0][:300]
