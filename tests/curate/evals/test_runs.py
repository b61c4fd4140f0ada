"""Runs: what is stored, taken again, resumed, left unmeasured; comparisons and gates over them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from headrace.errors import ConfigError, NotFoundError, UsageError
from headrace.records.golden import CaseInput
from headrace.workspace import Workspace
from tests.curate.evals.suites import asked, suites
from tests.workbench import Workbench


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Workbench:
    """One for all."""
    return suites(tmp_path_factory.mktemp("evals"))


@pytest.fixture(scope="module")
def workspace(bench: Workbench) -> Iterator[Workspace]:
    """Opened."""
    with bench.open() as opened:
        yield opened


def cases(workspace: Workspace, golden: str, *keys: str, **more: object) -> None:
    """Cases that expect their own question."""
    given = [
        CaseInput(key=key, inputs={"question": key}, expected={"answer": key}, **more)  # type: ignore[arg-type]
        for key in keys
    ]
    workspace.golden.add(given, golden=golden, accept=True)


def test_a_run_and_its_repetition(workspace: Workspace, bench: Workbench) -> None:
    cases(workspace, "main", "a", "b", "broken")
    asked(bench)
    first = workspace.evals.run("echo")
    assert sorted(asked(bench)) == ["a", "b", "broken"]
    assert (first.state, first.cases, first.outputs, first.errors, first.cached) == ("done", 3, 2, 1, 0)
    exact = first.metrics["exact"]
    assert (exact.mean, exact.n, exact.unmeasured) == (1.0, 2, 1), "an upstream that is down is no zero"
    assert first.metrics["numeric"].mean is None
    assert first.metrics["numeric"].unmeasured == 3
    again = workspace.evals.run("echo")
    assert asked(bench) == ["broken"], "what failed is asked again"
    assert again.run != first.run
    assert again.cached == 2
    workspace.evals.run("echo", fresh=True)
    assert sorted(asked(bench)) == ["a", "b", "broken"]


def test_repeats_are_not_one_answer_twice(workspace: Workspace, bench: Workbench) -> None:
    workspace.golden.add(
        [CaseInput(key="m", inputs={"question": "repeats", "words": "x|y"}, expected={"answer": "x"})],
        golden="moody",
        accept=True,
    )
    asked(bench)
    run = workspace.evals.run("moody", repeats=4)
    assert asked(bench) == ["repeats"] * 4
    assert run.metrics["exact"].mean == 0.5
    assert run.metrics["exact"].repeat_sd == pytest.approx(0.57735, abs=1e-4)
    assert run.consistency == 0.5
    assert workspace.golden.show("m", golden="moody").flake_rate == 0.5
    workspace.evals.run("moody", repeats=4)
    assert asked(bench) == []
    workspace.golden.retire(["m"], golden="moody", reason="done")


def test_an_edited_case_is_asked_again_and_others_are_not(workspace: Workspace, bench: Workbench) -> None:
    cases(workspace, "slow", "s1", "s2", part="failures")
    first = workspace.evals.run("slow")
    asked(bench)
    workspace.golden.edit("s1", golden="slow", inputs={"question": "s1-edited"})
    second = workspace.evals.run("slow")
    assert asked(bench) == ["s1-edited"]
    assert second.version != first.version
    compared = workspace.evals.compare(first.run, second.run)
    assert (compared.cases, compared.changed) == (1, 1)


def test_a_budget_ends_a_run_and_a_larger_one_goes_on(workspace: Workspace, bench: Workbench) -> None:
    cases(workspace, "priced", *(f"p{number}" for number in range(6)))
    asked(bench)
    first = workspace.evals.run("priced")
    assert (first.state, first.outputs, first.tokens, first.cost) == ("budget", 3, 60, 3000)
    assert any("budget" in warning for warning in first.warnings)
    second = workspace.evals.run("priced", budget="1000000")
    assert (second.run, second.state, second.outputs) == (first.run, "done", 6)
    assert len(asked(bench)) == 6
    assert (second.tokens, second.cost, second.currency) == (120, 6000, "EUR")


def test_scoring_again_gives_the_same(workspace: Workspace, bench: Workbench) -> None:
    cases(workspace, "main", "a", "b", "broken")
    run = workspace.evals.run("echo")
    again = workspace.evals.show(run.run, recompute=True)
    assert again.recomputed is not None
    assert (again.recomputed["scores"], again.recomputed["differing"]) == (4, [])
    from headrace.ledger import eval_runs

    with workspace.ledger.read() as conn:
        rows = eval_runs.results(conn, run.run)
    changed = rows[0]._replace(scores=json.dumps({"exact": [0.0, ""], "numeric": [None, ""]}))
    workspace.ledger.write(lambda tx: eval_runs.put_results(tx, [changed]))
    tampered = workspace.evals.show(run.run, recompute=True)
    assert tampered.recomputed is not None
    assert tampered.recomputed["differing"] == [f"{rows[0].key} exact"]


def test_the_same_outputs_pass_however_few(workspace: Workspace) -> None:
    cases(workspace, "floor", "f1", "f2")
    runs = [workspace.evals.run("floor").run for _ in range(2)]
    report = workspace.evals.compare(*runs)
    assert report.verdict == "pass"
    assert report.metrics["exact"].method == "the same outputs in both runs"


def test_must_pass_and_flaky(workspace: Workspace, bench: Workbench) -> None:
    moods = {"steady": "good", "flicker": "bad|good|good|good", "gone": "bad"}
    workspace.golden.add(
        [
            CaseInput(
                key=key,
                inputs={"question": key, "words": words},
                expected={"answer": "good"},
                must_pass=True,
                owner="ops",
            )
            for key, words in moods.items()
        ],
        golden="moody",
        accept=True,
    )
    asked(bench)
    red = workspace.evals.gate("moody")
    assert red.verdict == "fail"
    assert red.must_pass is not None
    assert red.must_pass.failed == ("gone",)
    assert [dict(item) for item in red.quarantined] == [{"key": "flicker", "owner": "ops"}]
    assert workspace.golden.show("flicker", golden="moody").state == "flaky"
    assert asked(bench).count("flicker") == 6, "a failure is looked at again before it is believed"
    workspace.golden.retire(["gone"], golden="moody", reason="not ours")
    green = workspace.evals.gate("moody", top_up=False)
    assert green.verdict == "pass"
    assert green.must_pass is not None
    assert green.must_pass.failure_bound == pytest.approx(0.95)
    why = workspace.why(green.id)
    assert (why.kind, why.upstream.children[0].ref) == ("verdict", green.run)
    assert workspace.why(green.run).downstream.children[0].ref == green.id
    assert workspace.why("moody/steady").kind == "case"
    assert workspace.why(workspace.golden.list("moody").version).kind == "golden"


def test_a_floor(workspace: Workspace, bench: Workbench) -> None:
    cases(workspace, "floor", *(f"n{number}" for number in range(60)))
    good = workspace.evals.gate("floor", top_up=False)
    assert good.floors["exact"]["verdict"] == "pass"
    assert good.verdict == "pass"
    wrong = {f"n{number}": "wrong" for number in range(30)}
    (bench.root / "evals" / "answers.json").write_text(json.dumps(wrong))
    bad = workspace.evals.gate("floor", baseline=good.run, top_up=False)
    # The function is the same as far as anybody can see: stored outputs stand for new ones.
    assert bad.verdict == "pass"
    fresh = workspace.evals.run("floor", fresh=True)
    judged = workspace.evals.gate("floor", run=fresh.run)
    assert judged.baseline is not None, "the last run that passed"
    assert judged.verdict == "fail"
    assert judged.comparison is not None
    assert judged.comparison.metrics["exact"].verdict == "fail"
    assert workspace.evals.list().suites[-1].verdict == "fail"


def test_slices(workspace: Workspace, tmp_path: Path) -> None:
    """The whole is as before; one slice lost what the others won."""
    rows = {
        name: [
            {"case": f"c{n}", "scores": {"ok": value}, "tags": ["refunds" if n < 30 else "rest"]}
            for n, value in enumerate(values)
        ]
        for name, values in {"before": [1] * 30 + [0] * 30 + [1] * 240, "after": [0] * 30 + [1] * 270}.items()
    }
    for name, lines in rows.items():
        file = tmp_path / f"{name}.jsonl"
        file.write_text("".join(json.dumps(line) + "\n" for line in lines))
        workspace.evals.import_run(file, name)
    report = workspace.evals.compare("before", "after", margins={"ok": 0.06})
    assert report.metrics["ok"].verdict == "pass"
    assert [item.verdict for item in report.slices["refunds"]] == ["fail"]
    assert report.verdict == "fail"
    assert "refunds" in report.reasons[0]


def test_what_is_not_measured_in_both_is_left_out_in_pairs(workspace: Workspace) -> None:
    """A missing judgement shifts nothing: pairs stay pairs."""
    first = [{"case": f"c{n}", "scores": {"j": None if n == 0 else n / 10}} for n in range(10)]
    second = [{"case": f"c{n}", "scores": {"j": None if n == 9 else n / 10}} for n in range(10)]
    workspace.evals.import_rows(first, "left")
    workspace.evals.import_rows(second[::-1], "right")
    metric = workspace.evals.compare("left", "right").metrics["j"]
    assert (metric.n, metric.dropped, metric.difference) == (8, 2, 0.0)
    assert metric.before == metric.after


def test_what_cannot_be(workspace: Workspace, bench: Workbench, tmp_path: Path) -> None:
    evals = workspace.evals
    for name in ("first", "second"):
        evals.import_rows([{"case": "a", "scores": {"j": 1}}, {"case": "b", "scores": {"j": 0}}], name)
    with pytest.raises(NotFoundError, match="nothing"):
        evals.run("nothing")
    with pytest.raises(NotFoundError, match="run"):
        evals.compare("nobody", "neither")
    with pytest.raises(UsageError, match="target 'oracle'"):
        evals.run("echo", target="oracle")
    with pytest.raises(ConfigError, match="names no function"):
        evals.run("echo", target="evals/../../etc/x.py:run")
    with pytest.raises(UsageError, match="already"):
        evals.import_rows([{"case": "a", "scores": {}}], "first")
    with pytest.raises(UsageError, match="no number"):
        evals.import_rows([{"case": "a", "scores": {"x": "good"}}], "odd")
    with pytest.raises(UsageError, match="no case in common"):
        evals.import_rows([{"case": "zz", "scores": {"j": 1}}], "apart")
        evals.compare("first", "apart")
    with pytest.raises(UsageError, match="no metric"):
        evals.compare("first", "second", margins={"k": 0.1})


def test_code_of_the_workspace_only_where_it_is_allowed(tmp_path: Path) -> None:
    bench = suites(tmp_path)
    text = (tmp_path / "headrace.toml").read_text().replace("python = true", "python = false")
    (tmp_path / "headrace.toml").write_text(text)
    with bench.open() as workspace:
        cases(workspace, "main", "a")
        with pytest.raises(ConfigError, match="python = true"):
            workspace.evals.run("echo")
