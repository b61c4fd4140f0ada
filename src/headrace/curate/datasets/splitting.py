"""Declare splits, count what falls into them, and look for what stands in two."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from headrace.curate.datasets import splits, staging, texts, versions
from headrace.curate.datasets.columns import Rows
from headrace.curate.datasets.parts import DatasetParts
from headrace.ledger import datasets as book
from headrace.records.datasets import DatasetCheck, SplitReport

_FEWEST_WORDS = 5


def split(
    parts: DatasetParts, name: str, *, shares: Mapping[str, float] | None = None, salt: str | None = None
) -> SplitReport:
    """Declare shares, or look at the splits of the newest version. They count from the next commit on.

    Raises NotFoundError, UsageError.
    """
    dataset = staging.require(parts, name)
    if shares is not None or salt is not None:
        dataset = dataset._replace(
            splits=splits.checked(shares) if shares is not None else dataset.splits,
            salt=dataset.salt if salt is None else salt,
        )
        changed = dataset
        parts.ledger.write(lambda tx: book.put(tx, changed))
    with parts.ledger.read() as conn:
        head = versions.head(conn, name)
    rows: Counter[str] = Counter()
    groups: dict[str, set[str]] = defaultdict(set)
    leaks: tuple[DatasetCheck, ...] = ()
    if head is not None and dataset.splits:
        found = versions.all_rows(parts, head)[0].rows
        names = splits.splits_of(found, salt=dataset.salt, shares=dataset.splits)
        for into, group in zip(names, splits.groups_of(found).to_pylist(), strict=True):
            rows[str(into)] += 1
            groups[str(into)].add(str(group))
        leaks = tuple(leaking(found, names))
    return SplitReport(
        dataset=name,
        version=head.id if head else None,
        salt=dataset.salt,
        splits=dataset.splits,
        rows={into: rows[into] for into in dataset.splits},
        groups={into: len(groups[into]) for into in dataset.splits},
        leaks=leaks,
    )


def leaking(rows: Rows, names: Sequence[str | None]) -> Iterator[DatasetCheck]:
    """Texts of five words or more that stand in rows of two splits: their groups should be one."""
    import numpy as np

    cells, owners = texts.cells(rows)
    words = texts.Words(cells)
    wholes = words.wholes()
    wholes[words.counts < _FEWEST_WORDS] = 0
    order = np.argsort(wholes, kind="stable")
    order = order[wholes[order] != 0]
    ends = np.flatnonzero(np.diff(wholes[order])) + 1
    leaking_rows: dict[tuple[str, ...], set[int]] = defaultdict(set)
    for some in np.split(order, ends):
        if len(some) < 2:
            continue
        places = {owners[cell] for cell in some.tolist()}
        into = tuple(sorted({str(names[place]) for place in places}))
        if len(into) > 1:
            leaking_rows[into] |= places
    for into, places in sorted(leaking_rows.items()):
        keys = tuple(str(rows.keys[place].as_py()) for place in sorted(places)[:5])
        said = f"{len(places):,} rows of {' and '.join(into)} share a text; give them one group"
        yield DatasetCheck(gate="leak", verdict="warn", reason=said, rows=len(places), keys=keys)
