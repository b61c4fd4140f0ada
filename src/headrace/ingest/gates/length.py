"""Gate `length`: texts too short to answer anything, or too long to be one document."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from headrace.ingest.gates.base import Action, verdicts

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, kw_only=True)
class Length:
    """Characters of text without white space at its ends. Score: that number."""

    minimum_characters: int = field(default=20, metadata={"minimum": 0})
    """A shorter text fails."""
    maximum_characters: int = field(default=5_000_000, metadata={"minimum": 1})
    """A longer text fails."""

    name: ClassVar[str] = "length"
    version: ClassVar[int] = 1
    on_failure: ClassVar[Action] = "quarantine"
    limits: ClassVar[tuple[str, ...]] = ("minimum_characters", "maximum_characters")

    def __call__(self, documents: pa.RecordBatch) -> pa.RecordBatch:
        """Measure each text."""
        import pyarrow.compute as pc

        sizes = pc.utf8_length(pc.utf8_trim_whitespace(documents["text"])).to_pylist()
        return verdicts(
            failed=[self.fails(size) for size in sizes],
            scores=[float(size) for size in sizes],
            reasons=[self._reason(size) for size in sizes],
        )

    def fails(self, score: float) -> bool:
        """Whether a text of so many characters fails."""
        return not self.minimum_characters <= score <= self.maximum_characters

    def _reason(self, size: int) -> str | None:
        if size < self.minimum_characters:
            return f"{size} characters; at least {self.minimum_characters} are wanted"
        if size > self.maximum_characters:
            return f"{size} characters; at most {self.maximum_characters} are allowed"
        return None
