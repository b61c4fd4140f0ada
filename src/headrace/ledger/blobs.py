"""Bytes by their content: local files, or any store that fsspec speaks to."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from headrace.errors import DiskFull, NotFoundError, StorageError
from headrace.ledger.durability import fsync_path, make_folder
from headrace.ledger.identity import digest_bytes

KIND = "blob"


class Files(Protocol):
    """Files by a relative path such as `ab/name`; what `write` returned from is durable."""

    def write(self, items: Sequence[tuple[str, bytes]]) -> None:
        """Write files, each whole or not at all. Raises DiskFull and StorageError."""
        ...

    def read(self, path: str) -> bytes | None:
        """The bytes; None when they are not there."""
        ...

    def size(self, path: str) -> int | None:
        """Length in bytes; None when it is not there."""
        ...

    def delete(self, path: str) -> bool:
        """Remove a file for good; False when it was not there."""
        ...

    def names(self) -> list[str]:
        """The names of everything that is there, without their folders."""
        ...

    def paths(self, ending: str) -> list[str]:
        """Every path that ends so, half-written ones included."""
        ...

    def local(self, path: str) -> Path | None:
        """Where it lies on this machine, if it does."""
        ...


class Blobs:
    """A content-addressed store; what `put` returned is durable."""

    def __init__(self, files: Files) -> None:
        self._files = files

    def put(self, data: bytes) -> str:
        """Store bytes and return their digest. Raises DiskFull and StorageError."""
        return self.put_many([data])[0]

    def put_many(self, items: Iterable[bytes]) -> list[str]:
        """Store several at once, which costs fewer waits for the disk than one by one."""
        named = [(digest_bytes(KIND, data), data) for data in items]
        fresh = {digest: data for digest, data in named if self.size(digest) != len(data)}
        if fresh:
            self._files.write([(_path(digest), data) for digest, data in fresh.items()])
        return [digest for digest, _ in named]

    def get(self, digest: str) -> bytes:
        """Read bytes back. Raises NotFoundError, and StorageError if they are not what was put."""
        data = self._files.read(_path(digest))
        if data is None:
            raise NotFoundError("blob", digest)
        if digest_bytes(KIND, data) != digest:
            raise StorageError(
                f"Blob {digest!r} is damaged: its bytes are not those that were put.",
                hint="Restore it from a backup, or delete it and put the original again.",
            )
        return data

    def exists(self, digest: str) -> bool:
        """Whether the bytes are there."""
        return self.size(digest) is not None

    def size(self, digest: str) -> int | None:
        """Length in bytes; None when they are not there."""
        return self._files.size(_path(digest))

    def local(self, digest: str) -> Path | None:
        """The file that holds the bytes, to be read in part; None where the store is no local folder.

        Nothing checks what is read from it. Raises NotFoundError when it is not there.
        """
        path = self._files.local(_path(digest))
        if path is not None and not path.is_file():
            raise NotFoundError("blob", digest)
        return path

    def delete(self, digest: str) -> bool:
        """Remove bytes for good; False when they were not there."""
        return self._files.delete(_path(digest))

    def names(self) -> list[str]:
        """The digests of everything that is there, sorted."""
        return sorted(name for name in self._files.names() if name.startswith(f"{KIND}_") and "." not in name)


def open_blobs(url: str, **options: Any) -> Blobs:
    """Open a store: a path, `file:///folder`, or `<scheme>://…` of fsspec with its options."""
    return Blobs(open_files(url, **options))


def open_files(url: str, *, below: str = "", **options: Any) -> Files:
    """Open the files themselves, under names of one's own, in a folder `below` the store."""
    parts = urlsplit(url)
    if parts.scheme in ("", "file"):
        folder = unquote(parts.path) if parts.scheme else url
        return _LocalFiles(Path(folder) / below)
    return _RemoteFiles(f"{url.rstrip('/')}/{below}" if below else url, options)


def _path(digest: str) -> str:
    kind, _, rest = digest.partition("_")
    if kind != KIND or not rest.isalnum():
        raise NotFoundError("blob", digest, hint="A blob is named blob_ and 26 letters and digits.")
    return f"{rest[:2]}/{digest}"


class _LocalFiles:
    """Temporary file, fsync, rename, fsync of the folder: a name is never there without its bytes."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def write(self, items: Sequence[tuple[str, bytes]]) -> None:
        parts: list[tuple[Path, Path]] = []
        try:
            for path, data in items:
                target = self._root / path
                make_folder(target.parent)
                part = target.with_name(f"{target.name}.{secrets.token_hex(4)}.part")
                parts.append((part, target))
                _write_synced(part, data)
            for part, target in parts:
                part.replace(target)
        except OSError as error:
            for part, _ in parts:
                part.unlink(missing_ok=True)
            raise _explain(error, self._root) from error
        for folder in {target.parent for _, target in parts}:
            fsync_path(folder)

    def read(self, path: str) -> bytes | None:
        try:
            return (self._root / path).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def size(self, path: str) -> int | None:
        try:
            return (self._root / path).stat().st_size
        except (FileNotFoundError, NotADirectoryError):
            return None

    def delete(self, path: str) -> bool:
        target = self._root / path
        try:
            target.unlink()
        except FileNotFoundError:
            return False
        fsync_path(target.parent)
        return True

    def names(self) -> list[str]:
        return [path.name for path in self._root.glob("*/*")]

    def paths(self, ending: str) -> list[str]:
        return sorted(str(path.relative_to(self._root)) for path in self._root.glob(f"*/*{ending}*"))

    def local(self, path: str) -> Path | None:
        return self._root / path


class _RemoteFiles:
    """A store behind fsspec; a finished upload is durable there."""

    def __init__(self, url: str, options: dict[str, Any]) -> None:
        import fsspec

        self._system, self._root = fsspec.core.url_to_fs(url, **options)

    def write(self, items: Sequence[tuple[str, bytes]]) -> None:
        for path, data in items:
            target = self._at(path)
            self._system.makedirs(target.rpartition("/")[0], exist_ok=True)
            self._system.pipe_file(target, data)

    def read(self, path: str) -> bytes | None:
        try:
            return bytes(self._system.cat_file(self._at(path)))
        except FileNotFoundError:
            return None

    def size(self, path: str) -> int | None:
        try:
            return int(self._system.size(self._at(path)))
        except FileNotFoundError:
            return None

    def delete(self, path: str) -> bool:
        try:
            self._system.rm_file(self._at(path))
        except FileNotFoundError:
            return False
        return True

    def names(self) -> list[str]:
        return [path.rpartition("/")[2] for path in self._system.find(self._root)]

    def paths(self, ending: str) -> list[str]:
        start = len(self._root.rstrip("/")) + 1
        return sorted(path[start:] for path in self._system.find(self._root) if path.endswith(ending))

    def local(self, path: str) -> Path | None:
        return None

    def _at(self, path: str) -> str:
        return f"{self._root.rstrip('/')}/{path}"


def _write_synced(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _explain(error: OSError, root: Path) -> StorageError:
    if error.errno == errno.ENOSPC:
        return DiskFull(str(root))
    return StorageError(
        f"Blobs cannot be written to {str(root)!r}: {error.strerror or error}.",
        hint="Check that the folder is there and that you may write to it.",
    )
