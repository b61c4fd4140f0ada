"""Forgetting in the page cache: bodies of web pages and what is remembered of their addresses."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from pathlib import Path

from headrace.ledger.blobs import KIND, Blobs
from headrace.ledger.erasers import covers
from headrace.ledger.erasure.canaries import encoded
from headrace.ledger.erasure.scope import Scope
from headrace.ledger.failpoints import declare, fire

NAME = "pages"
_DELETED = declare("erase.pages_deleted")

covers(NAME, "folder:blobs", "folder:web")


class PageEraser:
    """Erases bodies from the blobs, and addresses from the state of web sources."""

    name = NAME

    def __init__(self, blobs: Blobs, state: Path) -> None:
        self._blobs = blobs
        self._state = state

    def find(self, scope: Scope) -> int:
        """Bodies and addresses."""
        return len(self._bodies(scope)) + sum(self._count(path, scope) for path in self._files())

    def erase(self, scope: Scope) -> int:
        """Remove them."""
        bodies = self._bodies(scope)
        addresses = sum(self._count(path, scope) for path in self._files())
        for body in bodies:
            self._blobs.delete(body)
            fire(_DELETED)
        for path in self._files():
            self._delete(path, [target.uri for target in scope.targets], bodies)
        return len(bodies) + addresses

    def clean(self, scope: Scope) -> None:
        """Nothing is left: bodies are files, and the state is rewritten when it is erased from."""

    def drop(self, uris: Sequence[str]) -> None:
        """Remove what a listing cached of pages that stay out."""
        for path in self._files():
            bodies = {blob for url, blob in _answers(path) if url in set(uris)}
            shared = {blob for url, blob in _answers(path) if url not in set(uris)}
            for body in bodies - shared:
                self._blobs.delete(body)
            if bodies:
                self._delete(path, uris, bodies - shared)

    def _bodies(self, scope: Scope) -> list[str]:
        spare = set(scope.spare_content)
        named = {
            f"{KIND}_{revision.partition('_')[2]}" for revision in scope.revisions if revision not in spare
        }
        uris = {target.uri for target in scope.targets}
        other = {blob for path in self._files() for url, blob in _answers(path) if url not in uris} - named
        needles = [data for text in scope.texts for data in encoded(text)]
        return [
            name
            for name in self._blobs.names()
            if name in named
            or (name not in other and any(needle in self._blobs.get(name) for needle in needles))
        ]

    def _count(self, path: Path, scope: Scope) -> int:
        uris = {target.uri for target in scope.targets}
        return sum(1 for url, _ in _answers(path) if url in uris)

    def _delete(self, path: Path, uris: Collection[str], bodies: Collection[str]) -> None:
        with closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as state:
            state.execute("PRAGMA secure_delete = ON")
            before = state.total_changes
            state.executemany("DELETE FROM answer WHERE url = ?", [(uri,) for uri in uris])
            state.executemany("DELETE FROM answer WHERE blob = ?", [(body,) for body in bodies])
            if state.total_changes > before:
                state.execute("VACUUM")

    def _files(self) -> Iterator[Path]:
        return self._state.glob("*.sqlite")


def _answers(path: Path) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(path, timeout=30)) as state:
        return list(state.execute("SELECT url, blob FROM answer"))
