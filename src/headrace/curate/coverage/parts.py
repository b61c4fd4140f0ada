"""What coverage works with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from headrace.curate.curation.parts import CurationParts
from headrace.records.coverage import CaseScale, CaseText

if TYPE_CHECKING:
    from headrace.infer.embedders.base import Embedder


@runtime_checkable
class CaseSource(Protocol):
    """The active cases of the golden sets, and how a run did on them.

    class Golden:
        def texts(self) -> Sequence[CaseText]:
            return [CaseText(id=case.id, text=case.question) for case in self.active()]
    """

    def texts(self) -> Sequence[CaseText]:
        """Every active case with its question."""
        ...

    def scores(self) -> Mapping[str, float]:
        """Case id to its score in the newest run; empty without one."""
        ...

    def scale(self) -> CaseScale | None:
        """How large the calls and the index of that run were, where that is known."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageParts:
    """The traffic, the cases, and what turns questions into vectors."""

    curation: CurationParts
    embedder: Callable[[], Embedder]
    cases: CaseSource
    folder: Path | None
    """Where vectors of questions are kept; None where the index is no folder."""
    corpora: Callable[[], Sequence[int]]
    """Chunks of each corpus that serves."""
