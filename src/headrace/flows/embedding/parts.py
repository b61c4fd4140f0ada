"""What the operations on embedding runs work with; the workspace puts it together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headrace.infer.embedders.watch import Watch
    from headrace.ledger.ledger import Ledger
    from headrace.records.sync import SyncReport


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingParts:
    """The ledger, and how to get at the embedders and syncs of a corpus."""

    ledger: Ledger
    corpora: Callable[[str | None], Sequence[str]]
    """The corpus of that name, or all. Raises NotFoundError."""
    watches: Callable[[str], Sequence[Watch]]
    """Those of the embedders of a corpus: the configured one, and the one that serves where that differs."""
    retry: Callable[[str], SyncReport]
    """A sync of a corpus that sends refused texts again."""
