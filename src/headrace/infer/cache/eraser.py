"""Takes the outputs that come from forgotten documents, or were for forgotten users, out of the cache."""

from __future__ import annotations

from collections.abc import Callable

from headrace.infer.cache.base import CacheStore
from headrace.infer.cache.sealing import Sealing
from headrace.ledger.erasers import covers
from headrace.ledger.erasure.scope import Scope

NAME = "cache"

covers(NAME, "folder:online.sqlite")


class CacheEraser:
    """Erases whole outputs, by the keyed names of what they come from."""

    name = NAME

    def __init__(self, store: Callable[[], CacheStore | None], sealing: Callable[[], Sealing]) -> None:
        """`store` is None where no cache was ever made."""
        self._store = store
        self._sealing = sealing

    def find(self, scope: Scope) -> int:
        """Outputs that go."""
        store = self._store()
        return 0 if store is None else len(store.tied(self._ties(scope)))

    def erase(self, scope: Scope) -> int:
        """Take them out."""
        store = self._store()
        return 0 if store is None else store.remove(store.tied(self._ties(scope)))

    def clean(self, scope: Scope) -> None:
        """Leave nothing of them in logs and free pages."""
        store = self._store()
        if store is not None:
            store.clean()

    def _ties(self, scope: Scope) -> list[str]:
        sealing = self._sealing()
        documents = [sealing.document(target.corpus, target.uri) for target in scope.targets]
        return [*documents, *scope.subjects]
