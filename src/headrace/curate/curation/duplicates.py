"""Equal and nearly equal texts: one item each, however often it is asked."""

from __future__ import annotations

import math
import re
import unicodedata
from collections import defaultdict
from hashlib import blake2b

NEAR = 0.85
"""Texts that share so much of their runs of letters (Jaccard) are one."""
_RUN = 4
"""Letters in a run."""
_WORDS = re.compile(r"\w+")
_NUMBERS = re.compile(r"\d+")


def normalised(text: str) -> str:
    """Lower case, compatibility forms unified, marks gone, one space between words."""
    return " ".join(_WORDS.findall(unicodedata.normalize("NFKC", text).casefold()))


class NearIndex:
    """Finds the text that a new one nearly repeats; texts with other numbers are never the same.

    Exact for Jaccard over runs of four letters: two sets that are at least NEAR alike share one of the first
    `n - ceil(NEAR n) + 1` runs of either in a fixed order (prefix filter; Bayardo, Ma and Srikant 2007), so
    only texts that do are compared.
    """

    def __init__(self, near: float = NEAR) -> None:
        self._near = near
        self._runs: dict[str, frozenset[bytes]] = {}
        self._numbers: dict[str, tuple[str, ...]] = {}
        self._prefixes: dict[bytes, list[str]] = defaultdict(list)

    def add(self, name: str, text: str) -> None:
        """Remember a text."""
        runs = _runs(text)
        if name in self._runs:
            return
        self._runs[name] = runs
        self._numbers[name] = _numbers(text)
        for run in self._prefix(runs):
            self._prefixes[run].append(name)

    def find(self, text: str) -> str | None:
        """The most alike of the texts that are near; of equally alike ones the first by name."""
        runs, numbers = _runs(text), _numbers(text)
        candidates = {name for run in self._prefix(runs) for name in self._prefixes.get(run, ())}
        best: tuple[float, str] | None = None
        for name in sorted(candidates):
            if self._numbers[name] != numbers:
                continue
            share = _jaccard(runs, self._runs[name])
            if share >= self._near and (best is None or share > best[0]):
                best = (share, name)
        return None if best is None else best[1]

    def _prefix(self, runs: frozenset[bytes]) -> list[bytes]:
        length = len(runs) - math.ceil(self._near * len(runs)) + 1
        return sorted(runs)[:length]


def _runs(text: str) -> frozenset[bytes]:
    plain = f" {normalised(text)} "
    count = max(1, len(plain) - _RUN + 1)
    # Hashed, so that the order of runs has nothing to do with the alphabet and common ones are spread.
    return frozenset(
        blake2b(plain[place : place + _RUN].encode(), digest_size=8).digest() for place in range(count)
    )


def _numbers(text: str) -> tuple[str, ...]:
    return tuple(_NUMBERS.findall(normalised(text)))


def _jaccard(one: frozenset[bytes], two: frozenset[bytes]) -> float:
    common = len(one & two)
    return common / (len(one) + len(two) - common) if common else 0.0
