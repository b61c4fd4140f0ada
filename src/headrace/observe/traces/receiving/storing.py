"""Makes spans durable: in the store of spans, or beside it while that is slow or away."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from concurrent.futures import TimeoutError as FutureTimeout
from typing import TYPE_CHECKING

from headrace.errors import DiskFull, StorageError
from headrace.observe.traces.receiving.joining import merge
from headrace.observe.traces.receiving.spill import Spill
from headrace.records.call import SpanEvent

if TYPE_CHECKING:
    from headrace.ledger.events.base import EventStore

_LOG = logging.getLogger("headrace.receiving")
PATIENCE_SECONDS = 10.0
"""How long a write may take before spans are put aside."""
_AGAIN_SECONDS = 1.0


class Storing:
    """Writes spans, and reads back by itself what had to be put aside."""

    def __init__(
        self, events: EventStore, spill: Spill, *, patience_seconds: float = PATIENCE_SECONDS
    ) -> None:
        self._events = events
        self._spill = spill
        self._patience = patience_seconds
        self._aside = threading.Event()
        """Set while spans are put aside without asking the store."""
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._reader: threading.Thread | None = None
        self.spilled = 0
        """Spans put aside since the start."""

    def start(self) -> None:
        """Read back what an earlier run had to put aside."""
        if self._spill.files():
            self._put_aside_from_now()

    def write(self, spans: Sequence[SpanEvent]) -> None:
        """Make spans durable, somewhere. Raises StorageError when neither place takes them."""
        if not spans:
            return
        if not self._aside.is_set():
            try:
                self._into_store(spans)
            except DiskFull:
                raise
            except StorageError as error:
                _LOG.warning("Spans are put aside: %s", error.message)
            else:
                return
        self._spill.put(spans)
        self.spilled += len(spans)
        self._put_aside_from_now()

    def drain(self) -> int:
        """Read back what waits, now; returns how many spans. Raises StorageError when the store is away."""
        return self._spill.drain(self._into_store)

    def close(self) -> None:
        """Stop; what waits is read back at the next start."""
        self._stop.set()
        with self._lock:
            reader = self._reader
        if reader is not None:
            reader.join(timeout=self._patience + 5)

    def _into_store(self, spans: Sequence[SpanEvent]) -> None:
        future = self._events.append(spans, merge=merge)
        try:
            future.result(timeout=self._patience)
        except FutureTimeout as error:
            raise StorageError(
                f"The store of spans did not answer within {self._patience:g} s.",
                hint="Spans wait in the state folder until it does.",
            ) from error

    def _put_aside_from_now(self) -> None:
        with self._lock:
            self._aside.set()
            if self._reader is None and not self._stop.is_set():
                self._reader = threading.Thread(
                    target=self._read_back, name="headrace-spans-read-back", daemon=True
                )
                self._reader.start()

    def _read_back(self) -> None:
        while True:
            try:
                self.drain()
            except StorageError as error:
                _LOG.warning("Spans still wait: %s", error.message)
            except Exception:  # noqa: BLE001 - this thread must not end while spans wait
                _LOG.exception("What waits of spans could not be read back; it is tried again.")
            with self._lock:
                if self._stop.is_set():
                    self._reader = None
                    return
                if not self._spill.files():
                    self._aside.clear()
                    self._reader = None
                    return
            self._stop.wait(_AGAIN_SECONDS)
