"""The steps of a turn that other rooms give: drafts made of traces, and eval suites."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from headrace.flows.loop.parts import StepOutcome

if TYPE_CHECKING:
    from headrace.curate.evals.operations import EvalOperations
    from headrace.flows.curation.operations import CurationOperations


@dataclass(frozen=True, slots=True, kw_only=True)
class CurateStep:
    """`curate run`. Drafts that wait hold up nobody: they are counted."""

    curation: CurationOperations

    def inputs(self) -> Mapping[str, Any]:
        """The time: traces and signals arrive all the while, and a run without news is short."""
        return {"at_us": time.time_ns() // 1000}

    def run(self) -> StepOutcome:
        """Draft, and hand over what was accepted."""
        report = self.curation.run()
        facts = {
            "run": report.run,
            "looked": report.looked,
            "new": report.items,
            "delivered": report.delivered,
            "waiting": report.waiting,
        }
        return StepOutcome(state="done", facts=facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class EvalStep:
    """`eval run` of the suites that no release has to pass; those that one has to are run by its check."""

    evals: EvalOperations
    suites: Sequence[str]
    state: Callable[[], Mapping[str, Any]]
    """Golden sets, releases and snapshots: with the same ones every output is known."""

    def inputs(self) -> Mapping[str, Any]:
        """What its result depends on."""
        return {"suites": list(self.suites), **self.state()}

    def run(self) -> StepOutcome:
        """Run them; a budget that is used up waits for somebody."""
        reports = {suite: self.evals.run(suite) for suite in self.suites}
        facts = {
            suite: {"run": report.run, "metrics": {name: item.mean for name, item in report.metrics.items()}}
            for suite, report in reports.items()
        }
        halted = [suite for suite, report in reports.items() if report.state != "done"]
        if halted:
            reason = f"not finished: {', '.join(halted)}; a larger budget goes on"
            return StepOutcome(state="waiting", reason=reason, facts=facts)
        return StepOutcome(state="done", facts=facts)
