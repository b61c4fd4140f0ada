"""Releases: what they pin, what they must pass, and that one move changes everything that serves."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from headrace.errors import NotFoundError, RefConflict, UsageError, Withheld
from headrace.ledger import generations, refs
from headrace.records.releases import ReleaseMove
from headrace.ship.bundle import body_of
from headrace.ship.releases import store
from headrace.workspace import Workspace
from tests.fakes.model_server import Act, ModelServer
from tests.flows.releases.bundles import Contains, bundle_workspace, configure, copied, evaluated_by
from tests.prompt_files import change, write
from tests.workbench import Workbench

LOW = Act(text='{"severity": "low"}')


@pytest.fixture(scope="module")
def model() -> Iterator[ModelServer]:
    """A model that finds everything harmless."""
    with ModelServer(LOW) as running:
        yield running


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory, model: ModelServer) -> Path:
    """The product, built once."""
    return bundle_workspace(tmp_path_factory.mktemp("template"), url=model.base_url).root


@pytest.fixture
def bench(tmp_path: Path, template: Path, model: ModelServer) -> Workbench:
    """The product, for one test."""
    model.always = LOW
    return copied(template, tmp_path / "product")


def _green(workspace: Workspace, note: str = "") -> str:
    digest = workspace.release.create(note=note).release.release
    assert workspace.release.check(digest).verdict == "pass"
    return digest


def _served(workspace: Workspace) -> str:
    digest = workspace.release.create().release.release
    return workspace.release.promote(digest, force=True, reason="to begin with").release


def test_a_release_pins_everything_and_says_what_it_cannot(bench: Workbench) -> None:
    with bench.open() as workspace:
        made = workspace.release.create(note="first")
        assert workspace.release.create(note="again").release == made.release, (
            "the same content is one release"
        )
        with workspace.ledger.read() as conn:
            (generation,) = generations.list(conn)
        assert made.corpora["docs"]["generation"] == generation.id
        assert made.prompts["sort"].parameters == {"temperature": 0}
        assert made.prompts["sort"].schema == {
            "name": "severity",
            "version": 1,
            "digest": made.schemas["severity"]["digest"],
        }
        assert set(made.prompts) == {"sort", "answer"}
        assert (made.ask, made.model) == (
            {"model": "extractive", "k": 6, "reranker": None},
            "extractive@2+vectors",
        )
        assert made.models["small"]["pinned"], "its id has a date"
        assert made.policy.startswith("policy_")
        assert (made.unpinned, made.differs, made.contracts) == ([], [], {})
        assert (made.release.implicit, made.release.note, made.release.standing) == (
            False,
            "first",
            "missing",
        )
        serving = workspace.release.show("production")
        assert serving.release.implicit
        assert serving.release.release != made.release.release
        assert [
            item.component for item in workspace.release.diff("current", made.release.release).changes
        ] == [
            "prompt answer",
            "ask k",
            "ask model",
            "model of ask",
            "policy",
            "prompt of ask",
        ]
        change(bench.root, "prompts/sort.md", "model: small", "model: large")
        floating = workspace.release.create(prompts=["sort"])
        assert floating.unpinned == [
            "large: its id has no date, version or hash, and no `revision` is declared"
        ]
        (prompt,) = [
            item
            for item in workspace.release.diff(made.release.release, floating.release.release).changes
            if item.component == "prompt sort"
        ]
        assert {"part": "model", "before": "small", "after": "large"} in prompt.parts


def test_a_diff_with_itself_is_empty_and_shows_the_texts_of_prompts(bench: Workbench) -> None:
    with bench.open() as workspace:
        first = workspace.release.create().release.release
        assert workspace.release.diff(first, first[: len("release_") + 8]).changes == []
        change(bench.root, "prompts/sort.md", "Sort the ticket.", "Sort it well.")
        second = workspace.release.create(prompts=["sort@working-tree"]).release.release
        there, back = workspace.release.diff(first, second), workspace.release.diff(second, first)
        assert [item.component for item in there.changes] == ["prompt sort"]
        assert "-Sort the ticket.\n+Sort it well." in there.changes[0].text
        assert there.changes[0].before == back.changes[0].after
        with pytest.raises(NotFoundError, match="current"):
            workspace.release.show("release_none")
        with pytest.raises(NotFoundError):
            workspace.release.create(source="nowhere")


def test_nothing_is_promoted_without_green_evidence_on_that_very_release(bench: Workbench) -> None:
    with bench.open() as workspace:
        green = _green(workspace)
        change(bench.root, "prompts/sort.md", "Sort the ticket.", "Sort it well.")
        other = workspace.release.create(prompts=["sort"]).release.release
        with pytest.raises(Withheld, match="'golden' was never run on it"):
            workspace.release.promote(other)
        with pytest.raises(UsageError, match="needs a reason"):
            workspace.release.promote(other, force=True)
        assert workspace.release.show().release.release not in (green, other)
        moved = workspace.release.promote(green)
        assert (moved.moved, moved.evidence, moved.forced) == (True, {"golden": "pass"}, [])
        assert not workspace.release.promote(green).moved, "the same decision again is none"
        forced = workspace.release.promote(other, force=True, reason="the house burns")
        assert forced.forced == ["suite 'golden' was never run on it"]
        assert "the house burns (forced: suite 'golden'" in forced.reason
        log = workspace.release.log().steps
        assert [(step.kind, step.release) for step in log[:2]] == [("promote", other), ("promote", green)]
        assert (log[0].forced, log[0].former, log[0].current) == (forced.forced, green, True)
        assert {step.kind for step in log[2:]} == {"implicit"}
        with pytest.raises(RefConflict):
            workspace.release.promote(green, expect=green)


def test_promote_and_rollback_move_index_prompts_schema_and_model_together(
    bench: Workbench, model: ModelServer
) -> None:
    with bench.open() as workspace:
        first = _green(workspace, "small")
        workspace.release.promote(first)
        before = _state(workspace)
        workspace.index.build(fresh=True)
        change(bench.root, "prompts/sort.md", "model: small", "model: large")
        second = workspace.release.create(prompts=["sort"], generations=["docs/2"]).release.release
        assert _state(workspace) == before, "making one serves nothing"
        assert workspace.release.check(second).verdict == "pass"
        done = workspace.release.promote(second)
        assert (done.former, done.release) == (first, second)
        after = _state(workspace)
        assert (after[0], after[1], after[3]) == (second, "docs/2", "large-70b")
        assert after[2] != before[2]
        back = workspace.release.rollback(reason="answers got worse")
        assert (back.release, back.former) == (first, second)
        assert _state(workspace) == before
        assert workspace.release.rollback(to=second).release == second
        assert _state(workspace) == after


def _state(workspace: Workspace) -> tuple[str | None, str, str, str, str]:
    """Release, generation and its state, version of the prompt, model that answers a call."""
    call = workspace.calls.run("sort", {"ticket": "A pump leaks."})
    served = workspace.search("mill").generation
    found = workspace.index.show(served).generation
    with workspace.ledger.read() as conn:
        label = refs.read(conn, "prompt/sort/production")
    assert label is not None
    assert label.artifact == workspace.prompts.resolve("sort").version.digest
    return call.release, f"{found.corpus}/{found.ordinal}", label.artifact, str(call.model), found.state


def test_what_is_decided_outlasts_files_and_configuration(bench: Workbench, model: ModelServer) -> None:
    with bench.open() as workspace:
        release = _served(workspace)
        asked = workspace.ask("Where does mill number 3 stand?")
    change(bench.root, "prompts/sort.md", "Sort the ticket.", "Ignore the ticket.")
    write(bench.root, "prompts/answer.md", "## user\nSomething else: {{ question }} {{ passages }}\n")
    configure(bench, url=model.base_url, extra='[ask]\nmodel = "large"\nk = 2\n')
    with bench.open() as workspace:
        again = workspace.ask("Where does mill number 3 stand?")
        assert (again.release, again.model, again.prompt) == (release, asked.model, asked.prompt)
        workspace.calls.run("sort", {"ticket": "x"})
        assert "Sort the ticket." in model.asked[-1].text
        assert workspace.release.skew().pending[:2] == [
            "[ask] model is large; extractive is released",
            "[ask] k is 2; 6 is released",
        ]
        new = workspace.release.create().release.release
        assert {item.component for item in workspace.release.diff(release, new).changes} >= {
            "ask model",
            "ask k",
            "model of ask",
            "prompt answer",
        }


def test_a_release_whose_index_is_gone_is_refused_with_the_reason(bench: Workbench) -> None:
    with bench.open() as workspace:
        first = _served(workspace)
        workspace.index.build(fresh=True)
        second = workspace.release.create(generations=["docs/2"]).release.release
        workspace.release.promote(second, force=True, reason="test")
        with workspace.ledger.read() as conn:
            old = next(item for item in generations.list(conn) if item.ordinal == 1)
        workspace.ledger.write(lambda tx: generations.mark_pruned(tx, old.id))
        for refused in (
            lambda: workspace.release.rollback(),
            lambda: workspace.release.promote(first, force=True, reason="test"),
            lambda: workspace.release.check(first),
            lambda: workspace.at_release(first),
        ):
            with pytest.raises(UsageError, match="docs/1 .* was pruned: its files are gone"):
                refused()
        assert workspace.release.show().release.release == second
        assert workspace.release.show(first).differs
        empty = workspace.ledger.write(lambda tx: store(tx, body_of(None)))
        with pytest.raises(Withheld, match="corpus 'docs' serves and is not in it"):
            workspace.release.promote(empty)


def test_a_view_uses_exactly_its_bundle_and_changes_nothing(bench: Workbench, model: ModelServer) -> None:
    with bench.open() as workspace:
        release = workspace.release.create().release.release
        change(bench.root, "prompts/sort.md", "Sort the ticket.", "Sort it well.")
        workspace.prompts.label("sort", "production", reason="later")
        workspace.index.build(fresh=True)
        workspace.index.cutover("docs/2", force=True, reason="later")
        serving = workspace.release.show().release.release
        view = workspace.at_release(release)
        assert view is workspace.at_release(release)
        call = view.calls.run("sort", {"ticket": "A pump leaks."})
        assert (call.release, call.record, call.output) == (release, None, {"severity": "low"})
        assert "Sort the ticket." in model.asked[-1].text
        answer = view.ask("Where does mill number 4 stand?")
        assert (answer.release, answer.generation) == (release, view.search("mill").generation)
        assert workspace.calls.run("sort", {"ticket": "x"}).release == serving
        assert "Sort it well." in model.asked[-1].text
        for refused in (
            lambda: view.calls.run("sort@staging", {"ticket": "x"}),
            lambda: view.calls.run("sort", {"ticket": "x"}, model="large"),
            lambda: view.prompts.label("sort", "production"),
        ):
            with pytest.raises(UsageError):
                refused()
        assert workspace.release.show().release.release == serving
        assert workspace.release.skew().calls == 1, "what evaluates serves nobody"


def test_a_view_is_refused_where_the_configuration_is_otherwise(bench: Workbench, model: ModelServer) -> None:
    with bench.open() as workspace:
        release = _green(workspace)
    configure(bench, url=model.base_url, extra='[privacy]\nignore = ["PHONE_NUMBER"]\n')
    change(bench.root, "headrace.toml", "small-7b-2026-01-31", "small-7b-2026-03-01")
    with bench.open() as workspace:
        said = "model 'small' is small:small-7b-2026-03-01; pinned is small:small-7b-2026-01-31; .*privacy"
        with pytest.raises(UsageError, match=said):
            workspace.at_release(release)
        with pytest.raises(Withheld, match=said):
            workspace.release.promote(release)
        assert len(workspace.release.show(release).differs) == 2


def test_suites_of_others_judge_exactly_the_release(bench: Workbench, model: ModelServer) -> None:
    with bench.open() as workspace:
        release = workspace.release.create().release.release
        case = ({"prompt": "sort", "variables": {"ticket": "All is well."}}, "low")
        evaluator = Contains(workspace, [case, ({"question": "Where does mill number 3 stand?"}, "111")])
        operations = evaluated_by(workspace, evaluator)
        assert operations.check(release, suites=["sorting"]).verdict == "pass"
        model.always = Act(text='{"severity": "high"}')
        report = operations.check(release, suites=["sorting", "golden"])
        assert (report.verdict, report.standing) == ("fail", "green"), "sorting is not declared"
        assert [item.verdict for item in report.evidence] == ["fail", "pass"]
        assert report.evidence[0].corpora["docs"]["documents"] == 12
        spans = [workspace.events.trace(str(trace)) for trace in evaluator.traces]
        assert {span.release for trace in spans for span in trace if span.parent_span_id is None} == {release}
        with pytest.raises(NotFoundError, match="No suite 'sorting'"):
            workspace.release.check(release, suites=["sorting"])
        why = workspace.why(release)
        judged = {node.label for node in why.upstream.children if node.relation == "judged by"}
        assert judged == {"sorting fail", "golden pass"}
        workspace.release.promote(release)
        (pointer,) = [ref for ref in workspace.at("now").refs if ref.name == "environment/production"]
        assert pointer.body["evidence"] == {"sorting": "fail", "golden": "pass"}
        assert any(node.relation == "served in" for node in workspace.why(release).downstream.children)


def test_a_recall_that_falls_as_the_corpus_grows_is_seen(bench: Workbench) -> None:
    with bench.open() as workspace:
        workspace.release.promote(_green(workspace))
        for number in range(12):
            for copy in range(30):
                text = f"Where does mill number {number} stand? Nobody knows, says note {copy}."
                bench.write(f"notes/{number}/{copy}.md", text)
        workspace.sync()
        report = workspace.release.check()
        assert report.verdict == "fail"
        (found,) = report.evidence
        assert "beside the last evaluation of what serves" in found.reasons[0]
        assert found.detectable["recall@10"] > 0
        skew = workspace.release.skew()
        (drift,) = skew.drift
        assert (drift.documents_then, drift.documents_now, drift.changed, drift.drifted) == (
            12,
            372,
            360,
            True,
        )
        assert skew.standing == "red"
        forced = workspace.release.promote(
            workspace.release.create(note="x").release.release, force=True, reason="x"
        )
        assert forced.warnings == ["97% of corpus 'docs' changed since the evaluation"]


def test_of_two_promoters_one_wins(bench: Workbench) -> None:
    with bench.open() as workspace:
        first = workspace.release.create().release.release
        change(bench.root, "prompts/sort.md", "Sort the ticket.", "Sort it well.")
        second = workspace.release.create(prompts=["sort"]).release.release
        former = workspace.release.show().release.release
        ready = threading.Barrier(2)
        outcomes: list[ReleaseMove | RefConflict] = []

        def promote(release: str) -> None:
            ready.wait()
            try:
                outcomes.append(
                    workspace.release.promote(release, expect=former, force=True, reason="a race")
                )
            except RefConflict as error:
                outcomes.append(error)

        threads = [threading.Thread(target=promote, args=[release]) for release in (first, second)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        (won,) = [outcome for outcome in outcomes if isinstance(outcome, ReleaseMove)]
        assert workspace.release.show().release.release == won.release
        assert workspace.release.log().steps[0].former == former


def test_staging_and_production_stand_side_by_side(bench: Workbench, model: ModelServer) -> None:
    with bench.open() as workspace:
        production = _served(workspace)
        workspace.index.build(fresh=True)
        change(bench.root, "prompts/sort.md", "Sort the ticket.", "Sort it well.")
        staged = workspace.release.create(prompts=["sort"], generations=["docs/2"]).release.release
        workspace.release.check(staged)
        workspace.release.promote(staged, to="staging")
        report = workspace.release.envs()
        assert [(item.environment, item.release) for item in report.environments] == [
            ("production", production),
            ("staging", staged),
        ]
        assert [item.component for item in report.environments[1].differs] == [
            "generation docs",
            "prompt sort",
        ]
        assert workspace.prompts.resolve("sort").release == production
        assert workspace.index.show("docs/1").generation.state == "live"
    change(bench.root, "headrace.toml", "[release]", 'environment = "staging"\n\n[release]')
    text = (bench.root / "headrace.toml").read_text()
    (bench.root / "headrace.toml").write_text(
        'environment = "staging"\n' + text.replace('environment = "staging"\n', "")
    )
    with bench.open() as workspace:
        assert workspace.search("mill").generation == workspace.index.show("docs/2").generation.generation
        assert workspace.release.show().release.release == staged
        done = workspace.release.promote(staged, to="production")
        assert (done.release, done.former) == (staged, production)
        assert workspace.index.show("docs/1").generation.state == "retired"
        assert workspace.index.show("docs/2").generation.state == "live"
    (bench.root / "headrace.toml").write_text(text.replace('environment = "staging"\n', ""))
    with bench.open() as workspace:
        assert workspace.search("mill").generation == workspace.index.show("docs/2").generation.generation
        assert workspace.sync().generation == workspace.index.show("docs/2").generation.generation
        assert workspace.release.rollback().release == production


def test_an_undeclared_gate_is_said(bench: Workbench, model: ModelServer) -> None:
    configure(bench, url=model.base_url, suites="")
    with bench.open() as workspace:
        release = workspace.release.create().release.release
        with pytest.raises(UsageError, match="nothing was checked"):
            workspace.release.check(release)
        moved = workspace.release.promote(release)
        assert moved.reason == "promoted: no suite is declared"
        workspace.search("mill")
        skew = workspace.release.skew()
        assert (skew.standing, skew.ungated, skew.skewed) == ("undeclared", 1, True)
        with pytest.raises(UsageError, match="Nothing served in 'other'|No release that serves"):
            workspace.release.rollback(environment="other")
