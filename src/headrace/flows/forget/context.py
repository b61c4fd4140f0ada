"""What forgetting works with; the workspace puts it together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from headrace.ledger import leases
from headrace.ledger.erasers import Eraser
from headrace.ledger.erasure.journal import Journal
from headrace.ledger.erasure.keyring import Keyring
from headrace.ledger.erasure.scanning import Places

if TYPE_CHECKING:
    from headrace.ingest.index.generation import IndexConfig
    from headrace.ledger.blobs import Blobs
    from headrace.ledger.events.base import EventStore
    from headrace.ledger.leases import Lease
    from headrace.ledger.ledger import Ledger
    from headrace.observe.features.online.base import OnlineStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """Copies of the workspace that are made elsewhere and end by themselves."""

    name: str
    keep_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetContext:
    """One workspace with everything that forgetting needs."""

    ledger: Ledger
    events: EventStore
    blobs: Blobs
    online: Callable[[], OnlineStore]
    """Opens the store of features."""
    keyring: Keyring
    journal: Journal
    corpora: Sequence[str]
    actor: str
    index: str
    """Folder of the index."""
    pages: Path
    """Folder with the state of web sources."""
    certificates: Path
    places: Callable[[], Places]
    index_config: IndexConfig
    subject_field: str
    hidden_us: int
    """How long a hidden document can be shown again."""
    reader_wait_seconds: float
    backups: Sequence[Backup]
    unscanned: Sequence[str] = ()
    """Stores on other machines, through which no scan can look."""
    lease_wait_seconds: float = 600.0
    more_erasers: Callable[[], Sequence[Eraser]] = tuple
    """Of stores that the workspace opens for itself."""

    @contextmanager
    def locked(self) -> Iterator[Mapping[str, Lease]]:
        """Hold the lease of every corpus, always in the same order, so that nobody writes meanwhile."""
        with ExitStack() as stack:
            yield {
                name: stack.enter_context(
                    leases.held(self.ledger, f"corpus/{name}", wait_seconds=self.lease_wait_seconds)
                )
                for name in sorted(self.corpora)
            }
