"""Forgetting in the vectors of questions: all of them go, and are made again when they are needed."""

from __future__ import annotations

from pathlib import Path

from headrace.curate.coverage.vectors import FOLDER, drop_vectors
from headrace.ledger.erasers import covers
from headrace.ledger.erasure.scope import Scope

NAME = "queries"

covers(NAME, f"folder:index/{FOLDER}")


class QueryEraser:
    """A vector does not tell whose question it was, so every one goes."""

    name = NAME
    opens_all = True

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def find(self, scope: Scope) -> int:
        """Files of vectors."""
        if self._folder is None or not (self._folder / FOLDER).is_dir():
            return 0
        return sum(path.is_file() for path in (self._folder / FOLDER).rglob("*"))

    def erase(self, scope: Scope) -> int:
        """Delete them."""
        return 0 if self._folder is None else drop_vectors(self._folder)

    def clean(self, scope: Scope) -> None:
        """Nothing is left."""
