"""What curation works with, and where its drafts go."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from headrace.curate.curation.config import CurateConfig
from headrace.records.datasets import RowInput
from headrace.records.golden import CaseInput

if TYPE_CHECKING:
    from headrace.ledger.erasure.keyring import Keyring
    from headrace.ledger.events.base import EventStore
    from headrace.ledger.ledger import Ledger
    from headrace.observe.signals.parts import SignalParts
    from headrace.privacy.engine import Engine


@runtime_checkable
class CaseSink(Protocol):
    """Takes accepted cases into golden sets; the same key twice is one case.

    class Golden:
        def add(self, golden: str, cases: Sequence[CaseInput]) -> Sequence[str]:
            return [self.sets[golden].put(case.key, case) for case in cases]
    """

    def add(self, golden: str, cases: Sequence[CaseInput]) -> Sequence[str]:
        """Add cases to a golden set; returns their ids, in order."""
        ...


@runtime_checkable
class RowSink(Protocol):
    """Takes accepted rows into datasets; the same key twice is one row."""

    def add(self, dataset: str, rows: Sequence[RowInput]) -> Sequence[str]:
        """Add rows to a dataset; returns their ids, in order."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CurationParts:
    """The stores, the rules, and where accepted drafts go."""

    ledger: Ledger
    events: EventStore
    signals: SignalParts
    keyring: Keyring
    engine: Callable[[], Engine]
    """Takes personal data out of what is drafted, whatever the traces hold."""
    actor: str
    window_us: int
    """How far back traces are looked at."""
    period_us: int
    """Of each such period a sample is drawn."""
    config: CurateConfig = field(default_factory=CurateConfig)
    anonymous_training: bool = False
    """Whether traces of which no user is known may become training rows (`[traces]`)."""
    cases: CaseSink | None = None
    """None while there is no golden set: accepted cases wait in the queue."""
    rows: RowSink | None = None
    """None while there is no dataset: accepted rows wait in the queue."""
