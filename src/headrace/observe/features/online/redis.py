"""The online store in Redis or Valkey: a hash for each view; every row is compared and put in one step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from importlib.util import find_spec
from typing import Any

from headrace.errors import MissingExtra, StorageError
from headrace.ledger.failpoints import fire
from headrace.observe.features.online.base import OnlineRow, Written
from headrace.observe.features.online.sqlite import _BATCH, _WRITTEN

_PREFIX = "headrace:features:"
_DIGITS = 20
_SHIFT = 2**63
_HEAD = 2 * _DIGITS
"""A row begins with both times as digits, of the same length: texts that compare as the times do."""

_PUT = f"""
local changed = 0
for i = 2, #ARGV, 2 do
  local old = redis.call('HGET', KEYS[1], ARGV[i])
  local new = ARGV[i + 1]
  if not old or ARGV[1] == '1' or string.sub(new, 1, {_HEAD}) >= string.sub(old, 1, {_HEAD}) then
    if old ~= new then
      redis.call('HSET', KEYS[1], ARGV[i], new)
      changed = changed + 1
    end
  end
end
return changed
"""


class RedisOnline:
    """Rows in hashes of a Redis database; the workspace's name keeps workspaces apart."""

    def __init__(self, url: str, *, workspace: str) -> None:
        if find_spec("redis") is None:
            raise MissingExtra("The online store in Redis", extra="redis")
        import redis

        self._redis: Any = redis.Redis.from_url(url)
        self._error = redis.RedisError
        self._prefix = f"{_PREFIX}{workspace}:"
        self._put = self._redis.register_script(_PUT)

    def read(self, view: str, entity: str) -> OnlineRow | None:
        """The row of an entity."""
        data = self._do(lambda: self._redis.hget(self._key(view), entity))
        return None if data is None else _row(entity, data)

    def entities(self, view: str) -> set[str]:
        """Every entity with a row."""
        return {row.entity for row in self._rows(self._key(view))}

    def write(self, view: str, batches: Iterable[Sequence[OnlineRow]], *, replace: bool = False) -> Written:
        """Batch by batch: a kill between two leaves rows of both runs, each whole; the next run finishes."""
        seen: set[str] = set()
        written = 0
        for batch in batches:
            given: list[Any] = ["1" if replace else "0"]
            for row in batch:
                given += [row.entity, _data(row)]
            written += int(self._do(lambda given=given: self._put(keys=[self._key(view)], args=given)))
            seen.update(row.entity for row in batch)
            fire(_BATCH)
        gone = sorted(self.entities(view) - seen)
        if gone:
            self._do(lambda: self._redis.hdel(self._key(view), *gone))
        fire(_WRITTEN)
        return Written(written=written, removed=len(gone))

    def find(self, subjects: Sequence[str]) -> int:
        """How many rows belong to these subjects."""
        return sum(1 for key in self._keys() for row in self._rows(key) if row.subject in subjects)

    def erase(self, subjects: Sequence[str]) -> int:
        """Take them out."""
        erased = 0
        for key in self._keys():
            gone = [row.entity for row in self._rows(key) if row.subject in subjects]
            if gone:
                erased += int(self._do(lambda key=key, gone=gone: self._redis.hdel(key, *gone)))
        return erased

    def clean(self) -> None:
        """Nothing of ours is left; what the server wrote to its own files it rewrites by its own rules."""

    def close(self) -> None:
        """Close every connection."""
        self._redis.close()

    def _key(self, view: str) -> str:
        return f"{self._prefix}{view}"

    def _keys(self) -> list[bytes]:
        return list(self._do(lambda: list(self._redis.scan_iter(match=f"{self._prefix}*", count=1000))))

    def _rows(self, key: Any) -> Iterator[OnlineRow]:
        cursor = 0
        while True:
            cursor, found = self._do(lambda cursor=cursor: self._redis.hscan(key, cursor=cursor, count=1000))
            for entity, data in found.items():
                yield _row(entity.decode(), data)
            if not cursor:
                return

    def _do(self, work: Any) -> Any:
        try:
            return work()
        except self._error as error:
            raise StorageError(
                f"The online store in Redis cannot be used: {type(error).__name__}.",
                hint="Look at [storage] online and whether the server answers.",
            ) from error


def _data(row: OnlineRow) -> bytes:
    import cbor2

    head = f"{row.event_us + _SHIFT:0{_DIGITS}d}{row.known_us + _SHIFT:0{_DIGITS}d}"
    return head.encode() + cbor2.dumps([row.subject, row.body])


def _row(entity: str, data: bytes) -> OnlineRow:
    import cbor2

    subject, body = cbor2.loads(data[_HEAD:])
    event_us, known_us = int(data[:_DIGITS]) - _SHIFT, int(data[_DIGITS:_HEAD]) - _SHIFT
    return OnlineRow(entity, subject, event_us, known_us, body)
