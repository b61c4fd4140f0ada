"""How the documents of each corpus fare with its gates, from the stored verdicts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from headrace.ingest.gates.declared import DeclaredGate, open_gates
from headrace.ledger import documents, verdicts
from headrace.privacy.redact import redact
from headrace.records.gate_report import (
    CorpusGates,
    GateDistribution,
    GateDistributions,
    GateExample,
    Histogram,
    ReasonCount,
)
from headrace.records.gates import GateVerdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from headrace.flows.gates.parts import GateParts
    from headrace.ledger.verdicts import VerdictRow

_CLASSES = 20
_SHOWN = 5
"""Reasons and examples of each gate."""
_WIDE = 100
"""Scores that differ by more than this factor are shown on a logarithmic scale."""
_FIGURE = re.compile(r"\d[\d.,]*")


def report(parts: GateParts, *, corpus: str | None = None) -> GateDistributions:
    """The distributions of every gate that judged what serves. Raises NotFoundError."""
    return GateDistributions(corpora=tuple(_corpus(parts, name) for name in parts.corpora(corpus)))


def _corpus(parts: GateParts, corpus: str) -> CorpusGates:
    with parts.ledger().read() as conn:
        generation = parts.releases().generation(conn, corpus)
        rows = [] if generation is None else verdicts.load(conn, generation)
        known = verdicts.fingerprints(conn, [row.gates for row in rows])
        served = [] if generation is None else documents.load_brief(conn, generation)
    judged = {row.uri for row in rows}
    declared = {gate.name: gate for gate in open_gates(parts.declared[corpus])}
    engine = parts.privacy()
    gathered: dict[str, _Gathered] = {}
    for row in rows:
        gates = known[row.gates]
        for gate, verdict in zip(gates, verdicts.read(row, gates), strict=True):
            found = gathered.setdefault(str(gate["gate"]), _Gathered(gate))
            found.add(row, verdict)
    times = [row.judged_at_us for row in rows]
    return CorpusGates(
        corpus=corpus,
        documents=len(rows),
        unjudged=sum(state.uri not in judged for state in served),
        states=dict(sorted(Counter(row.outcome for row in rows).items())),
        judged_from_us=min(times, default=None),
        judged_to_us=max(times, default=None),
        gates=tuple(
            found.distribution(declared.get(name), lambda text: redact(engine, text))
            for name, found in gathered.items()
        ),
    )


class _Gathered:
    """What one gate said of each document."""

    def __init__(self, fingerprint: Mapping[str, Any]) -> None:
        self._fingerprint = fingerprint
        self._words: Counter[str] = Counter()
        self._waiting = 0
        self._scores: dict[bool, list[float]] = {True: [], False: []}
        self._failing: list[tuple[str, GateVerdict]] = []

    def add(self, row: VerdictRow, verdict: GateVerdict) -> None:
        """Count one verdict."""
        passed = verdict.verdict == "pass"
        redacted = verdict.verdict == "fail" and self._fingerprint["on_failure"] == "redact"
        self._words["redacted" if redacted else verdict.verdict] += 1
        self._waiting += row.outcome == "gate" and row.gate == verdict.gate
        if verdict.score is not None:
            self._scores[passed].append(verdict.score)
        if not passed:
            self._failing.append((row.uri, verdict))

    def distribution(self, declared: DeclaredGate | None, shown: Callable[[str], str]) -> GateDistribution:
        """The record; `shown` takes out of reasons what must not be shown."""
        given = self._fingerprint["thresholds"]
        limits = getattr(declared.gate, "limits", ()) if declared else ()
        if declared and getattr(declared.gate, "question", None):
            limits = ()  # scores of a model lie beside those of the word list
        marked = {key: float(given[key]) for key in limits if key in given}
        reasons = Counter(_FIGURE.sub("#", verdict.reason or "no reason") for _, verdict in self._failing)
        worst = sorted(
            self._failing, key=lambda each: (each[1].verdict, -_distance(each[1], marked), each[0])
        )
        return GateDistribution(
            gate=str(self._fingerprint["gate"]),
            version=int(self._fingerprint["version"]),
            on_failure=str(self._fingerprint["on_failure"]),
            passed=self._words["pass"],
            failed=self._words["fail"],
            redacted=self._words["redacted"],
            errors=self._words["error"],
            waiting=self._waiting,
            limits=marked,
            scores=_histogram(self._scores[True], self._scores[False]),
            reasons=tuple(
                ReasonCount(reason=shown(reason), documents=number)
                for reason, number in sorted(reasons.items(), key=lambda each: (-each[1], each[0]))[:_SHOWN]
            ),
            examples=tuple(_example(uri, verdict, shown) for uri, verdict in worst[:_SHOWN]),
        )


def _example(uri: str, verdict: GateVerdict, shown: Callable[[str], str]) -> GateExample:
    return GateExample(
        document=uri,
        verdict="error" if verdict.verdict == "error" else "fail",
        score=verdict.score,
        reason=None if verdict.reason is None else shown(verdict.reason),
        evidence=verdict.evidence,
    )


def _distance(verdict: GateVerdict, limits: Mapping[str, float]) -> float:
    """How far a score lies from the closest limit; the farthest are the clearest examples."""
    if verdict.score is None:
        return 0.0
    return min((abs(verdict.score - limit) for limit in limits.values()), default=verdict.score)


def _histogram(passed: Sequence[float], failed: Sequence[float]) -> Histogram | None:
    import numpy as np

    scores = np.asarray([*passed, *failed], dtype=np.float64)
    if not len(scores):
        return None
    low, high = float(scores.min()), float(scores.max())
    wide = (low >= 0 and high > _WIDE * max(float(np.median(scores)), 1.0)) or (
        low >= 0 and high > _WIDE * max(low, 1.0)
    )
    if low >= 0 and high <= 1:
        low, high = 0.0, 1.0
    if low == high:
        high = low + 1.0
    if wide:
        edges = np.expm1(np.linspace(np.log1p(low), np.log1p(high), _CLASSES + 1))
        edges[0], edges[-1] = low, high
    else:
        edges = np.linspace(low, high, _CLASSES + 1)
    return Histogram(
        edges=tuple(round(float(edge), 6) for edge in edges),
        passed=tuple(int(number) for number in np.histogram(passed, edges)[0]),
        failed=tuple(int(number) for number in np.histogram(failed, edges)[0]),
        scale="logarithmic" if wide else "linear",
    )
