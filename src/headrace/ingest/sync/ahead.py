"""Work one step ahead: the next batch is read and parsed while this one is embedded and written."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")


class _End:
    """Marks the end of the stream, with the error that ended it."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


def ahead(items: Iterable[Item], *, depth: int = 2) -> Iterator[Item]:
    """Yield the items in order while a thread makes the next `depth` of them; an error is raised in place."""
    ready: queue.Queue[Item | _End] = queue.Queue(maxsize=depth)
    stopped = threading.Event()

    def offer(item: Item | _End) -> bool:
        while not stopped.is_set():
            try:
                ready.put(item, timeout=0.2)
            except queue.Full:
                continue
            return True
        return False

    def work() -> None:
        error: BaseException | None = None
        try:
            for item in items:
                if not offer(item):
                    return
        except BaseException as caught:  # noqa: BLE001 - handed to the consumer, who raises it
            error = caught
        offer(_End(error))

    thread = threading.Thread(target=work, name="headrace-ahead", daemon=True)
    thread.start()
    try:
        while True:
            item = ready.get()
            if isinstance(item, _End):
                if item.error is not None:
                    raise item.error
                return
            yield item
    finally:
        stopped.set()
        thread.join()
