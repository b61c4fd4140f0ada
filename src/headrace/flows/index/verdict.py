"""Whether a generation may replace another: pass, fail, or not enough to say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from headrace.ledger.documents import Coverage

Verdict = Literal["pass", "fail", "inconclusive"]

FEWEST_QUERIES = 20
"""Fewer recent queries than this say nothing."""
FEWEST_QUESTIONS = 10
"""So do fewer questions of a golden set."""
LEAST_OVERLAP = 0.5
"""Results that differ more than this may be better or worse: only a golden set can tell."""
TOLERATED_FALL = 0.05
"""A fall of recall@k by more than this is a failure, and it has to be ruled out."""
SLOWER = 2.0
"""p95 may grow to this many times…"""
SLOWER_MS = 50.0
"""…or by this many milliseconds, whichever allows more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What was measured."""

    coverage: Coverage
    overlap: float | None
    queries: int
    golden: Mapping[str, Any]
    latency: tuple[Mapping[str, float], Mapping[str, float]]


def judge(found: Findings) -> tuple[Verdict, tuple[str, ...]]:
    """The verdict and what it rests on, worst first."""
    failed = [*_coverage(found), *_latency(found)]
    verdict, reason = _quality(found)
    if verdict == "fail":
        failed.append(reason)
    if failed:
        return "fail", tuple(failed)
    return verdict, (reason,)


def _coverage(found: Findings) -> list[str]:
    reasons = []
    covered = found.coverage
    if covered.current < covered.serving:
        lacking = covered.serving - covered.current
        reasons.append(f"it lacks {lacking} of {covered.serving} live documents at their current revision")
    if covered.ghosts:
        reasons.append(f"it holds {covered.ghosts} documents that do not serve")
    return reasons


def _latency(found: Findings) -> list[str]:
    before, after = found.latency
    if not before or not after:
        return []
    allowed = max(before["p95"] * SLOWER, before["p95"] + SLOWER_MS)
    if after["p95"] <= allowed:
        return []
    return [f"its p95 is {after['p95']:.0f} ms, that of the other {before['p95']:.0f} ms"]


def _quality(found: Findings) -> tuple[Verdict, str]:
    golden = found.golden
    if golden and golden["questions"] >= FEWEST_QUESTIONS:
        return _recall(golden)
    if found.queries < FEWEST_QUERIES or found.overlap is None:
        return "inconclusive", (
            f"{found.queries} recent queries and {golden.get('questions', 0)} golden questions are too few: "
            f"{FEWEST_QUERIES} or {FEWEST_QUESTIONS} are needed"
        )
    if found.overlap < LEAST_OVERLAP:
        return "inconclusive", (
            f"the results differ much (overlap {found.overlap:.2f}), and without a golden set "
            "nothing says which are better"
        )
    return "pass", f"the results are alike (overlap {found.overlap:.2f} over {found.queries} queries)"


def _recall(golden: Mapping[str, Any]) -> tuple[Verdict, str]:
    change, margin = golden["change"], golden["margin"]
    said = (
        f"recall@{golden['k']} goes from {golden['a']:.2f} to {golden['b']:.2f} over "
        f"{golden['questions']} questions ({change:+.3f} ± {margin:.3f})"
    )
    if change - margin >= -TOLERATED_FALL:
        return "pass", said
    if change + margin < -TOLERATED_FALL:
        return "fail", said
    return "inconclusive", f"{said}: a fall of {TOLERATED_FALL} cannot be ruled out"
