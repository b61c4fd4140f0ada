"""What gates would say now, told from what they said before as far as that suffices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from headrace.ingest.gates.declared import DeclaredGate, judging
from headrace.ingest.gates.running import GateInput, batch_of, run_gate
from headrace.records.document import ParsedDocument
from headrace.records.gates import GateVerdict

_NO_TEXT = ParsedDocument(text="", kind="text", media_type="text/plain", title=None)


class Stored:
    """The gates that judge now, held against those that judged before."""

    def __init__(
        self, gates: Sequence[DeclaredGate], before: Sequence[Mapping[str, Any]], *, now_us: int
    ) -> None:
        """`before`: the fingerprints of the gates that judged, in their order."""
        self._gates = gates
        self._now_us = now_us
        places = {str(given["gate"]): place for place, given in enumerate(before)}
        self._from = [_source(gate, places.get(gate.name), before) for gate in gates]

    @property
    def tells(self) -> bool:
        """Whether stored verdicts can tell anything at all."""
        return None not in self._from

    def verdicts(
        self, document: str, verdicts: Sequence[GateVerdict], *, modified_at_us: int | None
    ) -> list[GateVerdict] | None:
        """The verdicts of the gates now; None where the document has to be judged again."""
        if not self.tells:
            return None
        found: list[GateVerdict] = []
        for gate, place in zip(self._gates, self._from, strict=True):
            if place is None:
                return None
            if not getattr(gate.gate, "needs_text", True):
                found.append(self._dated(gate, document, modified_at_us))
                continue
            before = verdicts[place]
            if before.verdict == "error":
                return None
            found.append(_compared(gate, before))
        return found

    def _dated(self, gate: DeclaredGate, document: str, modified_at_us: int | None) -> GateVerdict:
        given = GateInput(document=document, parsed=_NO_TEXT, size_bytes=0, modified_at_us=modified_at_us)
        (verdict,) = run_gate(gate.gate, batch_of([given], now_us=self._now_us))
        return verdict


def _source(gate: DeclaredGate, place: int | None, before: Sequence[Mapping[str, Any]]) -> int | None:
    """Where among the stored verdicts the one stands that tells of a gate; None where none does."""
    if not getattr(gate.gate, "needs_text", True):
        return 0 if place is None else place
    if place is None:
        return None
    now, then = gate.fingerprint(), before[place]
    return place if judging(_beyond_limits(gate, now)) == judging(_beyond_limits(gate, then)) else None


def _beyond_limits(gate: DeclaredGate, fingerprint: Mapping[str, Any]) -> dict[str, Any]:
    """A fingerprint without the keys that only compare with the score."""
    limits = getattr(gate.gate, "limits", ())
    kept = {key: value for key, value in fingerprint["thresholds"].items() if key not in limits}
    return {**fingerprint, "thresholds": kept}


def _compared(gate: DeclaredGate, before: GateVerdict) -> GateVerdict:
    """The verdict by the limits of now; a gate that measured nothing says what it said."""
    if before.score is None or not getattr(gate.gate, "limits", ()):
        return before
    failed = gate.gate.fails(before.score)  # type: ignore[attr-defined]  # a gate with limits has it
    if failed == (before.verdict == "fail"):
        return before
    if not failed:
        return replace(before, verdict="pass")
    limits = ", ".join(f"{key} {getattr(gate.gate, key):,.10g}" for key in gate.gate.limits)  # type: ignore[attr-defined]
    return replace(before, verdict="fail", reason=f"its score is beyond {limits}")
