"""What differs between two versions, row by row."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

from headrace.curate.datasets import columns, versions
from headrace.curate.datasets.packs import Pack
from headrace.curate.datasets.parts import DatasetParts
from headrace.curate.datasets.tree import TreeReader, difference
from headrace.curate.datasets.values import kind_of, to_json
from headrace.ledger.identity import encode
from headrace.records.datasets import DatasetDiff, RowChange

_NOTHING = object()
_BLANK = ("null", "missing")


def diff(
    parts: DatasetParts, dataset: str, a: str, b: str | None = None, *, limit: int | None = 20
) -> DatasetDiff:
    """Compare two versions; only what differs of their trees is read. `limit` None lists every row."""
    started = time.monotonic()
    first, second = versions.find(parts, dataset, a), versions.find(parts, dataset, b)
    reader = TreeReader(parts.files)
    left, right = versions.leaves_of(reader, first), versions.leaves_of(reader, second)
    found = difference(reader, left, right)
    before = _by_key(versions.bodies(parts.files, reader.names, found.only_a.take(_kept(found.only_a))))
    after = _by_key(versions.bodies(parts.files, reader.names, found.only_b.take(_kept(found.only_b))))
    changes = [_change(key, before.get(key), after.get(key)) for key in sorted({*before, *after})]
    lost_a, lost_b = len(found.only_a) - len(before), len(found.only_b) - len(after)
    changes += [RowChange(key=None, change="removed", columns=(), before=None, after=None)] * lost_a
    changes += [RowChange(key=None, change="added", columns=(), before=None, after=None)] * lost_b
    counts = Counter(change.change for change in changes)
    return DatasetDiff(
        dataset=dataset,
        a=first.id,
        b=second.id,
        added=counts["added"],
        removed=counts["removed"],
        changed=counts["changed"],
        flips=_flips(before, after),
        rows=tuple(changes if limit is None else changes[:limit]),
        truncated=limit is not None and len(changes) > limit,
        leaves_read=reader.read_leaves,
        leaves=len(left) + len(right),
        seconds=round(time.monotonic() - started, 3),
    )


def _kept(entries: Any) -> Any:
    return entries.keys.is_valid().to_numpy(zero_copy_only=False)


def _by_key(pack: Pack) -> dict[str, Mapping[str, Any]]:
    return dict(zip(pack.rows.keys.to_pylist(), columns.fields_of(pack.rows), strict=True))


def _change(key: str, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> RowChange:
    plain = [None if fields is None else to_json(fields) for fields in (before, after)]
    if before is None or after is None:
        kind = "added" if before is None else "removed"
        return RowChange(key=key, change=kind, columns=(), before=plain[0], after=plain[1])  # type: ignore[arg-type]  # one of the two
    differing = tuple(name for name in sorted({*before, *after}) if _differ(name, before, after))
    return RowChange(key=key, change="changed", columns=differing, before=plain[0], after=plain[1])


def _differ(name: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    if (name in before) != (name in after):
        return True
    return name in before and encode(before[name]) != encode(after[name])


def _flips(
    before: Mapping[str, Mapping[str, Any]], after: Mapping[str, Mapping[str, Any]]
) -> dict[str, dict[str, int]]:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for key in before.keys() & after.keys():
        for name in {*before[key], *after[key]}:
            if not _differ(name, before[key], after[key]):
                continue
            was, now = (_word(fields.get(name, _NOTHING)) for fields in (before[key], after[key]))
            counts[name]["another value" if was == now else f"{was} → {now}"] += 1
    return {name: dict(sorted(found.items())) for name, found in sorted(counts.items())}


def _word(value: Any) -> str:
    if value is _NOTHING:
        return "missing"
    if value == "" and isinstance(value, str):
        return '""'
    return kind_of(value)
