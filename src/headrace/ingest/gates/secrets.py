"""Gate `secrets`: keys, tokens and passwords that have no business in an index."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from headrace.ingest.gates.base import Action
from headrace.ingest.gates.findings import judge_findings, opened_engine, replacements
from headrace.privacy.entities import SECRETS

if TYPE_CHECKING:
    import pyarrow as pa

    from headrace.ingest.gates.findings import Replacement
    from headrace.privacy.engine import Engine


@dataclass(frozen=True, kw_only=True)
class Secrets:
    """Private keys, API keys, tokens, passwords, credentials in URLs. Score: how many there are.

    The evidence is the place of the first, and the reason names types and never a value.
    """

    threshold: float = field(default=0.5, metadata={"minimum": 0.0, "maximum": 1.0})
    """Findings with a lower score are left out."""

    name: ClassVar[str] = "secrets"
    version: ClassVar[int] = 1
    on_failure: ClassVar[Action] = "quarantine"

    def __call__(self, documents: pa.RecordBatch) -> pa.RecordBatch:
        """Scan each text."""
        return judge_findings(self._engine(), documents["text"], fails=lambda count: count > 0)

    def redact(self, text: str) -> list[Replacement]:
        """What to put in place of each finding."""
        return replacements(self._engine(), text)

    def _engine(self) -> Engine:
        return opened_engine(tuple(SECRETS), self.threshold, False)
