"""What LLM steps did in a run, or would do, as its report says it."""

from __future__ import annotations

from headrace.ingest.steps.running import Stepping
from headrace.records.steps import StepCount
from headrace.records.sync import Spend


def withheld(stepping: Stepping | None) -> str:
    """Why outputs wait for a decision, how many documents that leaves, and how to go on; else empty."""
    if stepping is None or stepping.decision is None:
        return ""
    return f"{stepping.decision.message} {_served(stepping)} {stepping.decision.hint}"


def outages(stepping: Stepping | None) -> tuple[str, ...]:
    """A warning where outputs wait for a provider."""
    if stepping is None or not stepping.outage:
        return ()
    return (f"{_served(stepping)} The next sync asks again. {stepping.outage}",)


def counts(stepping: Stepping | None) -> dict[str, StepCount]:
    """What each step did."""
    return {} if stepping is None else dict(stepping.counts)


def spent(stepping: Stepping | None) -> Spend:
    """What the calls of a run took, or are estimated to take, of its budget."""
    if stepping is None:
        return Spend()
    given = stepping.counts.values()
    costs = [count.cost_micro for count in given]
    cost = None if None in costs else sum(value for value in costs if value is not None)
    return Spend(
        tokens=sum(count.input_tokens + count.output_tokens for count in given),
        cost_micro=cost,
        currency=next((count.currency for count in given if count.currency), ""),
        budget=str(stepping.spending.budget),
    )


def over_budget(stepping: Stepping | None) -> str:
    """Why the steps of a sync would stop before their end; empty where they would not."""
    spend = spent(stepping)
    if stepping is None or stepping.spending.fits(spend.tokens or 0, spend.cost_micro):
        return ""
    return (
        f"steps would stop at their budget of a run, {spend.budget}: they need {spend.tokens or 0:,} tokens"
    )


def _served(stepping: Stepping) -> str:
    number = len(stepping.waiting)
    return f"{number:,} document{'s are' if number != 1 else ' is'} served without what steps write."
