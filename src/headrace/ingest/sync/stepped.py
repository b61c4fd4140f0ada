"""What models were asked for in a run, by LLM steps and by gates, or would be, as its report says it."""

from __future__ import annotations

from collections.abc import Sequence

from headrace.ingest.steps.judging import Judging
from headrace.ingest.steps.outputs import Outputs
from headrace.records.steps import StepCount
from headrace.records.sync import Spend

Asking = Sequence[Outputs]
"""The gates with a model, and the steps; both spend of one budget."""


def withheld(asking: Asking) -> str:
    """Why outputs wait for a decision, how many documents that leaves, and how to go on; else empty."""
    said = [item for item in asking if item.decision is not None]
    if not said:
        return ""
    decision = said[0].decision
    assert decision is not None
    return " ".join((decision.message, *map(_without, said), decision.hint or "")).rstrip()


def outages(asking: Asking) -> tuple[str, ...]:
    """A warning where outputs wait for a provider."""
    return tuple(
        f"{_without(item)} The next sync asks again. {item.outage}" for item in asking if item.outage
    )


def counts(asking: Asking) -> dict[str, StepCount]:
    """What each step did, and each gate with a model, as `gate:NAME`."""
    return {name: count for item in asking for name, count in item.counts.items()}


def spent(asking: Asking) -> Spend:
    """What the calls of a run took, or are estimated to take, of its budget."""
    if not asking:
        return Spend()
    given = counts(asking).values()
    costs = [count.cost_micro for count in given]
    cost = None if None in costs else sum(value for value in costs if value is not None)
    return Spend(
        tokens=sum(count.input_tokens + count.output_tokens for count in given),
        cost_micro=cost,
        currency=next((count.currency for count in given if count.currency), ""),
        budget=str(asking[0].spending.budget),
    )


def over_budget(asking: Asking) -> str:
    """Why the calls of a sync would stop before their end; empty where they would not."""
    spend = spent(asking)
    if not asking or asking[0].spending.fits(spend.tokens or 0, spend.cost_micro):
        return ""
    return (
        f"steps would stop at their budget of a run, {asking[0].spending.budget}: "
        f"they need {spend.tokens or 0:,} tokens"
    )


def _without(item: Outputs) -> str:
    number = len(item.waiting)
    documents = f"{number:,} document{'s are' if number != 1 else ' is'}"
    if isinstance(item, Judging):
        return f"{documents} not judged by the model of a gate."
    return f"{documents} served without what steps write."
