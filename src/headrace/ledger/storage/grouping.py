"""One thread that takes what waits in a queue as a group, so that a group shares one commit."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Generic, TypeVar

from headrace.errors import StorageError

T = TypeVar("T")


class GroupThread(Generic[T]):
    """Hands queued items to `run` in groups, in order. `run` settles the futures of its items."""

    def __init__(
        self, run: Callable[[Sequence[T]], None], *, name: str, max_group: int, at_end: Callable[[], None]
    ) -> None:
        self._run = run
        self._name = name
        self._max_group = max_group
        self._at_end = at_end
        self._waiting: deque[T] = deque()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False

    def put(self, item: T) -> None:
        """Queue an item. Raises StorageError after close."""
        with self._changed:
            if self._closed:
                raise StorageError(f"{self._name} is closed.", hint="Open it again before writing to it.")
            if self._thread is None:
                self._thread = threading.Thread(target=self._loop, name=self._name, daemon=True)
                self._thread.start()
            self._waiting.append(item)
            self._changed.notify()

    def is_current(self) -> bool:
        """Whether the caller runs on this thread, where waiting for it would never end."""
        return threading.current_thread() is self._thread

    def close(self) -> None:
        """Finish what is queued, then end the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify()
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def _loop(self) -> None:
        try:
            while group := self._next():
                self._run(group)
        finally:
            self._at_end()

    def _next(self) -> list[T]:
        with self._changed:
            while not self._waiting and not self._closed:
                self._changed.wait()
            count = min(len(self._waiting), self._max_group)
            return [self._waiting.popleft() for _ in range(count)]


def settle(future: Future[T], value: T) -> None:
    """Resolve a future that its owner may have cancelled meanwhile."""
    if future.set_running_or_notify_cancel():
        future.set_result(value)


def settle_error(future: Future[T], error: BaseException) -> None:
    """Fail a future that its owner may have cancelled meanwhile."""
    if future.set_running_or_notify_cancel():
        future.set_exception(error)
