"""docs/gates.md: every gate has its section with its keys, and the gate that is shown works."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from headrace.ingest.gates.base import ACTIONS, Gate, documents_schema
from headrace.ingest.gates.builtin import BUILT_IN
from tests.docs.pages import DOCS, blocks, code, headings, read, section, tables
from tests.ingest.gates.documents import judge

PAGE = DOCS / "gates.md"


def test_every_gate_has_its_section_and_every_action_its_row() -> None:
    assert [title for title in headings(PAGE) if title in BUILT_IN] == sorted(
        BUILT_IN, key=headings(PAGE).index
    )
    for place in BUILT_IN.values():
        assert f"generated: keys {place.replace(':', '.')} " in read(PAGE)
    (actions,) = tables(section(PAGE, "What becomes of a document that fails"))
    assert [code(row[0]) for row in actions] == list(ACTIONS)


def test_the_columns_are_those_that_gates_get() -> None:
    (columns,) = tables(section(PAGE, "A gate of your own"))
    assert [code(row[0]) for row in columns] == documents_schema().names


def test_the_gate_that_is_shown_works() -> None:
    gate = _shown("NoDrafts")()
    assert isinstance(gate, Gate)
    assert judge(gate, "A DRAFT of a page").verdict == "fail"
    assert judge(gate, "A page").verdict == "pass"


def test_the_classifier_that_is_shown_works(tmp_path: Path) -> None:
    weights = tmp_path / "abuse.json"
    weights.write_text(json.dumps({"bias": -2.0, "useless": 3.5}))
    made = _shown("Abuse")
    gate = made(weights=str(weights))
    assert isinstance(gate, Gate)
    found = judge(gate, "You are useless.")
    assert (found.verdict, round(found.score or 0, 3)) == ("fail", 0.818)
    assert judge(gate, "You are early.").verdict == "pass"
    assert judge(made(weights=str(weights), minimum_score=0.9), "You are useless.").verdict == "pass"


def _shown(name: str) -> Any:
    """A class of the page."""
    names: dict[str, Any] = {}
    for program in blocks(PAGE, "python"):
        exec(compile(program.text, str(PAGE), "exec"), names)
    return names[name]
