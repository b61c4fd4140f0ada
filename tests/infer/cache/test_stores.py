"""Both stores of cached outputs do the same."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from headrace.errors import StorageError
from headrace.infer.cache.backends.redis import RedisCache
from headrace.infer.cache.backends.sqlite import SQLiteCache
from headrace.infer.cache.base import CacheStore
from tests.infer.cache.entries import HOUR_US, entry

REDIS = os.environ.get("HEADRACE_TEST_REDIS", "redis://127.0.0.1:6379/0")


def redis_store() -> RedisCache:
    """A store with keys of its own. Skips where no server answers."""
    store = RedisCache(REDIS, prefix=f"headrace-test-{secrets.token_hex(6)}")
    try:
        store.held()
    except StorageError:
        store.close()
        pytest.skip("no Redis server; name one with HEADRACE_TEST_REDIS")
    return store


@pytest.fixture(params=["sqlite", "redis"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[CacheStore]:
    made: CacheStore = redis_store() if request.param == "redis" else SQLiteCache(tmp_path / "online.sqlite")
    assert isinstance(made, CacheStore)
    assert made.kind == request.param
    yield made
    made.clear()
    made.close()


def test_what_is_put_is_got(store: CacheStore) -> None:
    assert store.get("a") is None
    made = entry("a", body=bytes(range(256)), ties=("t",))
    store.put(made, most=10)
    found = store.get("a")
    assert found is not None
    assert (found.body, found.vector, found.partition) == (made.body, made.vector, made.partition)
    assert (found.created_us, found.expires_us) == (made.created_us, made.expires_us)
    assert store.held().entries == 1
    assert store.held().bytes == 256 + len(b"vector")


def test_the_newer_takes_the_place_of_the_older_with_its_ties(store: CacheStore) -> None:
    store.put(entry("a", partition="p", ties=("t1",), age_us=10), most=10)
    store.put(entry("a", partition="q", body=b"new", ties=("t2",)), most=10)
    found = store.get("a")
    assert found is not None
    assert found.body == b"new"
    assert (store.tied(["t1"]), store.tied(["t2"])) == ([], ["a"])
    assert (store.near("p", limit=5), [item.key for item in store.near("q", limit=5)]) == ([], ["a"])


def test_an_entry_ends_with_its_time(store: CacheStore) -> None:
    store.put(entry("late", age_us=HOUR_US + 1000), most=10)
    store.put(entry("early"), most=10)
    assert store.get("late") is None
    assert [item.key for item in store.near("part", limit=5)] == ["early"]


def test_the_oldest_make_room(store: CacheStore) -> None:
    for number in range(5):
        store.put(entry(str(number), age_us=1_000_000 * (10 - number), ties=("t",)), most=3)
    assert [item.key for item in store.near("part", limit=10)] == ["4", "3", "2"]
    assert [item.key for item in store.near("part", limit=2)] == ["4", "3"]
    assert store.tied(["t"]) == ["2", "3", "4"]
    assert store.held().entries == 3


def test_what_is_removed_is_gone_everywhere(store: CacheStore) -> None:
    for name in "abc":
        store.put(entry(name, ties=(f"t-{name}", "all")), most=10)
    assert store.tied(["t-a", "t-b", "none"]) == ["a", "b"]
    assert store.remove(["a", "nothing"]) == 1
    assert store.get("a") is None
    assert store.tied(["all"]) == ["b", "c"]
    store.clean()
    assert store.clear() == 2
    assert store.held() == type(store.held())(entries=0, bytes=0)
    assert store.tied([]) == []
    assert store.near("part", limit=5) == []


def test_a_broken_file_is_said_so(tmp_path: Path) -> None:
    path = tmp_path / "online.sqlite"
    path.write_bytes(b"this is no database, but long enough to look at" * 100)
    with pytest.raises(StorageError, match="cannot be used"):
        SQLiteCache(path)


def test_a_server_that_is_away_is_said_so() -> None:
    store = RedisCache("redis://127.0.0.1:1/0", prefix="x")
    with pytest.raises(StorageError, match="Redis cannot be used"):
        store.get("a")
    store.close()
