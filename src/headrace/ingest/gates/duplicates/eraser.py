"""Forgetting in a store of signatures: those of contents that no other document has."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path

from headrace.ingest.gates.duplicates.store import SignatureStore
from headrace.ledger.erasers import covers
from headrace.ledger.erasure.scope import Scope
from headrace.ledger.failpoints import declare, fire

FOLDER = "signatures"
_REWRITTEN = declare("duplicates.signatures_erased")

covers(FOLDER, "folder:index/signatures")


class SignatureEraser:
    """Erases from the store of one corpus. Signatures that no document has any more go too."""

    def __init__(self, folder: Path, *, kept: Callable[[Scope], Collection[str]]) -> None:
        """`kept` gives the contents that documents outside a scope have."""
        self.name = f"{FOLDER}/{folder.parent.name}"
        self._folder = folder
        self._kept = kept

    def find(self, scope: Scope) -> int:
        """Signatures that would go."""
        return SignatureStore(self._folder, writable=False).lacking(self._kept(scope))

    def erase(self, scope: Scope) -> int:
        """Write the others anew and remove the files that held them all."""
        count = SignatureStore(self._folder).compact(self._kept(scope))
        fire(_REWRITTEN)
        return count

    def clean(self, scope: Scope) -> None:
        """Nothing is left: the files were removed."""


def signature_folders(index: str) -> list[Path]:
    """The stores below the folder of an index, one for each corpus and way of signing."""
    return sorted(path for path in (Path(index) / FOLDER).glob("*/*") if path.is_dir())
