"""`workspace.evals`: the operations on evals, one call each."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headrace.errors import NotFoundError, UsageError

if TYPE_CHECKING:
    from headrace.curate.evals.parts import EvalParts
    from headrace.curate.evals.suite import Suite
    from headrace.records.evals import (
        EvalList,
        EvalProgress,
        EvalRun,
        GateReport,
        ImportedRun,
        RunComparison,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class EvalOperations:
    """What can be done with evals."""

    parts: EvalParts

    def list(self, *, limit: int = 20) -> EvalList:
        """Suites, golden sets, and the newest runs."""
        from headrace.curate.evals.listing import list_evals

        return list_evals(self.parts, limit=limit)

    def show(self, run: str, *, recompute: bool = False) -> EvalRun:
        """One run; with `recompute` its stored outputs are scored again. Raises NotFoundError."""
        from headrace.curate.evals.reporting import recompute as again
        from headrace.curate.evals.reporting import report

        if not recompute:
            return report(self.parts, run)
        shown = report(self.parts, run)
        suite = self.parts.config.suites.get(shown.suite)
        return again(self.parts, run, None if suite is None else self.parts.scorers(suite))

    def run(
        self,
        suite: str,
        *,
        target: str | None = None,
        repeats: int | None = None,
        budget: str | None = None,
        fresh: bool = False,
        progress: Callable[[EvalProgress], None] | None = None,
    ) -> EvalRun:
        """Run a suite, against another target if one is named. What was killed goes on.

        `budget` is `100000` tokens or `2.50 EUR`; `fresh` takes no stored outputs. Raises NotFoundError,
        UsageError, ConfigError, LeaseHeld.
        """
        from headrace.curate.evals.reporting import report
        from headrace.curate.evals.running import run_suite

        chosen = self._suite(suite, target=target, repeats=repeats, budget=budget)
        name = run_suite(self.parts, chosen, fresh=fresh, progress=progress)
        return report(self.parts, name)

    def compare(
        self, a: str, b: str, *, margins: Mapping[str, float] | None = None, draws: int = 10_000
    ) -> RunComparison:
        """Hold run b against run a: paired, with a verdict for each metric. Raises NotFoundError, UsageError.

        `margins` say for metrics how much worse is still no loss; the gates of the suite of b say the rest.
        """
        from headrace.curate.evals.comparing import compare_tables
        from headrace.curate.evals.reporting import load

        if not 200 <= draws <= 1_000_000:
            raise UsageError(f"{draws} draws: allowed are 200 to 1,000,000.")
        for name, margin in (margins or {}).items():
            if not 0 <= margin < float("inf"):
                raise UsageError(f"The margin of {name!r} is {margin}; it is a number from 0.")
        with self.parts.ledger.read() as conn:
            first, second = load(conn, a), load(conn, b)
        suite = self.parts.config.suites.get(second.run.suite)
        known = {*second.values, "latency_p50_ms", "latency_p95_ms"} & {
            *first.values,
            "latency_p50_ms",
            "latency_p95_ms",
        }
        gates = {} if suite is None else {key: gate for key, gate in suite.gates.items() if key in known}
        return compare_tables(first, second, gates=gates, margins=margins, draws=draws)

    def gate(
        self,
        suite: str,
        *,
        target: str | None = None,
        baseline: str | None = None,
        run: str | None = None,
        budget: str | None = None,
        top_up: bool = True,
        progress: Callable[[EvalProgress], None] | None = None,
    ) -> GateReport:
        """Run a suite and decide: pass, fail or inconclusive, against `baseline` or the last run that passed.

        Raises NotFoundError, UsageError, ConfigError, LeaseHeld.
        """
        from headrace.curate.evals.gating import gate

        chosen = self._suite(suite, target=target, budget=budget)
        return gate(self.parts, chosen, baseline=baseline, run=run, top_up=top_up, progress=progress)

    def import_run(
        self,
        file: str | os.PathLike[str],
        name: str,
        *,
        golden: str | None = None,
        suite: str = "imported",
    ) -> ImportedRun:
        """Take in outputs and scores made elsewhere, as a run of that name. Raises UsageError."""
        from headrace.curate.evals.importing import import_run

        return import_run(self.parts, Path(file), name, golden_set=golden, suite=suite)

    def import_rows(
        self,
        rows: Sequence[Mapping[str, Any]],
        name: str,
        *,
        golden: str | None = None,
        suite: str = "imported",
    ) -> ImportedRun:
        """The same for rows in memory. Raises UsageError."""
        from headrace.curate.evals.importing import import_run

        return import_run(self.parts, rows, name, golden_set=golden, suite=suite)

    def _suite(
        self,
        name: str,
        *,
        target: str | None = None,
        repeats: int | None = None,
        budget: str | None = None,
    ) -> Suite:
        from headrace.curate.evals.suite import EvalBudget
        from headrace.infer.embedders.budget import parse_budget

        suite = self.parts.config.suites.get(name)
        if suite is None:
            raise NotFoundError(
                "suite",
                name,
                known=sorted(self.parts.config.suites),
                hint="Declare it as [evals.NAME] in headrace.toml, or as evals/NAME.toml.",
            )
        if target is not None:
            suite = replace(suite, target=target)
        if repeats is not None:
            if not 1 <= repeats <= 100:
                raise UsageError(f"{repeats} repeats: allowed are 1 to 100.")
            suite = replace(suite, repeats=repeats, max_repeats=max(repeats, suite.max_repeats))
        if budget is not None:
            limits = parse_budget(budget)
            money = None if limits.money_micro is None else budget
            suite = replace(suite, budget=EvalBudget(tokens=limits.tokens, money=money))
        return suite
