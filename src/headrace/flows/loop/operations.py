"""`workspace.loop`: the operations on the loop, one call each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headrace.flows.loop.parts import LoopParts
    from headrace.records.loop import LoopReport


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopOperations:
    """What can be done with the loop of a workspace."""

    parts: LoopParts

    def run(self, *, to: str | None = None) -> LoopReport:
        """One turn: sync, curate, eval, release, check, and promotion to an environment where all passed.

        It stops where a person must decide. One that was cut off goes on where it was; what an earlier turn
        did with the same inputs is not done again. Raises LeaseHeld while another runs.
        """
        from headrace.flows.loop.turn import run

        return run(self.parts, to=to)
