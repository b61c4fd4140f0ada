"""Rerankers: reorder the best hits by reading query and text together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable


@runtime_checkable
class Reranker(Protocol):
    """Scores texts against a query, higher is better.

    Example::

        class Shortest:
            def __call__(self, query: str, texts: Sequence[str]) -> list[float]:
                return [-len(text) for text in texts]
    """

    def __call__(self, query: str, texts: Sequence[str]) -> list[float]: ...
