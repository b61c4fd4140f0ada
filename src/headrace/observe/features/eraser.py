"""Forgetting in the online store: rows of an entity whose subject is forgotten."""

from __future__ import annotations

from collections.abc import Callable

from headrace.ledger.erasure.scope import Scope
from headrace.observe.features.online.base import OnlineStore

NAME = "features"


class FeatureEraser:
    """Takes out the rows of subjects. What is not opened yet is opened only for them."""

    name = NAME
    opens_all = True

    def __init__(self, store: Callable[[], OnlineStore]) -> None:
        self._store = store

    def find(self, scope: Scope) -> int:
        """How many rows there are."""
        return self._store().find(scope.entities) if scope.entities else 0

    def erase(self, scope: Scope) -> int:
        """Take them out."""
        return self._store().erase(scope.entities) if scope.entities else 0

    def clean(self, scope: Scope) -> None:
        """Empty the log of the store."""
        if scope.entities:
            self._store().clean()
