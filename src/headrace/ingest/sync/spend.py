"""What a run spends, as its report says it."""

from __future__ import annotations

from headrace.infer.embedders.budget import Spending
from headrace.records.sync import Spend


def spent(spending: Spending) -> Spend:
    """What a run has spent so far."""
    return _record(spending, spending.tokens, spending.money_micro)


def planned(spending: Spending, tokens: int) -> Spend:
    """What so many tokens would cost."""
    return _record(spending, tokens, spending.cost_micro(tokens))


def over_budget(spending: Spending, tokens: int) -> str:
    """Why a sync would stop before its end; empty where it would not."""
    if spending.fits(tokens):
        return ""
    return f"a sync would stop at the budget of a run, {spending.budget}: it needs {tokens:,} tokens"


def _record(spending: Spending, tokens: int, cost: int | None) -> Spend:
    return Spend(
        tokens=tokens if spending.counts else None,
        cost_micro=cost,
        currency=spending.currency if cost else "",
        budget=str(spending.budget),
    )
