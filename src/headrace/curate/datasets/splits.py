"""Splits by group: a row's split depends on its group alone, so it stays where it is as the dataset grows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from headrace.errors import UsageError

if TYPE_CHECKING:
    import pyarrow as pa

    from headrace.curate.datasets.columns import Rows

_RANGE = 2**64


def checked(shares: Mapping[str, float]) -> dict[str, float]:
    """Shares that add up to one. Raises UsageError."""
    wrong = [name for name, share in shares.items() if not (0 < share <= 1) or not name.strip()]
    if wrong or not shares or not math.isclose(sum(shares.values()), 1, abs_tol=1e-6):
        told = ", ".join(f"{name}={share:g}" for name, share in shares.items()) or "none"
        raise UsageError(
            f"The shares of the splits must each lie over 0 and add up to 1: {told}.",
            hint="For example: train=0.8,test=0.2.",
        )
    return dict(shares)


def split_of(group: str, *, salt: str, shares: Mapping[str, float]) -> str:
    """The split of a group."""
    hashed = blake2b(group.encode("utf-8", "surrogatepass"), key=_key(salt), digest_size=8).digest()
    place = int.from_bytes(hashed, "big") / _RANGE
    edge = 0.0
    for name, share in shares.items():
        edge += share
        if place < edge:
            return name
    return list(shares)[-1]


def groups_of(rows: Rows) -> pa.Array:
    """What each row is split by: its group, else its user, else its key."""
    import pyarrow.compute as pc

    return pc.coalesce(rows.groups, rows.subjects, rows.keys)


def splits_of(rows: Rows, *, salt: str, shares: Mapping[str, float]) -> list[str | None]:
    """The split of each row; None where nothing is split."""
    if not shares:
        return [None] * len(rows)
    known: dict[Any, str] = {}
    found: list[str | None] = []
    for group in groups_of(rows).to_pylist():
        if group not in known:
            known[group] = split_of(group or "", salt=salt, shares=shares)
        found.append(known[group])
    return found


def _key(salt: str) -> bytes:
    return blake2b(salt.encode("utf-8", "surrogatepass"), digest_size=32).digest()
