"""What the operations on steps work with; the workspace puts it together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.ingest.parsing.pool import ParsePool
    from headrace.ingest.steps.asking import Asker
    from headrace.ingest.steps.outputs import Opened
    from headrace.ledger.ledger import Ledger
    from headrace.records.sync import SyncReport


@dataclass(frozen=True, slots=True, kw_only=True)
class StepParts:
    """The ledger, and how steps are opened and run."""

    ledger: Ledger
    corpora: Callable[[str | None], Sequence[str]]
    """The corpus of a name, or all. Raises NotFoundError."""
    corpus: Callable[[str | None], str]
    """The corpus of a name, or the only one. Raises NotFoundError, UsageError."""
    serving: Callable[[Connection, str], str | None]
    """The generation of a corpus that serves."""
    opened: Callable[[str], Sequence[Opened]]
    """The steps that a corpus declares. Raises ConfigError."""
    asker: Callable[[str], Asker]
    """What calls models outside of a sync, without a budget."""
    parser: Callable[[], ParsePool]
    retry: Callable[[str, frozenset[str]], SyncReport]
    """A sync of a corpus that asks again for what these steps failed at."""
