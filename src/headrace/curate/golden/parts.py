"""What the operations on golden sets work with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    from headrace.ledger.ledger import Ledger
    from headrace.privacy.engine import Engine

DEFAULT_SET = "main"
"""The set of whoever names none."""


class TracedAnswer(NamedTuple):
    """One answer of production."""

    trace_id: str
    question: str
    answer: str
    subject: str | None
    """Keyed hash of the user."""
    documents: tuple[str, ...]
    """URIs that it cited."""


class TraceSource(Protocol):
    """Gives answers of production.

    class Traces:
        def answered(self, since_ns: int, until_ns: int) -> Sequence[str]: ...
        def load(self, trace_ids: Sequence[str]) -> Sequence[TracedAnswer]: ...
    """

    def answered(self, since_ns: int, until_ns: int) -> Sequence[str]:
        """Traces that answered somebody in a time, those of evals left out."""
        ...

    def load(self, trace_ids: Sequence[str]) -> Sequence[TracedAnswer]:
        """These answers, in their order; what is gone is left out."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldenParts:
    """The ledger, what takes personal data out, and where samples come from."""

    ledger: Ledger
    engine: Callable[[], Engine] | None
    """None where `[privacy] redact_events` is off."""
    traces: TraceSource
    root: Path
    actor: str
