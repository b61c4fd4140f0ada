"""What a turn of the loop works with; the workspace puts it together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

if TYPE_CHECKING:
    from headrace.flows.releases.operations import ReleaseOperations
    from headrace.ledger.ledger import Ledger
    from headrace.records.sync import SyncReport

Outcome = Literal["done", "waiting", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepOutcome:
    """How a step ended."""

    state: Outcome
    """Waiting: a person must decide before the turn goes on."""
    reason: str = ""
    """What is to be decided, or what went wrong."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """JSON values for the report: ids and counts, never content."""


@runtime_checkable
class LoopStep(Protocol):
    """A step that another room gives: curation of traces, or evaluation.

    class Drafts:
        def inputs(self):
            return {"traces": newest_trace()}

        def run(self):
            return StepOutcome(state="waiting", reason="3 drafts wait for review")
    """

    def inputs(self) -> Mapping[str, Any]:
        """What its result depends on, as JSON values; with the same inputs it is not run again."""
        ...

    def run(self) -> StepOutcome:
        """Do it. What was done before a kill is not done twice: that is up to the step."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopParts:
    """Operations and stores of one workspace."""

    ledger: Ledger
    environment: str
    corpora: Sequence[str]
    sync: Callable[[str], SyncReport]
    releases: ReleaseOperations
    curate: LoopStep | None
    """None where no room curates: the report says so."""
    evaluate: LoopStep | None
    """None where no room evaluates beside the suites of releases."""
    actor: str
