"""Rows that hold an eval case: the same words, a long run of them, nearly the same text, or its group.

An evaluation on what a model was trained on measures its memory. Four ways, each on every text of a row by
itself: all words equal; 13 words in a row equal (8 where the case has fewer than 26 words, all of them
where it has 4 to 7); seven tenths of the runs of five words equal (Jaccard, counted, not estimated); the
row's group. Runs that stand in more than ten cases and in more than ten rows are boilerplate and do not
count.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from headrace.curate.datasets import splits, texts
from headrace.curate.datasets.columns import Rows
from headrace.curate.datasets.gates.base import Incoming, answer
from headrace.records.datasets import DatasetCheck

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from headrace.curate.datasets.parts import HeldOut

NAME = "contamination"
LONG, SHORT, FEW_WORDS, FEWEST_WORDS, SHINGLE = 13, 8, 26, 4, 5
ALIKE = 0.7
_COMMON = 10


class Hit(NamedTuple):
    """A row that holds a case."""

    row: int
    """Its number."""
    case: int
    """Number of the held-out text; -1 where only the group is known."""
    way: str
    """same words, run of words, nearly the same, or group."""


def contamination(incoming: Incoming) -> Iterator[DatasetCheck]:
    """Look for every eval case in the new and changed rows."""
    action = incoming.gates.contamination
    if action == "off" or not len(incoming.rows):
        return
    if not incoming.held_out:
        yield answer(NAME, action, "there are no eval cases to compare with", failed=False)
        return
    hits = find(incoming.rows, incoming.held_out)
    rows = sorted({hit.row for hit in hits})
    said = f"{len(rows):,} of {len(incoming.rows):,} rows hold one of {len(incoming.held_out):,} eval cases"
    if hits:
        ways = {
            way: len({hit.row for hit in hits if hit.way == way})
            for way in dict.fromkeys(hit.way for hit in hits)
        }
        sets = sorted({incoming.held_out[hit.case].set for hit in hits if hit.case >= 0})
        said += f" of {', '.join(sets)}" if sets else ""
        said += f" ({', '.join(f'{way} {count:,}' for way, count in ways.items())})"
    yield answer(
        NAME, action, said, failed=bool(hits), rows=len(rows),
        keys=[incoming.rows.keys[row].as_py() for row in rows[:5]],
    )  # fmt: skip


def find(rows: Rows, held_out: Sequence[HeldOut]) -> list[Hit]:
    """Every row that holds a case, once for each way."""
    units, owners = texts.cells(rows)
    found: dict[tuple[int, str], Hit] = {}
    if units and held_out:
        mine = texts.Words(units)
        cases = texts.Words([item.text for item in held_out])
        for way, pairs in (
            ("same words", _same(mine, cases)),
            ("run of words", _runs(mine, cases)),
            ("nearly the same", _alike(mine, cases)),
        ):
            for unit, case in pairs:
                found.setdefault((owners[unit], way), Hit(owners[unit], case, way))
    groups = {item.group for item in held_out if item.group}
    if groups:
        for number, group in enumerate(splits.groups_of(rows).to_pylist()):
            if group in groups:
                found.setdefault((number, "group"), Hit(number, -1, "group"))
    return list(found.values())


def _same(mine: texts.Words, cases: texts.Words) -> Iterator[tuple[int, int]]:
    import numpy as np

    theirs = cases.wholes()
    usable = np.flatnonzero(theirs)
    yield from _pairs(mine.wholes(), np.arange(mine.texts), theirs[usable], usable, common=None)


def _runs(mine: texts.Words, cases: texts.Words) -> Iterator[tuple[int, int]]:

    counts = cases.counts
    classes = [(LONG, counts >= FEW_WORDS), (SHORT, (counts >= SHORT) & (counts < FEW_WORDS))]
    classes += [(length, counts == length) for length in range(FEWEST_WORDS, SHORT)]
    for length, wanted in classes:
        if not wanted.any():
            continue
        theirs, owners = cases.runs(length)
        inside = wanted[owners]
        runs, units = mine.runs(length)
        yield from _pairs(
            runs, units, theirs[inside], owners[inside], common=_COMMON if length >= SHORT else None
        )


def _alike(mine: texts.Words, cases: texts.Words) -> Iterator[tuple[int, int]]:
    """Texts whose sets of runs of five words overlap by seven tenths."""
    import numpy as np

    runs, units = _distinct(*mine.runs(SHINGLE))
    theirs, owners = _distinct(*cases.runs(SHINGLE))
    if not len(runs) or not len(theirs):
        return
    mine_sizes = np.bincount(units, minlength=mine.texts)
    case_sizes = np.bincount(owners, minlength=cases.texts)
    shared = np.isin(runs, theirs)
    hits = np.bincount(units[shared], minlength=mine.texts)
    # Jaccard of seven tenths needs at least that share of either set to be in the other.
    close = shared & (hits[units] >= ALIKE * mine_sizes[units])
    left, right = _matches(runs[close], units[close], theirs, owners)
    if not len(left):
        return
    both, counts = np.unique(left.astype(np.int64) * cases.texts + right, return_counts=True)
    unit, case = both // cases.texts, both % cases.texts
    jaccard = counts / (mine_sizes[unit] + case_sizes[case] - counts)
    for number in np.flatnonzero(jaccard >= ALIKE):
        yield int(unit[number]), int(case[number])


def _pairs(
    runs: NDArray[np.uint64],
    units: NDArray[np.int64],
    theirs: NDArray[np.uint64],
    owners: NDArray[np.int64],
    *,
    common: int | None,
) -> Iterator[tuple[int, int]]:
    """One case for each text that shares a run with one."""
    import numpy as np

    theirs, owners = _distinct(theirs, owners)
    inside = np.isin(runs, theirs)
    runs, units = _distinct(runs[inside], units[inside])
    if common is not None and len(runs):
        value, cases = np.unique(theirs, return_counts=True)
        here, rows = np.unique(runs, return_counts=True)
        frequent = np.intersect1d(value[cases > common], here[rows > common])
        left = ~np.isin(runs, frequent)
        runs, units = runs[left], units[left]
    order = np.argsort(theirs, kind="stable")
    at = np.searchsorted(theirs[order], runs)
    _, first = np.unique(units, return_index=True)
    for number in first:
        yield int(units[number]), int(owners[order[at[number]]])


def _matches(
    runs: NDArray[np.uint64], units: NDArray[np.int64], theirs: NDArray[np.uint64], owners: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Every pair of a text and a case that share a run; runs of very many cases are left out."""
    import numpy as np

    order = np.argsort(theirs, kind="stable")
    ordered = theirs[order]
    start, end = np.searchsorted(ordered, runs, "left"), np.searchsorted(ordered, runs, "right")
    counts = end - start
    counts[counts > 50 * _COMMON] = 0
    place = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts) + np.repeat(start, counts)
    return np.repeat(units, counts), owners[order[place]]


def _distinct(
    runs: NDArray[np.uint64], owners: NDArray[np.int64]
) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Each run once for each text."""
    import numpy as np

    if not len(runs):
        return runs, owners
    order = np.lexsort((owners, runs))
    runs, owners = runs[order], owners[order]
    first = np.ones(len(runs), dtype=bool)
    first[1:] = (runs[1:] != runs[:-1]) | (owners[1:] != owners[:-1])
    return runs[first], owners[first]
