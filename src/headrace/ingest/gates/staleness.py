"""Gate `staleness`: documents that nobody has changed for too long."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from headrace.ingest.gates.base import Action, verdicts

if TYPE_CHECKING:
    import pyarrow as pa

_DAY_US = 86_400_000_000


@dataclass(frozen=True, kw_only=True)
class Staleness:
    """Days since a document changed, as its source says; one without a date passes. Score: the days."""

    maximum_days: int = field(default=1095, metadata={"minimum": 1})
    """An older document fails."""

    name: ClassVar[str] = "staleness"
    version: ClassVar[int] = 1
    on_failure: ClassVar[Action] = "tag"
    needs_text: ClassVar[bool] = False

    def __call__(self, documents: pa.RecordBatch) -> pa.RecordBatch:
        """Compare dates with the time of the run."""
        changed, now = documents["modified_at_us"].to_pylist(), documents["now_us"].to_pylist()
        ages = [
            None if then is None else max(0, at - then) / _DAY_US
            for then, at in zip(changed, now, strict=True)
        ]
        return verdicts(
            failed=[age is not None and age > self.maximum_days for age in ages],
            scores=[None if age is None else round(age, 3) for age in ages],
            reasons=[self._reason(age) for age in ages],
        )

    def _reason(self, age: float | None) -> str | None:
        if age is None:
            return "its source does not say when it changed"
        if age > self.maximum_days:
            return f"not changed for {age:.0f} days; at most {self.maximum_days} are allowed"
        return None
