"""`loop run`: one turn, where it stops, and that twice is the same as once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from headrace.cli.main import run
from headrace.errors import LeaseHeld
from headrace.flows.loop.operations import LoopOperations
from headrace.flows.loop.parts import LoopParts, StepOutcome
from headrace.ledger import leases
from headrace.records.loop import LoopReport
from headrace.workspace import Workspace
from tests.flows.releases.bundles import bundle_workspace, configure, copied
from tests.workbench import Workbench


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The product, built once."""
    return bundle_workspace(tmp_path_factory.mktemp("looped")).root


@pytest.fixture
def bench(tmp_path: Path, template: Path) -> Workbench:
    """The product, for one test."""
    return copied(template, tmp_path / "product")


class Review:
    """A step that counts its runs, and waits while there are drafts."""

    def __init__(self) -> None:
        self.drafts = 0
        self.runs = 0

    def inputs(self) -> Mapping[str, Any]:
        """How many drafts there are."""
        return {"drafts": self.drafts}

    def run(self) -> StepOutcome:
        """Wait for them."""
        self.runs += 1
        if self.drafts:
            return StepOutcome(state="waiting", reason=f"{self.drafts} drafts wait for review")
        return StepOutcome(state="done", facts={"drafts": 0})


def _states(report: LoopReport) -> dict[str, str]:
    return {step.step: step.state for step in report.steps}


def _loop(workspace: Workspace, **given: Any) -> LoopOperations:
    parts: LoopParts = workspace.loop.parts
    return LoopOperations(parts=replace(parts, **given))


def test_a_turn_ends_in_a_promotion_and_twice_is_the_same_as_once(bench: Workbench) -> None:
    with bench.open() as workspace:
        first = workspace.loop.run()
        assert (first.turn, first.state, first.resumed) == (1, "done", False)
        assert _states(first) == {
            "sync": "done",
            "curate": "done",
            "eval": "absent",
            "release": "done",
            "check": "done",
            "promote": "done",
        }
        assert "no suite is declared" in next(step.reason for step in first.steps if step.step == "eval")
        assert workspace.release.show().release.release == first.release
        moves = workspace.release.log().steps
        again = workspace.loop.run()
        assert (again.turn, again.release) == (2, first.release)
        assert _states(again)["check"] == "same"
        assert workspace.release.log().steps == moves, "nothing moved"
        assert len(workspace.release.show().release.evidence) == 1
        bench.write("new.md", "A mill more stands at weir 1000.")
        changed = workspace.loop.run()
        assert _states(changed)["check"] == "done", "other documents are judged anew"
        assert changed.release == first.release


def test_it_stops_where_a_person_must_decide(bench: Workbench) -> None:
    with bench.open() as workspace:
        review = Review()
        review.drafts = 3
        loop = _loop(workspace, curate=review)
        waiting = loop.run()
        assert (waiting.state, waiting.release) == ("waiting", None)
        assert waiting.steps[1].reason == "3 drafts wait for review"
        assert _states(waiting)["promote"] == "unreached"
        loop.run()
        assert review.runs == 2, "what waited is looked at again"
        review.drafts = 0
        assert loop.run().state == "done"
        assert _states(loop.run())["curate"] == "same"
        assert review.runs == 3


def test_a_withheld_mass_delete_stops_it(bench: Workbench) -> None:
    with bench.open() as workspace:
        workspace.loop.run()
        for number in range(12):
            (bench.root / "docs" / f"{number}.md").unlink()
        report = workspace.loop.run()
        assert (report.state, report.steps[0].state) == ("waiting", "waiting")
        assert "withheld" in report.steps[0].reason
        assert workspace.search("mill").hits, "what serves goes on serving"


def test_a_red_or_inconclusive_check_promotes_nothing(bench: Workbench) -> None:
    lines = (bench.root / "golden.jsonl").read_text().splitlines()
    with bench.open() as workspace:
        before = workspace.release.show().release.release
        (bench.root / "golden.jsonl").write_text("\n".join(lines[:4]))
        few = workspace.loop.run()
        assert (few.state, _states(few)["check"], _states(few)["promote"]) == (
            "waiting",
            "waiting",
            "unreached",
        )
        assert "too few" in few.steps[4].reason
        wrong = [json.loads(line) | {"document": "docs/none.md"} for line in lines]
        (bench.root / "golden.jsonl").write_text("\n".join(map(json.dumps, wrong)))
        red = workspace.loop.run()
        assert (red.state, _states(red)["check"]) == ("failed", "failed")
        assert workspace.release.show().release.release == before


def test_what_was_rolled_back_is_not_promoted_by_itself(bench: Workbench) -> None:
    with bench.open() as workspace:
        made = workspace.loop.run().release
        assert made is not None
        former = workspace.release.rollback(reason="answers got worse").release
        report = workspace.loop.run()
        assert (report.state, report.steps[-1].state) == ("waiting", "waiting")
        assert "it was rolled back in 'production'" in report.steps[-1].reason
        assert workspace.release.show().release.release == former
        workspace.release.promote(made, reason="it was the weather")
        assert workspace.loop.run().state == "done"


def test_without_suites_nothing_is_promoted_and_that_is_said(bench: Workbench) -> None:
    configure(bench, suites="")
    with bench.open() as workspace:
        before = workspace.release.show().release.release
        report = workspace.loop.run()
        assert (_states(report)["check"], _states(report)["promote"]) == ("absent", "absent")
        assert workspace.release.show().release.release == before


def test_a_second_turn_at_the_same_time_says_so(bench: Workbench, capsys: pytest.CaptureFixture[str]) -> None:
    with bench.open() as workspace, leases.held(workspace.ledger, "loop/production"):
        with pytest.raises(LeaseHeld, match="loop/production"):
            workspace.loop.run()
        assert run(["-w", str(bench.root), "loop", "run", "--json"]) == 1
        assert json.loads(capsys.readouterr().out)["error"]["type"] == "LeaseHeld"
    assert run(["-w", str(bench.root), "loop", "run", "--to", "staging", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert (printed["state"], printed["to"], len(printed["steps"])) == ("done", "staging", 6)
