"""Build, compare, cut over, roll back: what is allowed, what is refused, and what is on record."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from headrace.errors import UsageError, Withheld
from tests.workbench import Workbench, rows


def _bench(root: Path, documents: int = 12) -> Workbench:
    bench = Workbench(root)
    for number in range(documents):
        bench.write(
            f"{number}.md", f"Mill number {number} stands at weir {number * 37}.\n\n" + "Words. " * 30
        )
    bench.sync()
    return bench


def _golden(bench: Workbench, documents: int = 12) -> None:
    lines = [
        json.dumps({"question": f"Where does mill number {number} stand?", "document": f"{number}.md"})
        for number in range(documents)
    ]
    (bench.root / "golden.jsonl").write_text("\n".join(lines), encoding="utf-8")


def test_a_build_holds_what_serves_and_serves_nothing(tmp_path: Path) -> None:
    bench = _bench(tmp_path)
    with bench.open() as workspace:
        before = rows(workspace)
        report = workspace.index.build(recipe={"embedder": "hash:32"})
        assert rows(workspace) == before
        made = workspace.index.show(report.generation)
    assert (report.state, report.coverage, report.documents, report.cost) == ("validating", 1.0, 12, 0.0)
    assert 0 < report.embeddings.computed <= report.chunks
    assert made.generation.overrides == {"embedder": "hash:32"}
    assert made.generation.sources == {"docs": 12}
    assert [step.state for step in made.history] == ["building", "validating"]
    fresh = Workbench(tmp_path / "fresh")
    fresh.configure(embedder="hash:32")
    for path in (bench.root / "docs").iterdir():
        fresh.write(path.name, path.read_text())
    assert fresh.sync().digest == report.digest


@pytest.mark.parametrize(
    ("recipe", "said"),
    [
        ({"chunk_token": "16"}, "chunk_overlap, chunk_tokens, embedder"),
        ({"chunk_tokens": "many"}, "must be a whole number"),
        ({"chunk_tokens": "3"}, "16 to 32768"),
        ({"embedder": "minlm"}, "not a known embedder"),
        ({}, "was built by this recipe"),
    ],
)
def test_what_cannot_be_built_is_said(tmp_path: Path, recipe: dict[str, str], said: str) -> None:
    with _bench(tmp_path, 1).open() as workspace, pytest.raises(UsageError) as caught:
        workspace.index.build(recipe=recipe)
    assert said in caught.value.message
    assert caught.value.hint


def test_a_fresh_generation_of_the_same_recipe(tmp_path: Path) -> None:
    bench = _bench(tmp_path)
    with bench.open() as workspace:
        report = workspace.index.build(fresh=True)
        first, second = workspace.index.list().generations
        assert (first.digest, report.embeddings.computed) == (second.digest, 0)
        assert workspace.index.compare("docs/1", "docs/2").coverage == 1.0
    bench.write("0.md", "Changed.")
    synced = bench.sync()
    assert (synced.generation, synced.beside[0].generation) == (first.generation, second.generation)


def test_a_comparison_needs_something_to_go_by(tmp_path: Path) -> None:
    bench = _bench(tmp_path)
    with bench.open() as workspace:
        workspace.index.build(recipe={"chunk_tokens": "64"})
        compared = workspace.index.compare("docs/1", "docs/2")
        assert (compared.verdict, compared.queries, compared.recall_at_k) == ("inconclusive", 0, {})
        with pytest.raises(Withheld, match="too few"):
            workspace.index.cutover()
        for number in range(20):
            workspace.search(f"mill number {number}")
        calls = workspace.events.count(0)
        compared = workspace.index.compare("docs/1", "docs/2")
        assert workspace.events.count(0) == calls, "a comparison is no call"
        assert (compared.verdict, compared.queries) == ("pass", 20)
        assert compared.overlap_at_k is not None
        assert 0.5 <= compared.overlap_at_k <= 1.0
        assert set(compared.latency_ms["a"]) == set(compared.latency_ms["b"]) == {"p50", "p95"}


def test_a_golden_set_decides(tmp_path: Path) -> None:
    bench = _bench(tmp_path)
    _golden(bench)
    with bench.open() as workspace:
        workspace.index.build(recipe={"chunk_tokens": "64"})
        compared = workspace.index.compare("docs/1", "docs/2", k=3)
        assert (compared.verdict, compared.recall_at_k["questions"]) == ("pass", 12)
        assert compared.recall_at_k["a"] == compared.recall_at_k["b"] == 1.0
        assert workspace.index.cutover().forced == ()


def test_what_lacks_a_document_fails_and_a_forced_cutover_says_what_it_passed_over(tmp_path: Path) -> None:
    bench = _bench(tmp_path)
    _golden(bench)
    with bench.open() as workspace:
        report = workspace.index.build(recipe={"chunk_tokens": "64"})
    bench.write("0.md", "Changed, and the other generation is not told.")
    (bench.root / "docs" / "1.md").unlink()
    _without_the_others(bench)
    with bench.open() as workspace:
        compared = workspace.index.compare("docs/1", "docs/2")
        assert (compared.verdict, compared.ghosts) == ("fail", 1)
        assert compared.coverage == pytest.approx(10 / 11)
        with pytest.raises(Withheld, match="lacks 1 of 11"):
            workspace.index.cutover("docs/2")
        with pytest.raises(UsageError, match="needs a reason"):
            workspace.index.cutover(force=True)
        switched = workspace.index.cutover("docs/2", force=True, reason="the old one is on fire")
        assert any("lacks 1 of 11" in reason for reason in switched.forced)
        assert "the old one is on fire" in workspace.index.show(report.generation).history[-1].reason
        at = [ref.reason for ref in workspace.at("now").refs]
        assert any("the old one is on fire" in reason for reason in at)


def _without_the_others(bench: Workbench) -> None:
    """Sync as if the other generations were out of their time."""
    from headrace.ledger import generations

    with bench.open() as workspace:
        other = workspace.index.list().generations[1].generation

        def retire(tx: object) -> None:
            generations.set_state(tx, other, "retired", actor="a test", reason="a test")  # type: ignore[arg-type]

        workspace.ledger.write(retire)
    bench.sync()


def test_a_rollback_needs_something_to_go_back_to_that_is_in_step(tmp_path: Path) -> None:
    bench = _bench(tmp_path)
    with bench.open() as workspace, pytest.raises(UsageError, match="ever served"):
        workspace.index.rollback()
    bench.configure(chunk_tokens=64, extra='\n[index]\nkeep_retired = "0s"\n')
    bench.sync()
    bench.write("0.md", "Changed since.")
    bench.sync()
    with bench.open() as workspace:
        with pytest.raises(Withheld, match="lacks 1 of 12"):
            workspace.index.rollback()
        back = workspace.index.rollback(force=True, reason="better stale than wrong")
        assert back.forced
        assert back.configuration[0] == "[corpus.docs.recipe]"
    synced = bench.sync()
    assert synced.generation == back.generation, "a rollback is a choice by hand, too"
    with bench.open() as workspace:
        assert workspace.search("changed since").hits[0].text == "Changed since."
        assert workspace.index.rollback(force=True, reason="forward again").generation == back.former
