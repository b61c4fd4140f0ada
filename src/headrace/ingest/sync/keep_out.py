"""What a sync has to do with forgetting: finish what was begun, and keep out what was forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.ledger.erasure.suppressions import Suppressed


class KeepOut(Protocol):
    """The part of forgetting that a sync calls."""

    def recover(self) -> None:
        """Finish erasures that were interrupted, are due, or were undone by a restored backup."""
        ...

    def suppressed(self, conn: Connection) -> Suppressed:
        """What stays out although a source lists it."""
        ...

    def drop(self, uris: Sequence[str]) -> None:
        """Remove what listing left in caches of documents that stay out."""
        ...
