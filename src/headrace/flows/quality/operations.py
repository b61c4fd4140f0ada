"""`workspace.quality`: the operations on the quality of documents, one call each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headrace.errors import UsageError

if TYPE_CHECKING:
    from headrace.flows.quality.parts import QualityParts
    from headrace.records.quality import QualityReport, RotReport


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityOperations:
    """What can be asked about the quality of the documents of a workspace."""

    parts: QualityParts
    corpora: Callable[[str | None], Sequence[str]]
    """The corpus of a name, or all. Raises NotFoundError."""

    def list(
        self, corpus: str | None = None, *, limit: int = 20, access: Sequence[str] | None = None
    ) -> QualityReport:
        """How the scores are spread, and the documents of lowest quality.

        With `access` only documents that these labels open. Raises NotFoundError, UsageError.
        """
        from headrace.flows.quality.listing import worst

        _positive("limit", limit)
        return worst(self.parts, self.corpora(corpus), limit=limit, access=access)

    def rot(
        self,
        corpus: str | None = None,
        *,
        limit: int = 20,
        minimum_exposures: int = 5,
        access: Sequence[str] | None = None,
    ) -> RotReport:
        """Documents that were found often and did badly in the last 20,000 searches and answers.

        With `access` only documents that these labels open. Raises NotFoundError, UsageError.
        """
        from headrace.flows.quality.report import rot_report

        _positive("limit", limit)
        _positive("minimum_exposures", minimum_exposures)
        names = self.corpora(corpus)
        return rot_report(
            self.parts,
            names,
            limit=limit,
            minimum_exposures=minimum_exposures,
            access=access,
            signals=self.parts.signalled(names),
        )


def _positive(name: str, value: int) -> None:
    if value < 1:
        raise UsageError(f"`{name}` is {value}; it must be 1 or more.")
