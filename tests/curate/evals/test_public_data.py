"""Two versions of one model, and a judge, as runs that were made elsewhere."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from headrace.workspace import Workspace
from tests.workbench import Workbench

DATA = Path(os.environ.get("HEADRACE_TEST_DATA", "/nowhere"))
needs_data = pytest.mark.skipif(
    not (DATA / "alpaca_outputs").is_dir(), reason="set HEADRACE_TEST_DATA to the folder of public data sets"
)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """One for all; what is compared are numbers, so texts are not looked through."""
    bench = Workbench(tmp_path_factory.mktemp("public"))
    bench.configure(extra="[privacy]\nredact_events = false\n")
    with bench.open() as opened:
        yield opened


def lines(file: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (DATA / file).read_text(encoding="utf-8").splitlines()]


@needs_data
def test_two_versions_of_a_model(workspace: Workspace, tmp_path: Path) -> None:
    """gpt-4 of June wrote shorter answers than that of March, in every source of prompts."""
    values = {}
    for name in ("gpt4_0314", "gpt4_0613"):
        rows = lines(f"alpaca_outputs/{name}.jsonl")
        values[name] = np.array([len(row["output"]) for row in rows], dtype=float)
        file = tmp_path / f"{name}.jsonl"
        with file.open("w", encoding="utf-8") as output:
            for row in rows:
                scores = {"characters": len(row["output"]), "brief": len(row["output"]) < 1500}
                line = {
                    "case": row["id"],
                    "output": row["output"],
                    "scores": scores,
                    "tags": [row["dataset"]],
                }
                output.write(json.dumps(line) + "\n")
        imported = workspace.evals.import_run(file, name)
        assert (imported.rows, imported.cases) == (805, 805)
    report = workspace.evals.compare("gpt4_0314", "gpt4_0613", margins={"characters": 50, "brief": 0.03})
    difference = values["gpt4_0613"] - values["gpt4_0314"]
    characters = report.metrics["characters"]
    half = 1.9629 * difference.std(ddof=1) / np.sqrt(805)
    assert characters.difference == pytest.approx(difference.mean(), abs=1e-3)
    assert list(characters.ci or ()) == pytest.approx(
        [difference.mean() - half, difference.mean() + half], abs=0.1
    )
    assert characters.verdict == "fail", "more is better, unless one says otherwise"
    assert report.metrics["brief"].verdict == "pass"
    assert report.verdict == "fail"
    assert set(report.slices) >= {"selfinstruct", "oasst", "koala", "helpful_base", "vicuna"}
    turned = workspace.evals.compare("gpt4_0613", "gpt4_0314", margins={"characters": 50, "brief": 0.5})
    assert turned.metrics["characters"].verdict == "pass"


@needs_data
def test_a_judge_against_people(workspace: Workspace) -> None:
    """A judge gave no verdict 25 times: these are not measured. Rows of one prompt are one group."""
    rows = lines("pandalm_judge/pandalm_judge.jsonl")
    people, judge = [], []
    for row in rows:
        votes = [row["annotator1"], row["annotator2"], row["annotator3"]]
        majority = max(set(votes), key=votes.count)
        about = {"case": str(row["id"]), "group": row["instruction"] + row["input"]}
        people.append(about | {"scores": {"right": row["annotator1"] == majority}})
        said = None if row["judge"] is None else row["judge"] == majority
        judge.append(about | {"scores": {"right": said}})
    workspace.evals.import_rows(people, "people")
    imported = workspace.evals.import_rows(judge, "judge")
    assert imported.metrics["right"].unmeasured == 25
    assert imported.metrics["right"].n == 974
    assert imported.metrics["right"].mean == pytest.approx(697 / 974, abs=1e-6)
    metric = workspace.evals.compare("people", "judge").metrics["right"]
    assert (metric.n, metric.dropped, metric.verdict) == (974, 25, "fail")
    assert metric.method.startswith("cluster-robust")
    for side in (people, judge):
        for line in side:
            del line["group"]
    workspace.evals.import_rows(people, "people-alone")
    workspace.evals.import_rows(judge, "judge-alone")
    alone = workspace.evals.compare("people-alone", "judge-alone").metrics["right"]
    assert alone.method.startswith("McNemar")
    assert alone.ci is not None
    assert metric.ci is not None
    assert metric.ci[1] - metric.ci[0] > alone.ci[1] - alone.ci[0], "rows of one prompt are not independent"
