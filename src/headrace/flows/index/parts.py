"""What the index operations work with; the workspace puts it together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headrace.ingest.sync.context import SyncContext


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexParts:
    """Stores and makers of one workspace; what costs to open is a callable."""

    corpus: Callable[[str | None], str]
    """The corpus of a name, or the only one. Raises NotFoundError, UsageError."""
    context: Callable[[str], SyncContext]
    """What a sync of a corpus works with, as configured."""
