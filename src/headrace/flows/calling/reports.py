"""Outcomes of calls as the doors give them back."""

from __future__ import annotations

from headrace.infer.gateway.outcome import Attempt, CallOutcome
from headrace.records.calls import AttemptReport, CallReport


def report_of(outcome: CallOutcome) -> CallReport:
    """An outcome in the form of the doors."""
    return CallReport(
        output=outcome.output,
        record=outcome.record,
        trace_id=outcome.trace_id,
        attempts=[_attempt(attempt) for attempt in outcome.attempts],
        release=outcome.release,
        cached=outcome.cached,
        tool_calls=outcome.choices[0].tool_calls if outcome.choices else (),
        model=outcome.model,
        cost=outcome.usage.cost_micro,
        currency=outcome.usage.currency,
        dead_letter=outcome.dead_letter,
        reason=outcome.reason,
        warnings=outcome.warnings,
    )


def _attempt(attempt: Attempt) -> AttemptReport:
    return AttemptReport(
        kind=attempt.kind,
        valid=attempt.valid,
        errors=[{"path": problem.path, "message": problem.message} for problem in attempt.errors],
        tokens=attempt.tokens,
        cost=attempt.cost_micro,
        ms=attempt.ms,
        model=attempt.model,
        repair=attempt.repair,
    )
