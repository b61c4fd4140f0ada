"""Gate `personal_data`: what identifies people, by the engine that also redacts recorded calls."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from headrace.ingest.gates.base import Action
from headrace.ingest.gates.findings import judge_findings, opened_engine, replacements
from headrace.privacy.entities import PERSONAL

if TYPE_CHECKING:
    import pyarrow as pa

    from headrace.ingest.gates.findings import Replacement
    from headrace.privacy.engine import Engine

_NAMES = ("PERSON", "ORGANIZATION")


@dataclass(frozen=True, kw_only=True)
class PersonalData:
    """Numbers, addresses and other data that identify people. Score: how many there are.

    The evidence is the place of the first, and the reason names types and never a value. Names of people are
    only looked for where `names` says so: most documents name somebody.
    """

    types: tuple[str, ...] = ()
    """Types that are looked for; if not given, all personal data."""
    ignore: tuple[str, ...] = ()
    """Types that are not looked for."""
    threshold: float = field(default=0.5, metadata={"minimum": 0.0, "maximum": 1.0})
    """Findings with a lower score are left out."""
    names: bool = False
    """Whether the built-in recogniser looks for names of people."""
    maximum_findings: int = field(default=0, metadata={"minimum": 0})
    """More findings fail."""

    name: ClassVar[str] = "personal_data"
    version: ClassVar[int] = 1
    on_failure: ClassVar[Action] = "redact"
    limits: ClassVar[tuple[str, ...]] = ("maximum_findings",)

    def __post_init__(self) -> None:
        for given in (*self.types, *self.ignore):
            if given not in PERSONAL:
                raise ValueError(f"{given!r} is no type of personal data; see `headrace pii --help`")

    def __call__(self, documents: pa.RecordBatch) -> pa.RecordBatch:
        """Scan each text."""
        return judge_findings(self._engine(), documents["text"], fails=self.fails)

    def fails(self, score: float) -> bool:
        """Whether a text with so many findings fails."""
        return score > self.maximum_findings

    def redact(self, text: str) -> list[Replacement]:
        """What to put in place of each finding."""
        return replacements(self._engine(), text)

    def _engine(self) -> Engine:
        wanted = [name for name in self.types or PERSONAL if name not in self.ignore]
        kept = tuple(name for name in wanted if self.names or self.types or name not in _NAMES)
        return opened_engine(kept, self.threshold, self.names)
