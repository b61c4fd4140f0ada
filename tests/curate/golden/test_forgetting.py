"""Forgetting reaches golden sets and evals: cases, outputs, judgements and verdicts."""

from __future__ import annotations

from pathlib import Path

import pytest

from headrace.curate.evals.eraser import EvalEraser
from headrace.curate.golden.eraser import GoldenEraser
from headrace.curate.golden.texts import golden_texts
from headrace.ledger.erasure.scope import Scope
from headrace.records.golden import CaseInput
from tests.curate.evals.suites import suites
from tests.workbench import Workbench

SUITE = """
[evals.docs]
target = "ask"
scorers = ["contains", "recall@5"]
[erasure]
reader_wait = "0s"
"""


def _bench(root: Path, ledger: str | None = None) -> Workbench:
    bench = Workbench(root)
    bench.configure(extra=SUITE, ledger=ledger)
    bench.write("herons.md", "The heron of Lake Orta nests in tall plane trees near the old jetty.")
    bench.write("mills.md", "Mills grind grain with wheels that water turns.")
    bench.sync()
    return bench


@pytest.mark.parametrize(
    "engine", ["sqlite", pytest.param("postgresql", marks=[pytest.mark.postgres, pytest.mark.soak])]
)
def test_a_document_leaves_cases_outputs_and_verdicts(
    tmp_path: Path, engine: str, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue("postgres_url") if engine == "postgresql" else None
    bench = _bench(tmp_path, url)
    with bench.open() as workspace:
        asked = workspace.ask("Where does the heron of Lake Orta nest?")
        workspace.golden.add(
            [
                CaseInput(
                    key="heron",
                    inputs={"question": "Where do herons nest?"},
                    expected={"contains": "tall", "documents": ["herons.md"]},
                ),
                CaseInput(
                    key="told", inputs={"question": "Where then?"}, provenance={"trace": asked.trace_id}
                ),
                CaseInput(
                    key="mill", inputs={"question": "What do mills grind?"}, expected={"contains": "grain"}
                ),
            ],
            accept=True,
        )
        run = workspace.evals.run("docs")
        verdict = workspace.evals.gate("docs", baseline=run.run, top_up=False)
        report = workspace.forget("docs/herons.md")
        assert report.certificate is not None, "the scan found nothing any more"
        assert {item.store for item in report.erased} >= {"golden", "evals"}
        cases = {case.key: case for case in workspace.golden.list().cases}
        assert set(cases) == {"heron", "mill"}, "a case made of an answer that had it is gone"
        assert cases["heron"].expected["documents"] == ["[erased]"]
        assert cases["mill"].expected == {"contains": "grain"}
        with workspace.ledger.read() as conn:
            assert all("Orta" not in item.text for item in golden_texts(conn))
        after = workspace.evals.show(run.run)
        assert after.metrics["contains"].mean == run.metrics["contains"].mean, "numbers stay"
        assert workspace.why(verdict.id).kind == "verdict"


def test_a_user_leaves_cases_and_their_outputs(tmp_path: Path) -> None:
    bench = suites(tmp_path)
    with bench.open() as workspace:
        subject = "subject_abcdefghijklmnopqrstuvwxyz"
        workspace.golden.add(
            [
                CaseInput(
                    key="theirs",
                    inputs={"question": "What of my heron?"},
                    expected={"contains": "trees"},
                    provenance={"subject": subject},
                ),
                CaseInput(key="ours", inputs={"question": "What do mills grind?"}, expected="grain"),
            ],
            accept=True,
        )
        run = workspace.evals.run("echo")
        scope = Scope(targets=(), subjects=(subject,))
        erasers = (
            EvalEraser(workspace.ledger, workspace.events),
            GoldenEraser(workspace.ledger, workspace.events),
        )
        for eraser in erasers:
            assert eraser.find(scope) > 0
            assert eraser.erase(scope) > 0
            eraser.clean(scope)
            assert eraser.find(scope) == 0, "twice is the same as once"
        assert [case.key for case in workspace.golden.list().cases] == ["ours"]
        assert workspace.evals.show(run.run).outputs == 1
    files = [path for path in (tmp_path / ".headrace").glob("ledger*") if path.is_file()]
    assert files
    assert not any(b"my heron" in path.read_bytes() for path in files)
