"""Opens regular files only, and only where they may lie, whatever happens to the path meanwhile."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from headrace.errors import ReadError

_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)  # a named pipe swapped in would block the open otherwise
    | getattr(os, "O_NOCTTY", 0)
)


def read_regular(path: str, *, inside: str, linked: bool, max_bytes: int) -> bytes:
    """Read a whole file whose real path lies inside the real path `inside`.

    A file that changes while it is read is read once more. Raises ReadError.
    """
    for _ in range(2):
        with open_regular(path, inside=inside, linked=linked) as file:
            before = os.fstat(file.fileno())
            if before.st_size > max_bytes:
                raise ReadError(
                    f"{path!r} has {before.st_size} bytes; at most {max_bytes} are read.",
                    hint="Raise max_bytes of the source, or exclude the file.",
                )
            data = _read(file, path, before.st_size + 1)
            after = os.fstat(file.fileno())
        seen = (len(data), before.st_mtime_ns)
        if seen == (after.st_size, after.st_mtime_ns) == (before.st_size, before.st_mtime_ns):
            return data
    raise ReadError(
        f"{path!r} changed while it was being read.", hint="Run the sync again when it is at rest."
    )


@contextmanager
def open_regular(path: str, *, inside: str, linked: bool) -> Iterator[BinaryIO]:
    """Open a regular file; `linked` allows the path itself to be a symbolic link. Raises ReadError."""
    try:
        target = os.path.realpath(path, strict=True) if linked else path
        descriptor = os.open(target, _FLAGS)
    except OSError as error:
        raise _unreadable(path, error) from error
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ReadError(
                f"{path!r} is not a regular file.", hint="It changed after it was listed; sync again."
            )
        real = _real_path(descriptor, target)
        if real != inside and not real.startswith(inside.rstrip("/") + "/"):
            raise ReadError(
                f"{path!r} leads outside its source, to {real!r}.",
                hint="Name the target as a source of its own if it belongs to the corpus.",
            )
        yield file


def _read(file: BinaryIO, path: str, size: int) -> bytes:
    try:
        return file.read(size)
    except OSError as error:
        raise _unreadable(path, error) from error


def _real_path(descriptor: int, path: str) -> str:
    """Where an open file really lies: a folder above it may have become a link since it was listed."""
    try:
        return os.readlink(f"/proc/self/fd/{descriptor}")
    except OSError:
        # No /proc on this system: the path must still lead to the very file that is open.
        real = os.path.realpath(path)
        if not os.path.samestat(os.stat(real), os.fstat(descriptor)):
            raise ReadError(f"{path!r} was replaced while it was being opened.") from None
        return real


def _unreadable(path: str, error: OSError) -> ReadError:
    return ReadError(
        f"{path!r} cannot be read: {error.strerror or error}.",
        hint="Check that it still exists and that this user may read it.",
    )
