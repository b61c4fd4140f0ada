"""docs/gates.md: every gate has its section with its keys, and the gate that is shown works."""

from __future__ import annotations

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
    (program,) = blocks(PAGE, "python")
    names: dict[str, Any] = {}
    exec(compile(program.text, str(PAGE), "exec"), names)
    gate = names["NoDrafts"]()
    assert isinstance(gate, Gate)
    assert judge(gate, "A DRAFT of a page").verdict == "fail"
    assert judge(gate, "A page").verdict == "pass"
