"""`loop run`: one turn, step by step; each finished step is on record, so that a killed turn goes on."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeVar

from headrace.errors import HeadraceError, StorageError
from headrace.flows.loop.parts import Outcome, StepOutcome
from headrace.flows.loop.steps import Step, steps_of
from headrace.ledger import leases, loop_turns
from headrace.ledger.failpoints import declare, fire
from headrace.ledger.identity import digest
from headrace.records.loop import LoopReport, LoopStepReport
from headrace.records.times import rfc3339_exact

if TYPE_CHECKING:
    from headrace.flows.loop.parts import LoopParts
    from headrace.ledger.leases import Lease
    from headrace.ledger.ledger import Write
    from headrace.ledger.loop_turns import StepRow, StepState, Turn, TurnState

T = TypeVar("T")

_BEGUN = declare("loop.begun")
_BEFORE = declare("loop.before_step")
_AFTER = declare("loop.after_step")
_ENDING = declare("loop.before_end")

_STATES: Mapping[str, TurnState] = {"waiting": "waiting", "failed": "failed"}


def run(parts: LoopParts, *, to: str | None = None) -> LoopReport:
    """Documents, cases, evaluation, release, check, promotion; stops where a step waits or fails.

    A turn that was cut off goes on after its last finished step. Raises LeaseHeld while another runs.
    """
    with leases.held(parts.ledger, f"loop/{parts.environment}") as lease:
        return _Running(parts, lease, to or parts.environment).report()


class _Running:
    """One turn under its lease."""

    def __init__(self, parts: LoopParts, lease: Lease, to: str) -> None:
        self._parts = parts
        self._lease = lease
        self._to = to
        with parts.ledger.read() as conn:
            before = loop_turns.last(conn, parts.environment)
        self._resumed = before is not None and before.state == "running"
        self._turn: Turn = self._write(lambda tx: loop_turns.begin(tx, parts.environment, actor=parts.actor))
        fire(_BEGUN)
        self._reports: dict[str, Mapping[str, object]] = {}
        self._steps: list[LoopStepReport] = []

    def report(self) -> LoopReport:
        """Take the steps that are left, and say how all of them ended."""
        state: TurnState = "done"
        with self._parts.ledger.read() as conn:
            finished = loop_turns.steps(conn, self._turn.id)
        for step in steps_of(self._parts, self._turn.id, to=self._to):
            if state != "done":
                self._steps.append(LoopStepReport(step=step.name, state="unreached"))
                continue
            row, seconds, again = self._step(step, finished.get(step.name))
            self._reports[step.name] = row.report.get("facts", {})
            state = _STATES.get(row.state, "done")
            self._steps.append(
                LoopStepReport(
                    step=step.name,
                    state=row.state,
                    reason=row.report.get("reason", ""),
                    facts=row.report.get("facts", {}),
                    seconds=round(seconds, 3),
                    before_a_kill=again,
                )
            )
        fire(_ENDING)
        self._write(lambda tx: loop_turns.finish(tx, self._turn.id, state))
        release = self._reports.get("release", {}).get("release")
        return LoopReport(
            environment=self._parts.environment,
            to=self._to,
            turn=self._turn.number,
            id=self._turn.id,
            state=state,
            resumed=self._resumed,
            started_at=rfc3339_exact(self._turn.started_at_us),
            release=None if release is None else str(release),
            steps=self._steps,
        )

    def _step(self, step: Step, finished: StepRow | None) -> tuple[StepRow, float, bool]:
        """What a step did, how long it took, and whether it had done so before the turn was cut off."""
        began = time.perf_counter()
        if step.absent:
            nothing = StepOutcome(state="done", reason=step.absent)
            return self._keep(step, "", "absent", nothing), 0.0, False
        fire(_BEFORE)
        try:
            inputs = digest("inputs", {"step": step.name, **step.inputs(self._reports)})
            if finished is not None and finished.inputs == inputs:
                return finished, 0.0, True
            known = self._known(step, inputs)
            if known is not None:
                facts = dict(known.report.get("facts", {}))
                same = StepOutcome(
                    state="done", reason="as in an earlier turn, with the same inputs", facts=facts
                )
                return self._keep(step, inputs, "same", same), time.perf_counter() - began, False
            outcome = step.run(self._reports)
        except StorageError:
            # The ledger cannot be relied on, or the lease is lost: nothing can be recorded either.
            raise
        except HeadraceError as error:
            inputs = digest("inputs", {"step": step.name, "failed": error.type})
            ended: Outcome = "waiting" if error.exit_code == 3 else "failed"
            outcome = StepOutcome(state=ended, reason=error.message, facts={"error": error.type})
        row = self._keep(step, inputs, outcome.state, outcome)
        return row, time.perf_counter() - began, False

    def _known(self, step: Step, inputs: str) -> StepRow | None:
        if step.repeats:
            return None
        with self._parts.ledger.read() as conn:
            return loop_turns.earlier(conn, self._parts.environment, step.name, inputs)

    def _keep(self, step: Step, inputs: str, state: StepState, outcome: StepOutcome) -> StepRow:
        report = {"reason": outcome.reason, "facts": dict(outcome.facts)}
        row = self._write(
            lambda tx: loop_turns.finish_step(
                tx, self._turn.id, step.name, inputs=inputs, state=state, report=report
            )
        )
        fire(_AFTER)
        return row

    def _write(self, work: Callable[[Write], T]) -> T:
        """Write under the lease: a turn that lost it records nothing more."""

        def fenced(tx: Write) -> T:
            leases.check(tx, self._lease)
            return work(tx)

        return self._parts.ledger.write(fenced)
