"""What the operations on evals work with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from headrace.curate.evals.base import Scorer, Target
    from headrace.curate.evals.suite import EvalsConfig, Suite
    from headrace.ledger.ledger import Ledger
    from headrace.privacy.engine import Engine


@dataclass(frozen=True, slots=True, kw_only=True)
class EvalParts:
    """The ledger, the suites, and how targets and scorers are opened."""

    ledger: Ledger
    config: EvalsConfig
    engine: Callable[[], Engine] | None
    """Takes personal data out of outputs; None where `[privacy] redact_events` is off."""
    target: Callable[[Suite], Target]
    """Opens the target of a suite. Raises UsageError, ConfigError."""
    scorers: Callable[[Suite], Sequence[Scorer]]
    """Opens its scorers. Raises ConfigError."""
    root: Path
    actor: str
