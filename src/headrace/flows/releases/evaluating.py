"""Lets the suites of `headrace eval` judge a release: from the report of a gate to evidence."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from headrace.ledger import release_evidence
from headrace.records.releases import Evidence, Verdict

if TYPE_CHECKING:
    from headrace.flows.releases.parts import ReleaseParts


class Compared(Protocol):
    """One metric of two runs."""

    @property
    def difference(self) -> float | None:
        """Second minus first."""
        ...

    @property
    def ci(self) -> tuple[float, float] | None:
        """Its interval."""
        ...

    @property
    def after(self) -> float | None:
        """The second."""
        ...

    @property
    def detectable(self) -> float | None:
        """The smallest difference that would have been noticed."""
        ...

    @property
    def margin(self) -> float:
        """The fall that is tolerated."""
        ...


class Comparison(Protocol):
    """Two runs."""

    @property
    def metrics(self) -> Mapping[str, Any]:
        """Name to `Compared`."""
        ...


class Gate(Protocol):
    """The verdict of a suite."""

    @property
    def run(self) -> str:
        """The run that was judged."""
        ...

    @property
    def verdict(self) -> Verdict:
        """Of the whole."""
        ...

    @property
    def reasons(self) -> Sequence[str]:
        """Why."""
        ...

    @property
    def comparison(self) -> Comparison | None:
        """With its baseline; None without one."""
        ...


class GateEvaluator:
    """Runs a suite on a release against the run that counted for what serves."""

    def __init__(self, parts: ReleaseParts, gate: Callable[[str, str, str | None], Gate]) -> None:
        """`gate` takes suite, release and the run of the baseline, None where there is none."""
        self._parts = parts
        self._gate = gate

    def evaluate(self, suite: str, digest: str) -> Evidence:
        """What the suite says of the release."""
        report = self._gate(suite, digest, self._baseline(suite, digest))
        compared: Mapping[str, Compared] = {} if report.comparison is None else report.comparison.metrics
        return Evidence(
            run=report.run,
            verdict=report.verdict,
            metrics={
                name: {"value": item.after, "difference": item.difference, "ci": item.ci}
                for name, item in compared.items()
            },
            margin={name: item.margin for name, item in compared.items()},
            detectable={
                name: item.detectable for name, item in compared.items() if item.detectable is not None
            },
            reasons=list(report.reasons),
        )

    def _baseline(self, suite: str, digest: str) -> str | None:
        """The last run of the suite on what serves, if that is another release."""
        with self._parts.ledger.read() as conn:
            serving = self._parts.releases.current(conn)
            if serving is None or serving.digest == digest:
                return None
            kept = release_evidence.newest(conn, serving.digest).get(suite)
        return None if kept is None else kept.run
