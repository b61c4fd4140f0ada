"""P5: the opt-out of one user leaves no row of theirs in any version or export, and no case."""

from __future__ import annotations

from pathlib import Path

from headrace.records.datasets import RowInput
from headrace.records.golden import CaseInput
from headrace.workspace import Workspace
from tests.sightings import seen
from tests.workbench import Workbench

ANN, BEN = "Zeppelins of ann moor here", "Barges of ben moor there"


def _rows(workspace: Workspace, number: int) -> list[RowInput]:
    return [
        RowInput(
            key=f"{user}-{number}", fields={"prompt": "?", "completion": f"{text} {number}"}, subject=user
        )
        for user, text in (("ann", ANN), ("ben", BEN))
    ]


def test_the_opt_out_of_one_user_reaches_every_version_case_and_export(tmp_path: Path) -> None:
    bench = Workbench(tmp_path)
    with bench.open() as workspace:
        for user in ("ann", "ben"):
            workspace.consents.set(user, training=True)
        workspace.datasets.create("answers")
        versions = []
        for number in range(2):
            workspace.datasets.add("answers", _rows(workspace, number))
            versions.append(workspace.datasets.commit("answers", message=str(number)).version)
        workspace.datasets.add("answers", _rows(workspace, 2))  # staged only
        subject = workspace.consents.show("ann").subject
        case = CaseInput(key="ann", inputs={"question": ANN}, provenance={"subject": subject})
        workspace.golden.add(
            [case, CaseInput(key="ben", inputs={"question": "What is moored?"})], accept=True
        )
        assert seen(tmp_path / ".headrace", ANN)

        workspace.consents.set("ann", training=False)
        report = workspace.datasets.export("answers", tmp_path / "none", format="rows", purpose="training")
        assert (report.rows, report.withheld["consent"]) == (2, 2)
        assert seen(tmp_path / ".headrace", ANN), "eval is allowed still"

        done = workspace.consents.set("ann", eval=False)
        assert done.withdrawn["datasets"] == 3
        assert workspace.consents.set("ann", eval=False).withdrawn == {}
        for version in versions:
            view = workspace.datasets.show("answers", version=version, limit=10)
            assert view.version == version
            assert {row.key for row in view.sample if not row.erased} <= {"ben-0", "ben-1"}
            assert view.erased == view.rows // 2
        assert [case.key for case in workspace.golden.list().cases] == ["ben"]
    assert not seen(tmp_path / ".headrace", ANN)
    assert seen(tmp_path / ".headrace", BEN)
