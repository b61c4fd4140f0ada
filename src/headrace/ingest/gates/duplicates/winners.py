"""Who wins among near duplicates: a function of the documents alone, never of the order they came in."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What decides between two near duplicates, in this order; then the URI that sorts first wins."""

    authority: int = 0
    """Of its source: a larger number wins."""
    modified_at_us: int = 0
    """When it changed: the fresher one wins; 0 where its source does not say."""

    def order(self, document: str) -> tuple[int, int, str]:
        """Smaller wins."""
        return (-self.authority, -self.modified_at_us, document)


Key = TypeVar("Key", bound=Hashable)


def winners(
    members: Iterable[Key], neighbours: Mapping[Key, Collection[Key]], order: Callable[[Key], Any]
) -> dict[Key, Key]:
    """The winner of each content: itself, or the best winner it is a near duplicate of.

    The best comes first and wins; whoever is alike to a winner yields to the best such one. So a chain (a
    like b, b like c, a unlike c) never loses c to a, which it does not resemble.
    """
    chosen: dict[Key, Key] = {}
    for member in sorted(members, key=order):
        above = [other for other in neighbours.get(member, ()) if chosen.get(other) == other]
        chosen[member] = min(above, key=order) if above else member
    return chosen
