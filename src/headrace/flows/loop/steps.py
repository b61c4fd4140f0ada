"""The steps of a turn: what each depends on, and what it does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from headrace.flows.loop.parts import LoopStep, StepOutcome
from headrace.flows.releases.finding import find
from headrace.ledger import release_evidence, snapshots
from headrace.records.wire import to_plain

if TYPE_CHECKING:
    from headrace.flows.loop.parts import LoopParts
    from headrace.records.releases import ReleaseCheck

Reports = Mapping[str, Mapping[str, Any]]
"""Step to what it reported, of the steps before."""

_NO_SUITES = "no suite is declared under [release], so nothing was checked"
_ABSENT: Mapping[str, str] = {
    "curate": "traces are not curated here",
    "eval": "no suite is declared under [evals] beside those that releases have to pass",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step."""

    name: str
    inputs: Callable[[Reports], Mapping[str, Any]]
    run: Callable[[Reports], StepOutcome]
    absent: str = ""
    """Why there is nothing to do; empty where there is."""
    repeats: bool = True
    """Whether it is done in every turn, whatever an earlier one did with the same inputs."""


def steps_of(parts: LoopParts, turn: str, *, to: str) -> Sequence[Step]:
    """The steps of a turn in their order."""
    suites = parts.releases.parts.suites
    return (
        Step(name="sync", inputs=lambda _: {"turn": turn}, run=lambda _: _sync(parts)),
        _given("curate", parts.curate),
        _given("eval", parts.evaluate),
        Step(name="release", inputs=lambda _: {"turn": turn}, run=lambda _: _create(parts)),
        Step(
            name="check",
            inputs=lambda reports: _checked(parts, reports),
            run=lambda reports: _check(parts, reports),
            absent="" if suites else _NO_SUITES,
            repeats=False,
        ),
        Step(
            name="promote",
            inputs=lambda reports: {"release": reports["release"]["release"], "to": to},
            run=lambda reports: _promote(parts, reports, to=to),
            absent="" if suites else "nothing was checked, so nothing is promoted",
        ),
    )


def _given(name: str, step: LoopStep | None) -> Step:
    if step is None:
        nothing = StepOutcome(state="done")
        return Step(name=name, inputs=lambda _: {}, run=lambda _: nothing, absent=_ABSENT[name])
    return Step(name=name, inputs=lambda _: step.inputs(), run=lambda _: step.run(), repeats=False)


def _sync(parts: LoopParts) -> StepOutcome:
    facts: dict[str, Any] = {}
    withheld = []
    for corpus in parts.corpora:
        report = parts.sync(corpus)
        facts[corpus] = {
            "documents": to_plain(report.documents),
            "failures": len(report.failures),
            "withheld": report.withheld_reason,
            "generation": report.generation,
        }
        if report.withheld_reason:
            withheld.append(f"{corpus}: {report.withheld_reason}")
    if withheld:
        reason = f"withheld: {'; '.join(withheld)}"
        return StepOutcome(state="waiting", reason=reason, facts=facts)
    return StepOutcome(state="done", facts=facts)


def _create(parts: LoopParts) -> StepOutcome:
    made = parts.releases.create(note="made by the loop")
    facts = {"release": made.release.release, "unpinned": list(made.unpinned)}
    return StepOutcome(state="done", facts=facts)


def _checked(parts: LoopParts, reports: Reports) -> dict[str, Any]:
    """A verdict holds for one bundle on one state of its documents."""
    release = str(reports["release"]["release"])
    operations = parts.releases.parts
    with parts.ledger.read() as conn:
        pinned = find(operations, conn, release)
        held = {
            corpus: None if (row := snapshots.current(conn, part["generation"])) is None else row.seq
            for corpus, part in pinned.corpora.items()
        }
    return {
        "release": release,
        "suites": list(operations.suites),
        "margins": dict(operations.margins),
        "snapshots": held,
        "eval": reports.get("eval", {}),
    }


def _check(parts: LoopParts, reports: Reports) -> StepOutcome:
    report = parts.releases.check(reports["release"]["release"])
    facts = {
        "release": report.release,
        "verdict": report.verdict,
        "suites": {item.suite: item.verdict for item in report.evidence},
        "runs": {item.suite: item.run for item in report.evidence},
    }
    if report.verdict == "pass":
        return StepOutcome(state="done", facts=facts)
    return StepOutcome(
        state="waiting" if report.verdict == "inconclusive" else "failed",
        reason=f"{report.verdict}: {'; '.join(_reasons(report))}",
        facts=facts,
    )


def _reasons(report: ReleaseCheck) -> list[str]:
    bad = [item for item in report.evidence if item.verdict != "pass"]
    return [f"{item.suite}: {'; '.join(item.reasons) or item.verdict}" for item in bad]


def _promote(parts: LoopParts, reports: Reports, *, to: str) -> StepOutcome:
    release = str(reports["release"]["release"])
    taken_back = _taken_back(parts, release, to=to)
    if taken_back:
        reason = f"{release} passed, but {taken_back}; promote it by hand if it may serve again"
        return StepOutcome(state="waiting", reason=reason, facts={"release": release, "to": to})
    moved = parts.releases.promote(release, to=to, reason="the loop: all suites passed")
    facts = {"release": moved.release, "to": to, "moved": moved.moved, "former": moved.former}
    return StepOutcome(state="done", facts=facts)


def _taken_back(parts: LoopParts, release: str, *, to: str) -> str:
    """What a person decided against a release, if that was their last decision about it; else nothing."""
    with parts.ledger.read() as conn:
        moves = release_evidence.moves_of(conn, to).values()
    about = [move for move in moves if release in (move.release, move.former)]
    last = about[-1] if about else None
    if last is None or last.kind != "rollback" or last.former != release:
        return ""
    return f"it was rolled back in {to!r} (move {last.seq})"
