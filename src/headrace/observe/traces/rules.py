"""How long traces are kept, and for what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple


class KeepFor(NamedTuple):
    """How long traces of one service, prompt or corpus are kept."""

    hot_days: int
    cold_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepRules:
    """How long spans stay where."""

    hot_days: int
    """In the event store; then they move to files."""
    cold_days: int
    """Since they ended, in all."""
    then: Literal["delete", "archive"]
    """What comes after: `archive` keeps the files and no longer reads them."""
    special: Mapping[tuple[str, str], KeepFor] = field(default_factory=dict)
    """By kind (service, prompt, corpus) and name: rules for these alone."""

    def of(self, features: Iterable[tuple[str, str]]) -> KeepFor:
        """The rule for a trace of these services, prompts and corpora: the longest that names one."""
        named = [self.special[feature] for feature in features if feature in self.special]
        if not named:
            return KeepFor(self.hot_days, self.cold_days)
        return KeepFor(max(rule.hot_days for rule in named), max(rule.cold_days for rule in named))

    @property
    def shortest_hot(self) -> int:
        """Days after which the first spans may move."""
        return min([self.hot_days, *(rule.hot_days for rule in self.special.values())])

    @property
    def shortest_cold(self) -> int:
        """Days after which the first spans may go."""
        return min([self.cold_days, *(rule.cold_days for rule in self.special.values())])
