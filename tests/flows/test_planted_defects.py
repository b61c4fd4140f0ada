"""The example with planted defects: each ends where it should, and changed gates move what they say."""

from __future__ import annotations

import importlib.util
import random
from pathlib import Path
from typing import Any

import pytest

import headrace
from headrace.workspace import Workspace
from tests.workbench import rows

EXAMPLE = Path(__file__).parents[2] / "examples" / "planted_defects.py"


def example() -> Any:
    """The module of the example."""
    spec = importlib.util.spec_from_file_location("planted_defects", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def served(workspace: Workspace) -> dict[str, dict[str, Any]]:
    """The first chunk that readers see of each document."""
    found: dict[str, dict[str, Any]] = {}
    for row in rows(workspace, "planted"):
        found.setdefault(row["document"].removeprefix("docs/"), row)
    return found


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """The example, synced."""
    example().write(tmp_path)
    with headrace.open(tmp_path) as opened:
        opened.sync()
    return headrace.open(tmp_path)


def test_each_defect_ends_where_it_should(workspace: Workspace) -> None:
    expected = example().EXPECTED
    with workspace:
        found = served(workspace)
        waiting = {
            item.document.removeprefix("docs/"): item for item in workspace.gates.quarantine.list().items
        }
        aliases = {item["document"]: item["winner"] for item in workspace.status().corpora[0].aliases}
        for document, (end, gate) in expected.items():
            if end == "alias":
                assert document not in found
                assert aliases.pop(f"docs/{document}") == "docs/good/mill.md"
            elif end == "waiting":
                assert document not in found
                assert waiting.pop(document).gate == gate
            else:
                tags = gate if end == "tagged" else None
                assert found.pop(document)["metadata"].get("failed_gates") == tags
        assert not waiting
        assert not aliases
        assert not found
        assert "4111" not in str(rows(workspace, "planted"))
        (report,) = workspace.gates.report().corpora
        by_name = {gate.gate: gate for gate in report.gates}
        for document, (end, gate) in expected.items():
            if gate and end != "alias":
                shown = by_name[gate]
                assert f"docs/{document}" in [example.document for example in shown.examples]
                assert (shown.waiting if end == "waiting" else shown.failed + shown.redacted) > 0
        assert sum(by_name["length"].scores.passed) + sum(by_name["length"].scores.failed) == report.documents  # type: ignore[union-attr]
        page = workspace.gates.report_page()
    assert page.count("<svg") == sum(gate.scores is not None for gate in report.gates)
    assert "http" not in page.replace("http-equiv", "")
    assert "<script" not in page


def configured(root: Path, changes: dict[str, tuple[str, object]]) -> None:
    """Write headrace.toml with other thresholds: gate to key and value."""
    text = example().GATES
    for gate, (key, value) in changes.items():
        head = f'name = "{gate}"\n'
        before, _, table = text.partition(head)
        own, mark, rest = table.partition("\n[[")
        kept = "".join(line + "\n" for line in own.splitlines() if not line.startswith(f"{key} "))
        text = f"{before}{head}{key} = {value}\n{kept}{mark}{rest}"
    (root / "headrace.toml").write_text(text, encoding="utf-8")


def test_a_changed_threshold_moves_exactly_what_was_told_and_reads_nothing(workspace: Workspace) -> None:
    root = workspace.root
    before = set(served(workspace))
    workspace.close()
    configured(root, {"length": ("minimum_characters", 270), "boilerplate": ("maximum_share", 0.99)})
    with headrace.open(root) as opened:
        (told,) = opened.gates.replay().corpora
        assert [(move.document, move.move, move.gate) for move in told.moves] == [
            ("docs/good/table.md", "leaves", "length"),
        ]
        assert told.judged == 0
        assert set(served(opened)) == before
        (done,) = opened.gates.replay(apply=True).corpora
        assert [(move.document, move.move) for move in done.moves] == [("docs/good/table.md", "leaves")]
        assert done.sync is not None
        assert done.sync.embeddings.computed == 0
        assert set(served(opened)) == before - {"good/table.md"}
        assert not opened.gates.replay().corpora[0].changed
    configured(root, {"length": ("minimum_characters", 10), "prompt_injection": ("minimum_score", 1.0)})
    with headrace.open(root) as opened:
        (done,) = opened.gates.replay(apply=True).corpora
        assert {(move.document, move.move, move.gate) for move in done.moves} == {
            ("docs/good/table.md", "enters", "length"),
            ("docs/bad/stub.md", "enters", "length"),
            ("docs/bad/order.md", "enters", "prompt_injection"),
        }


def test_what_is_told_is_what_happens_whatever_changes(workspace: Workspace) -> None:
    root, dice = workspace.root, random.Random(4)
    workspace.close()
    choices: dict[str, list[tuple[str, object]]] = {
        "length": [("minimum_characters", 10), ("minimum_characters", 300), ("maximum_characters", 420)],
        "parse_confidence": [("minimum", 0.0), ("minimum", 1.0)],
        "language": [("minimum_score", 0.9), ("languages", '["en", "de"]')],
        "prompt_injection": [("minimum_score", 0.3), ("minimum_score", 0.95)],
        "boilerplate": [("maximum_share", 0.97), ("on_failure", '"warn"')],
        "staleness": [("on_failure", '"quarantine"'), ("maximum_days", 3000)],
        "toxicity": [("on_failure", '"drop"')],
        "rules": [("minimum_words", 500)],
        "near_duplicate": [("threshold", 0.99), ("threshold", 0.4), ("authority", '["docs/copies/*"]')],
    }
    for round_ in range(4):
        changes = {gate: dice.choice(keys) for gate, keys in choices.items() if dice.random() < 0.5}
        configured(root, {"length": ("minimum_characters", 80), **changes})
        if round_ == 2:
            (root / "docs" / "good" / "wheel.md").write_text("Gone for repair.", encoding="utf-8")
        with headrace.open(root) as opened:
            before = set(served(opened))
            told = opened.gates.replay().corpora[0]
            done = opened.gates.replay(apply=True).corpora[0]
            after = set(served(opened))
        assert {(move.document, move.move, move.gate) for move in done.moves} == {
            (move.document, move.move, move.gate) for move in told.moves
        }, changes
        moved = {(move.document.removeprefix("docs/"), move.move) for move in done.moves}
        assert moved == {(name, "enters") for name in after - before} | {
            (name, "leaves") for name in before - after
        }


def test_one_gate_can_be_looked_at_but_all_move_together(workspace: Workspace) -> None:
    root = workspace.root
    workspace.close()
    configured(root, {"length": ("minimum_characters", 270), "prompt_injection": ("minimum_score", 0.95)})
    with headrace.open(root) as opened:
        (only,) = opened.gates.replay(gate="length").corpora
        assert {move.gate for move in only.moves} == {"length"}
        with pytest.raises(headrace.HeadraceError, match="change together"):
            opened.gates.replay(gate="length", apply=True)


def test_a_reason_with_markup_is_text_on_the_page(workspace: Workspace) -> None:
    from dataclasses import replace

    from headrace.flows.gates.page import page
    from headrace.records.gate_report import GateExample

    with workspace:
        report = workspace.gates.report()
    (corpus,) = report.corpora
    hostile = '<img src=x onerror="alert(1)">'
    example_ = GateExample(document=hostile, verdict="fail", score=1.0, reason=hostile, evidence=None)
    gates = [
        replace(gate, gate=hostile, examples=(example_,), limits={hostile: 0.5}) for gate in corpus.gates
    ]
    shown = page(replace(report, corpora=(replace(corpus, corpus=hostile, gates=gates),)))
    assert "<img" not in shown
    assert 'onerror="' not in shown
