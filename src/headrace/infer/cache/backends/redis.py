"""Cached outputs in Redis or Valkey, shared by the processes of a team."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Literal, cast

from headrace.errors import MissingExtra, StorageError
from headrace.infer.cache.base import Entry, Held
from headrace.ledger.failpoints import declare, fire
from headrace.ledger.storage.rows import slices

if TYPE_CHECKING:
    from redis import Redis

_TIMEOUT_SECONDS = 1.0
_FIELDS = ("part", "created", "expires", "body", "vector", "ties", "size")
_BEFORE_EXEC = declare("cache.before_redis_exec")


class RedisCache:
    """Keys below one prefix: `e:` entries, `p:` partitions, `t:` ties, `all` by age, `bytes` in all."""

    kind: Literal["sqlite", "redis"] = "redis"

    def __init__(self, url: str, *, prefix: str) -> None:
        """`prefix` keeps workspaces apart that share a server. Raises MissingExtra."""
        if find_spec("redis") is None:
            raise MissingExtra("A cache in Redis", extra="redis")
        from redis import Redis

        self.prefix = prefix
        self._client: Redis = Redis.from_url(
            url, socket_timeout=_TIMEOUT_SECONDS, socket_connect_timeout=_TIMEOUT_SECONDS
        )

    def get(self, key: str) -> Entry | None:
        """An entry that has not expired, without its ties."""
        with self._explained():
            return _entry(key, cast(Any, self._client.hmget(self._name("e", key), _FIELDS)))

    def put(self, entry: Entry, *, most: int) -> None:
        """Keep an entry in place of an older one; the oldest beyond `most` go."""
        self.remove([entry.key])
        size = len(entry.body) + len(entry.vector)
        values = (entry.partition, entry.created_us, entry.expires_us, entry.body, entry.vector)
        fields = dict(zip(_FIELDS, (*values, "\n".join(entry.ties), size), strict=True))
        name = self._name("e", entry.key)
        with self._explained():
            pipe = self._client.pipeline(transaction=True)
            pipe.hset(name, mapping=cast(Any, fields))
            pipe.pexpireat(name, entry.expires_us // 1000 + 1)
            pipe.zadd(self._name("all"), {entry.key: entry.created_us})
            if entry.partition:
                pipe.zadd(self._name("p", entry.partition), {entry.key: entry.created_us})
            for tie in entry.ties:
                pipe.sadd(self._name("t", tie), entry.key)
            fire(_BEFORE_EXEC)
            pipe.execute()
            count = self._client.zcard(self._name("all"))
            oldest = (
                cast(Any, self._client.zrange(self._name("all"), 0, count - most - 1)) if count > most else []
            )
        self.remove([key.decode() for key in oldest])

    def near(self, partition: str, *, limit: int) -> list[Entry]:
        """The newest entries of a partition that have not expired, newest first, without their ties."""
        with self._explained():
            place = self._name("p", partition)
            keys = [key.decode() for key in cast(Any, self._client.zrevrange(place, 0, limit - 1))]
            pipe = self._client.pipeline(transaction=False)
            for key in keys:
                pipe.hmget(self._name("e", key), _FIELDS)
            found = [_entry(key, values) for key, values in zip(keys, pipe.execute(), strict=True)]
            gone = [key for key, entry in zip(keys, found, strict=True) if entry is None]
            if gone:
                self._client.zrem(place, *gone)
        return [entry for entry in found if entry is not None]

    def remove(self, keys: Sequence[str]) -> int:
        """Take entries out; gives how many were there."""
        count = 0
        with self._explained():
            for part in slices(keys):
                read = self._client.pipeline(transaction=False)
                for key in part:
                    read.hmget(self._name("e", key), ("part", "ties"))
                pipe = self._client.pipeline(transaction=True)
                for key, (partition, ties) in zip(part, read.execute(), strict=True):
                    count += partition is not None
                    pipe.delete(self._name("e", key))
                    pipe.zrem(self._name("all"), key)
                    pipe.zrem(self._name("p", (partition or b"").decode()), key)
                    for tie in filter(None, (ties or b"").decode().split("\n")):
                        pipe.srem(self._name("t", tie), key)
                pipe.execute()
        return count

    def tied(self, ties: Sequence[str]) -> list[str]:
        """Keys of the entries that come from one of these."""
        if not ties:
            return []
        with self._explained():
            found = {
                key.decode() for key in cast(Any, self._client.sunion([self._name("t", tie) for tie in ties]))
            }
            pipe = self._client.pipeline(transaction=False)
            for key in sorted(found):
                pipe.exists(self._name("e", key))
            return [key for key, there in zip(sorted(found), pipe.execute(), strict=True) if there]

    def held(self) -> Held:
        """How much there is."""
        with self._explained():
            keys = [key.decode() for key in cast(Any, self._client.zrange(self._name("all"), 0, -1))]
            pipe = self._client.pipeline(transaction=False)
            for key in keys:
                pipe.hget(self._name("e", key), "size")
            sizes = pipe.execute()
            gone = [key for key, size in zip(keys, sizes, strict=True) if size is None]
            if gone:
                self._client.zrem(self._name("all"), *gone)
        return Held(entries=len(keys) - len(gone), bytes=sum(int(size) for size in sizes if size is not None))

    def clear(self) -> int:
        """Take everything out; gives how many there were."""
        count = self.held().entries
        with self._explained():
            names = list(self._client.scan_iter(match=f"{self.prefix}:*", count=1000))
            for part in slices(names):
                self._client.delete(*part)
        return count

    def clean(self) -> None:
        """Nothing is left in memory; dumps and logs of the server are its operator's to rewrite."""

    def close(self) -> None:
        """Close connections."""
        self._client.close()

    def _name(self, *parts: str) -> str:
        return ":".join((self.prefix, *parts))

    @contextmanager
    def _explained(self) -> Iterator[None]:
        from redis.exceptions import RedisError

        try:
            yield
        except RedisError as error:
            raise StorageError(
                f"The cache in Redis cannot be used: {type(error).__name__}.",
                hint="Look at `[storage] online` and the server. Calls go on without the cache.",
            ) from error


def _entry(key: str, values: list[bytes | None]) -> Entry | None:
    part, created, expires, body, vector, _, _ = values
    if part is None or created is None or expires is None or body is None or vector is None:
        return None
    if int(expires) <= time.time_ns() // 1000:
        return None
    return Entry(
        key=key,
        partition=part.decode(),
        created_us=int(created),
        expires_us=int(expires),
        body=body,
        vector=vector,
    )
