"""Documents for gates, with defaults."""

from __future__ import annotations

from typing import Any

from headrace.ingest.gates.base import Gate
from headrace.ingest.gates.running import GateInput, batch_of, run_gate
from headrace.records.document import ParsedDocument, TextKind
from headrace.records.gates import GateVerdict

NOW_US = 1_800_000_000_000_000

PROSE = (
    "The mill stands on the river, and the wheel that drives it has turned for two hundred years. "
    "In spring the water is high and the miller opens the gate of the headrace only a little. "
    "In a dry summer he has to wait until the pond behind the weir is full again, which takes a night. "
    "Visitors come to see the stones, to buy flour, and to sit in the shade of the old trees."
)


def given(
    text: str,
    *,
    kind: TextKind = "markdown",
    name: str = "a.md",
    media_type: str = "text/markdown",
    size_bytes: int | None = None,
    modified_at_us: int | None = None,
    warnings: tuple[str, ...] = (),
) -> GateInput:
    """One parsed document."""
    parsed = ParsedDocument(text=text, kind=kind, media_type=media_type, title=None, warnings=warnings)
    size = len(text.encode("utf-8", "replace")) if size_bytes is None else size_bytes
    return GateInput(document=name, parsed=parsed, size_bytes=size, modified_at_us=modified_at_us)


def judge(gate: Gate, text: str, **options: Any) -> GateVerdict:
    """The verdict of a gate on one text."""
    (verdict,) = run_gate(gate, batch_of([given(text, **options)], now_us=NOW_US))
    return verdict
