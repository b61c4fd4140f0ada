"""Working ahead keeps order, hands errors on, and stops when the consumer does."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from headrace.ingest.sync.ahead import ahead


def test_order_is_kept() -> None:
    assert list(ahead(range(100))) == list(range(100))


def test_an_error_comes_after_what_was_made_before_it() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise ValueError("broken")

    seen = []
    with pytest.raises(ValueError, match="broken"):
        for item in ahead(items()):
            seen.append(item)
    assert seen == [1]


def test_the_thread_ends_when_the_consumer_stops() -> None:
    made = []

    def items() -> Iterator[int]:
        for number in range(1_000_000):
            made.append(number)
            yield number

    stream = ahead(items(), depth=2)
    assert next(iter(stream)) == 0
    stream.close()  # type: ignore[attr-defined]
    assert len(made) < 10
    assert not [thread for thread in threading.enumerate() if thread.name == "headrace-ahead"]
