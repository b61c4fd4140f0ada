"""What an online store does, and how a row lies in it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from headrace.observe.features.base import FeatureView


class OnlineRow(NamedTuple):
    """The newest values of one entity."""

    entity: str
    """Its keys, as `entity_id` writes them."""
    subject: str
    """The key that `forget subject:VALUE` erases by."""
    event_us: int
    known_us: int
    body: bytes
    """Feature to value, as `packed` writes them."""


class Written(NamedTuple):
    """What a write did."""

    written: int
    """Entities whose row is another one now."""
    removed: int
    """Entities that were not among the rows."""


class OnlineStore(Protocol):
    """Keeps one row for each view and entity; safe to share between threads.

    Order is (event time, known time): a row never gives way to an older one, whoever writes when.
    """

    def read(self, view: str, entity: str) -> OnlineRow | None:
        """The row of an entity."""
        ...

    def entities(self, view: str) -> set[str]:
        """Every entity with a row."""
        ...

    def write(self, view: str, batches: Iterable[Sequence[OnlineRow]], *, replace: bool = False) -> Written:
        """Put every row that is not older than the one there, then take out entities not among them.

        With `replace` older rows count too. Killed at any time, each entity has its old or its new row.
        """
        ...

    def find(self, subjects: Sequence[str]) -> int:
        """How many rows belong to these subjects."""
        ...

    def erase(self, subjects: Sequence[str]) -> int:
        """Take them out; returns how many there were."""
        ...

    def clean(self) -> None:
        """Remove what only logs and free pages still hold."""
        ...

    def close(self) -> None:
        """Close every connection."""
        ...


def entity_id(keys: Sequence[Any]) -> str:
    """The keys of an entity as one text: the key itself, or a JSON list of several."""
    texts = [str(key) for key in keys]
    return texts[0] if len(texts) == 1 else json.dumps(texts, ensure_ascii=False, separators=(",", ":"))


def entity_keys(entity: str, count: int) -> list[str]:
    """The keys of `entity_id`."""
    return [entity] if count == 1 else list(json.loads(entity))


def packed(values: Mapping[str, Any]) -> bytes:
    """Values as CBOR; vectors are bytes of 32-bit floats, times are microseconds."""
    import cbor2

    return cbor2.dumps(dict(values))


def unpacked(body: bytes, view: FeatureView) -> dict[str, Any]:
    """Values by feature: vectors as lists, times as microseconds. Raises KeyError for one that lacks."""
    import cbor2

    found = cbor2.loads(body)
    values = {name: found[name] for name in view.columns}
    for name, kind in view.columns.items():
        if kind == "vector" and values[name] is not None:
            values[name] = _floats(values[name])
    return values


def _floats(data: bytes) -> list[float]:
    import array
    import sys

    numbers = array.array("f", data)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tolist()
