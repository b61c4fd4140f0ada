"""Where redacted spans wait on disk while the store of spans is slow or away."""

from __future__ import annotations

import fcntl
import os
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from headrace.errors import StorageError
from headrace.ledger.durability import fsync_path, make_folder
from headrace.ledger.failpoints import declare, fire
from headrace.observe.traces.receiving.jsontext import dumps, loads
from headrace.observe.traces.receiving.normalising import OTLP, span_of
from headrace.records.call import SpanEvent

FOLDER = "spilled-spans"
"""Of the state."""
WRITTEN = declare("receiving.spill_written")
NAMED = declare("receiving.spill_named")
READ_BACK = declare("receiving.spill_read_back")
_SUFFIX = ".jsonl"

Write = Callable[[Sequence[SpanEvent]], None]
"""Makes spans durable. Raises StorageError."""


class Spill:
    """A folder of batches, each a file that is durable before its name is there."""

    def __init__(self, folder: Path, *, most_bytes: int) -> None:
        self._folder = folder
        self._most_bytes = most_bytes
        self._lock = threading.Lock()

    def put(self, spans: Sequence[SpanEvent]) -> None:
        """Keep spans until they can be written. Raises StorageError when the bound or the disk is full."""
        lines = [[span.trace_id, span.span_id, span.attributes[OTLP]] for span in spans]
        data = b"\n".join(dumps(line) for line in lines)
        with self._lock:
            if self.size_bytes() + len(data) > self._most_bytes:
                raise StorageError(
                    f"{self._most_bytes:,} bytes of spans wait already for the store of spans.",
                    hint="Look whether it is slow or away; `[traces] spill_megabytes` is the bound.",
                )
            try:
                self._write(data)
            except OSError as error:
                raise StorageError(f"Spans could not be put aside: {error.strerror}.") from error

    def size_bytes(self) -> int:
        """What waits."""
        return sum(_size(path) for path in self.files())

    def files(self) -> list[Path]:
        """The batches that wait, oldest first."""
        return sorted(self._folder.glob(f"*{_SUFFIX}")) if self._folder.is_dir() else []

    def spans(self) -> Iterator[tuple[Path, list[SpanEvent]]]:
        """Every batch with its file."""
        for path in self.files():
            try:
                data = path.read_bytes()
            except FileNotFoundError:
                continue  # another process has read it back meanwhile
            yield path, [_span(loads(line)) for line in data.split(b"\n") if line]

    def drain(self, write: Write) -> int:
        """Write what waits and remove it; returns how many spans that were. Doing it twice changes nothing.

        Raises what `write` raises; what could not be written stays.
        """
        done = 0
        if not self.files():
            return done
        with self._alone():
            for path, spans in self.spans():
                write(spans)
                fire(READ_BACK)
                path.unlink(missing_ok=True)
                fsync_path(self._folder)
                done += len(spans)
        return done

    def replace(self, path: Path, spans: Sequence[SpanEvent]) -> None:
        """Put other spans in the place of a batch."""
        lines = [[span.trace_id, span.span_id, span.attributes[OTLP]] for span in spans]
        if lines:
            self._write(b"\n".join(dumps(line) for line in lines), path.name)
        else:
            path.unlink(missing_ok=True)
        fsync_path(self._folder)

    def _write(self, data: bytes, name: str | None = None) -> None:
        make_folder(self._folder)
        name = name or f"{time.time_ns():020}-{os.getpid()}-{secrets.token_hex(4)}{_SUFFIX}"
        part = self._folder / f"{name}.part"
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        fire(WRITTEN)
        part.rename(self._folder / name)
        fsync_path(self._folder)
        fire(NAMED)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One process at a time reads back."""
        descriptor = os.open(self._folder / ".lock", os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:  # read back meanwhile
        return 0


def _span(line: Any) -> SpanEvent:
    trace_id, span_id, otlp = line
    return span_of(trace_id, span_id, otlp)
