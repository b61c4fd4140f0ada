"""Whether numbers, lengths of texts and categories are spread as in the parent.

Numbers are compared in bins of an eighth of a doubling, which can only make a difference look smaller.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from headrace.curate.datasets.gates.base import Incoming, answer, unsure
from headrace.records.datasets import DatasetCheck

NAME = "distribution"
_SURE = 0.001
"""The chance at which a difference counts as one."""


class Shift(NamedTuple):
    """How far two distributions lie apart."""

    size: float
    """Kolmogorov–Smirnov's D, or total variation: 0 to 1."""
    chance: float
    """How often that much or more would come by chance."""
    psi: float
    """Population stability index."""
    visible: float
    """The smallest difference that would have counted."""


def distribution(incoming: Incoming) -> Iterator[DatasetCheck]:
    """Compare the new and changed rows with the parent, column by column."""
    action, limit = incoming.gates.distribution, incoming.gates.max_shift
    if action == "off" or not incoming.parent["rows"] or not len(incoming.rows):
        return
    compared, blind, failed = 0, [], 0
    for name, parent in incoming.parent["columns"].items():
        new = incoming.profile["columns"].get(name)
        if new is None:
            continue
        counts = _counts(parent, new)
        if counts is None:
            continue
        ordered, old, fresh = counts
        shift = measure(old, fresh, ordered=ordered)
        compared += 1
        if shift.visible > limit:
            blind.append((shift.visible, name))
        if shift.size > limit and shift.chance < _SURE:
            failed += 1
            yield answer(
                NAME,
                action,
                _said(name, shift, ordered, old, fresh),
                failed=True,
                column=name,
                rows=sum(fresh.values()),
            )
    rows, had = len(incoming.rows), incoming.parent["rows"]
    if blind:
        worst, _ = max(blind)
        said = (
            f"{rows:,} rows against {had:,}: in {len(blind)} columns only shifts of "
            f"{min(1.0, worst):.2f} or more would show"
        )
        yield unsure(NAME, said, rows=rows)
    elif compared and not failed:
        visible = math.sqrt(math.log(2 / _SURE) / 2 * (1 / rows + 1 / had))
        said = (
            f"{compared} columns, {rows:,} rows against {had:,}: shifts of {visible:.2f} or more would show"
        )
        yield answer(NAME, action, said, failed=False, rows=rows)


def measure(old: Mapping[str, int], new: Mapping[str, int], *, ordered: bool) -> Shift:
    """How far counts by bin or by category lie apart."""
    n, m = sum(new.values()), sum(old.values())
    names = sorted({*old, *new}, key=int) if ordered else sorted({*old, *new})
    a, b = [old.get(name, 0) / m for name in names], [new.get(name, 0) / n for name in names]
    psi = sum((y - x) * math.log((y or 0.5 / n) / (x or 0.5 / m)) for x, y in zip(a, b, strict=True))
    effective = n * m / (n + m)
    visible = math.sqrt(math.log(2 / _SURE) / 2 / effective)
    if ordered:
        sums = size = 0.0
        for x, y in zip(a, b, strict=True):
            sums += y - x
            size = max(size, abs(sums))
        return Shift(size, min(1.0, 2 * math.exp(-2 * effective * size * size)), psi, visible)
    size = sum(abs(y - x) for x, y in zip(a, b, strict=True)) / 2
    return Shift(size, _chi_square(old, new, names), psi, visible)


def _chi_square(old: Mapping[str, int], new: Mapping[str, int], names: list[str]) -> float:
    n, m = sum(new.values()), sum(old.values())
    total = 0.0
    for name in names:
        both = old.get(name, 0) + new.get(name, 0)
        for count, size in ((old.get(name, 0), m), (new.get(name, 0), n)):
            wanted = both * size / (n + m)
            total += (count - wanted) ** 2 / wanted
    return chance_of(total, len(names) - 1)


def chance_of(chi_square: float, freedom: int) -> float:
    """How likely chance alone makes a sum of squares as large, for whole degrees of freedom.

    In closed form, as importing SciPy for it takes longer than the commit of a few rows.
    """
    if freedom < 1 or chi_square <= 0:
        return 1.0
    half = chi_square / 2
    begin = freedom % 2 / 2
    powers = (begin + number for number in range(freedom // 2))
    rest = sum(math.exp(power * math.log(half) - half - math.lgamma(power + 1)) for power in powers)
    return min(1.0, rest + (math.erfc(math.sqrt(half)) if begin else 0.0))


def _counts(
    parent: Mapping[str, dict[str, int] | None], new: Mapping[str, dict[str, int] | None]
) -> tuple[bool, dict[str, int], dict[str, int]] | None:
    """Counts to compare: of values where there are few, else of bins; None where there is nothing."""
    for ordered, key in ((False, "values"), (True, "bins")):
        a, b = parent[key], new[key]
        if a and b:
            return ordered, a, b
    return None


def _said(name: str, shift: Shift, ordered: bool, old: Mapping[str, int], new: Mapping[str, int]) -> str:
    measure_name = "Kolmogorov–Smirnov D" if ordered else "total variation"
    return (
        f"{name!r} is spread otherwise than in the parent: {measure_name} {shift.size:.2f}, "
        f"PSI {shift.psi:.2f}, "
        f"{sum(new.values()):,} values against {sum(old.values()):,}, by chance {shift.chance:.1g}; "
        f"{shift.visible:.2f} would have shown"
    )
