"""Gate `near_duplicate`: copies of a document that is there already, exact or nearly so."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from headrace.ingest.gates.base import Action, verdicts
from headrace.ingest.gates.duplicates.signatures import ALGORITHM, PERMUTATIONS, SEED
from headrace.ledger.identity import digest

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, kw_only=True)
class NearDuplicate:
    """Share of the runs of five words that two texts have in common, by MinHash. Score: the best of them.

    A document alone is compared with none and passes: copies are found among the documents of a corpus. Of
    those alike one wins: that of the source with most authority, then the fresher, then the URI that sorts
    first. Documents with different access labels are never compared.
    """

    threshold: float = field(default=0.8, metadata={"minimum": 0.3, "maximum": 1.0})
    """Two texts that are as alike as this, or more, are near duplicates."""
    authority: tuple[str, ...] = ()
    """Patterns over URIs, the source to trust most first; a document that no pattern matches comes last."""

    name: ClassVar[str] = "near_duplicate"
    version: ClassVar[int] = 1
    on_failure: ClassVar[Action] = "quarantine"

    @property
    def components(self) -> dict[str, Any]:
        """Algorithm and seed, which decide the signatures."""
        return {"algorithm": ALGORITHM, "permutations": PERMUTATIONS, "seed": SEED}

    @property
    def signed_by(self) -> str:
        """A short name of what decides the signatures: those of others are never compared with them."""
        return digest("signatures", self.components)

    def __call__(self, documents: pa.RecordBatch) -> pa.RecordBatch:
        """Let every document pass."""
        rows = documents.num_rows
        return verdicts(
            failed=[False] * rows, reasons=["copies are found among the documents of a corpus"] * rows
        )
