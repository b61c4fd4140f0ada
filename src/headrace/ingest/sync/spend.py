"""What a run spends, as its report says it."""

from __future__ import annotations

from headrace.infer.embedders.budget import Spending
from headrace.records.sync import Spend


def spend(spending: Spending, tokens: int) -> Spend:
    """The record of so many tokens under a run's price and budget."""
    cost = spending.cost_micro(tokens)
    return Spend(
        tokens=tokens if spending.counts else None,
        cost_micro=cost,
        currency=spending.currency if cost else "",
        budget=str(spending.budget),
    )


def over_budget(spending: Spending, tokens: int) -> str:
    """Why a sync would stop before its end; empty where it would not."""
    if spending.fits(tokens):
        return ""
    return f"a sync would stop at the budget of a run, {spending.budget}: it needs {tokens:,} tokens"
