"""Parses many documents in order, on a few limited subprocesses that start when first needed."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import NamedTuple, TypeVar

from headrace.errors import DocumentError, LimitExceeded
from headrace.ingest.parsing.base import Hints, ParserConfig
from headrace.ingest.parsing.dispatch import parse_here
from headrace.ingest.parsing.process import WorkerProcess
from headrace.records.document import Content, ParsedDocument

Key = TypeVar("Key")
Parsed = ParsedDocument | DocumentError

_WINDOW_PER_WORKER = 16
_WINDOW_BYTES = 64 * 1024 * 1024


class _Waiting(NamedTuple):
    """A document on its way: what it will be, and how many bytes it holds until then."""

    result: Future[Parsed] | Parsed
    size_bytes: int


class ParsePool:
    """Workers are reused until `close`; a document that kills one costs that document alone."""

    def __init__(self, config: ParserConfig | None = None) -> None:
        self._config = config or ParserConfig()
        self._lock = threading.Lock()
        self._executor: ThreadPoolExecutor | None = None
        self._local = threading.local()
        self._workers: list[WorkerProcess] = []

    def __enter__(self) -> ParsePool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def parse_many(self, items: Iterable[tuple[Key, str, Content]]) -> Iterator[tuple[Key, Parsed]]:
        """Parse (key, name, content) in the order they come; holds a bounded window of them in memory.

        A document that fails gives its DocumentError instead of being raised.
        """
        window: deque[tuple[Key, _Waiting]] = deque()
        window_bytes = 0
        try:
            for key, name, content in items:
                waiting = self._submit(name, content)
                window.append((key, waiting))
                window_bytes += waiting.size_bytes
                while window and (self._is_full(len(window), window_bytes) or _is_done(window[0][1])):
                    first, done = window.popleft()
                    window_bytes -= done.size_bytes
                    yield first, _result(done)
            while window:
                first, done = window.popleft()
                yield first, _result(done)
        finally:
            for _, abandoned in window:
                if isinstance(abandoned.result, Future):
                    abandoned.result.cancel()

    def parse(self, name: str, content: Content) -> Parsed:
        """Parse one document."""
        return _result(self._submit(name, content))

    def close(self) -> None:
        """End every worker; the pool may be used again and starts new ones."""
        with self._lock:
            executor, self._executor = self._executor, None
            workers, self._workers = self._workers, []
            self._local = threading.local()
        if executor is not None:
            executor.shutdown(wait=True, cancel_futures=True)
        for worker in workers:
            worker.close()

    def _submit(self, name: str, content: Content) -> _Waiting:
        size_bytes = len(content.data)
        config = self._config
        if size_bytes > config.max_input_bytes:
            problem = f"A document of {size_bytes} bytes; allowed are {config.max_input_bytes}."
            return _Waiting(LimitExceeded(problem, hint="Split the document."), 0)
        hints = Hints(media_type=content.media_type, charset=content.charset)
        try:
            document = parse_here(content.data, name=name, hints=hints)
        except DocumentError as error:
            return _Waiting(error, 0)
        if document is not None:
            return _Waiting(document, size_bytes)
        return _Waiting(self._threads().submit(self._parse_in_worker, name, content), size_bytes)

    def _threads(self) -> ThreadPoolExecutor:
        with self._lock:
            if self._executor is None:
                # Each thread owns one worker; a worker dies with the thread that started it.
                self._executor = ThreadPoolExecutor(self._config.workers, thread_name_prefix="headrace-parse")
            return self._executor

    def _parse_in_worker(self, name: str, content: Content) -> Parsed:
        worker: WorkerProcess | None = getattr(self._local, "worker", None)
        if worker is None:
            worker = WorkerProcess(self._config)
            self._local.worker = worker
            with self._lock:
                self._workers.append(worker)
        return worker.parse(name, content)

    def _is_full(self, count: int, size_bytes: int) -> bool:
        return count > _WINDOW_PER_WORKER * self._config.workers or size_bytes > _WINDOW_BYTES


def _is_done(waiting: _Waiting) -> bool:
    return not isinstance(waiting.result, Future) or waiting.result.done()


def _result(waiting: _Waiting) -> Parsed:
    return waiting.result.result() if isinstance(waiting.result, Future) else waiting.result
