"""What a turn of the loop did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopStepReport:
    """One step of a turn."""

    step: str
    """sync, curate, eval, release, check or promote."""
    state: Literal["done", "same", "absent", "waiting", "failed", "unreached"]
    """Same: an earlier turn did it with the same inputs. Absent: there is nothing that does it here."""
    reason: str = ""
    """What is to be decided, what went wrong, or why it is absent."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What it did: ids and counts."""
    seconds: float = 0.0
    """How long it took."""
    before_a_kill: bool = False
    """Whether it was done before the turn was cut off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopReport:
    """One turn of the loop."""

    environment: str
    """Of the workspace."""
    to: str
    """Where a release that passes is promoted to."""
    turn: int
    """1 is the first."""
    id: str
    """Its name in the ledger."""
    state: Literal["running", "done", "waiting", "failed"]
    """Waiting: a person must decide."""
    resumed: bool
    """Whether it had been cut off."""
    started_at: str
    """When it began, in UTC."""
    release: str | None
    """What it made; None where it did not come so far."""
    steps: Sequence[LoopStepReport]
    """In their order."""
