"""What a run has spent, against what it may."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from headrace.curate.evals.suite import EvalBudget
from headrace.infer.embedders.budget import parse_money
from headrace.ledger.eval_runs import RunRow


@dataclass(slots=True, kw_only=True)
class Spent:
    """Counts tokens and money from several threads."""

    most_tokens: int | None
    most_micro: int | None
    tokens: int = 0
    cost_micro: int | None = None
    currency: str | None = None
    cached: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def of(cls, budget: EvalBudget, run: RunRow) -> Spent:
        """From what a run has spent before."""
        micro = None if budget.money is None else parse_money(budget.money)[0]
        return cls(
            most_tokens=budget.tokens,
            most_micro=micro,
            tokens=run.tokens,
            cost_micro=run.cost_micro,
            currency=run.currency,
        )

    def add(self, tokens: int, cost_micro: int | None, currency: str | None) -> None:
        """Count what one call used."""
        with self._lock:
            self.tokens += tokens
            if cost_micro is not None:
                self.cost_micro = (self.cost_micro or 0) + cost_micro
                self.currency = currency or self.currency

    @property
    def is_over(self) -> bool:
        """Whether nothing more may be asked. What is on its way when it is reached is still counted."""
        with self._lock:
            tokens = self.most_tokens is not None and self.tokens >= self.most_tokens
            return tokens or (self.most_micro is not None and (self.cost_micro or 0) >= self.most_micro)

    def counted(self, run: RunRow) -> RunRow:
        """A run with what it has spent."""
        return run._replace(
            tokens=self.tokens,
            cost_micro=self.cost_micro,
            currency=self.currency,
            cached=run.cached + self.cached,
        )
