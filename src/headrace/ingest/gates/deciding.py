"""What becomes of a document after its gates have spoken, and what people decided about it."""

from __future__ import annotations

from collections.abc import Sequence

from headrace.errors import GateStopped
from headrace.ingest.gates.base import Action
from headrace.ingest.gates.declared import DeclaredGate
from headrace.ledger.gate_decisions import Decisions
from headrace.ledger.verdicts import gates_digest
from headrace.records.gates import GateVerdict, Judgement

NOTHING_DECIDED = Decisions()


class KeptOut(GateStopped):
    """A document that stays out, with the judgement on it."""

    def __init__(self, message: str, *, judgement: Judgement) -> None:
        super().__init__(message, stage=judgement.outcome)
        self.judgement = judgement


class Deciding:
    """Gates in their order, and the decisions that stand against them."""

    def __init__(self, gates: Sequence[DeclaredGate], decisions: Decisions = NOTHING_DECIDED) -> None:
        self.gates = gates
        self.decisions = decisions
        self.digest = gates_digest([gate.fingerprint() for gate in gates])
        self._names = [gate.judging() for gate in gates]

    def judge(self, document: str, revision: str, verdicts: Sequence[GateVerdict]) -> Judgement:
        """Hold the verdicts on a revision against what is decided about it."""
        stopping = self.stopping(verdicts)
        if document in self.decisions.documents:
            if self.decisions.rejected(document, revision) is not None:
                gate = self.gates[stopping[0]].name if stopping else None
                return Judgement(outcome="rejected", gate=gate, gates=self.digest, verdicts=verdicts)
            released = self.decisions.released(document, revision)
            stopping = [at for at in stopping if self._names[at] not in released]
        if not stopping:
            return Judgement(outcome="in", gate=None, gates=self.digest, verdicts=verdicts)
        first = self.gates[stopping[0]]
        return Judgement(
            outcome="dropped" if first.on_failure == "drop" else "gate",
            gate=first.name,
            gates=self.digest,
            verdicts=verdicts,
        )

    def stopping(self, verdicts: Sequence[GateVerdict]) -> list[int]:
        """Places of the gates that would keep a document out if nobody decided otherwise."""
        return [
            at
            for at, (gate, verdict) in enumerate(zip(self.gates, verdicts, strict=True))
            if keeps_out(gate.on_failure, verdict)
        ]

    def kept_out(self, document: str, revision: str, judgement: Judgement) -> KeptOut:
        """The record of a document that stays out."""
        decided = self.decisions.rejected(document, revision) if judgement.outcome == "rejected" else None
        if decided is not None:
            return KeptOut(f"rejected by {decided.actor}: {decided.reason}", judgement=judgement)
        at = next(place for place, gate in enumerate(self.gates) if gate.name == judgement.gate)
        return KeptOut(described(judgement.verdicts[at]), judgement=judgement)


def keeps_out(on_failure: Action, verdict: GateVerdict) -> bool:
    """Whether a gate keeps a document out.

    One that failed itself keeps out what it could not judge, unless it only tags or warns.
    """
    if verdict.verdict == "pass" or on_failure in ("tag", "warn"):
        return False
    return not (verdict.verdict == "fail" and on_failure == "redact")


def described(verdict: GateVerdict) -> str:
    """A verdict in a line: gate, version, reason, score and place."""
    measured = "" if verdict.score is None else f" (score {verdict.score:g})"
    where = "" if verdict.evidence is None else f", at {verdict.evidence.start}–{verdict.evidence.end}"
    return f"{verdict.gate} v{verdict.version}: {verdict.reason or 'failed'}{measured}{where}"
