"""What the index operations work with; the workspace puts it together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from headrace.flows.probing import ProbeParts
    from headrace.infer.embedders.base import Embedder
    from headrace.ingest.sync.context import SyncContext
    from headrace.ledger.events.base import EventStore
    from headrace.ledger.generations import Generation
    from headrace.ledger.ledger import Ledger
    from headrace.ship.releases import Releases


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexParts:
    """Stores and makers of one workspace; what costs to open is a callable."""

    ledger: Ledger
    releases: Releases
    root: Path
    """The folder of the workspace."""
    corpus: Callable[[str | None], str]
    """The corpus of a name, or the only one. Raises NotFoundError, UsageError."""
    context: Callable[[str], SyncContext]
    """What a sync of a corpus works with, as configured."""
    recipe: Callable[[str, Mapping[str, str]], Mapping[str, Any]]
    """The configured recipe of a corpus with some keys given otherwise, as text. Raises UsageError."""
    embedder: Callable[[Generation], Embedder]
    """The embedder that built a generation. Raises VectorMismatch."""
    events: Callable[[], EventStore]
    pool: Callable[[], ThreadPoolExecutor]
    probing: Callable[[], ProbeParts]
    """How to ask for known answers."""
    golden: Path | None
    """A file of questions with the documents that answer them."""
    keep_retired: timedelta
    """How long a retired generation is kept in step."""
