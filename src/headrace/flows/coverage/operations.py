"""`workspace.coverage`: how much of what users ask the cases cover, one call each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headrace.errors import UsageError

if TYPE_CHECKING:
    from headrace.curate.coverage.parts import CoverageParts
    from headrace.records.coverage import CoverageHistory, CoverageReport, GapReport


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageOperations:
    """What can be asked about coverage."""

    parts: CoverageParts

    def measure(self) -> CoverageReport:
        """Find the topics of the traffic of the window and which of them have cases; the run is kept.

        Raises UsageError while there are fewer than four questions, ProviderError.
        """
        from headrace.curate.coverage.running import measure

        return measure(self.parts)

    def gaps(self, *, limit: int = 20, fewest: int = 3, draft: int = 0) -> GapReport:
        """The topics of the newest run that lack cases, those that hurt most first.

        With `draft`, so many draft cases of each are made of its most typical traces; doing it twice adds
        nothing. Topics of fewer than `fewest` questions are left out. Raises NotFoundError, UsageError.
        """
        from headrace.flows.coverage.reports import gap_report

        for name, value, least in (("limit", limit, 1), ("fewest", fewest, 1), ("draft", draft, 0)):
            if value < least:
                raise UsageError(f"`{name}` is {value}; it must be {least} or more.")
        return gap_report(self.parts, limit=limit, fewest=fewest, draft=draft)

    def history(self, *, limit: int = 20) -> CoverageHistory:
        """Former runs, newest first: the mass covered, and the share of each topic. Raises UsageError."""
        from headrace.flows.coverage.reports import history

        if limit < 1:
            raise UsageError(f"`limit` is {limit}; it must be 1 or more.")
        return history(self.parts, limit=limit)
