"""Drafts are forgotten with the user who asked, and with the document they were answered from."""

from __future__ import annotations

from pathlib import Path

from headrace.curate.coverage.eraser import QueryEraser
from headrace.curate.curation.eraser import CurationEraser
from headrace.ledger import curation
from headrace.ledger.erasure.scope import Scope
from headrace.wiring_curation import curation_parts, query_folder
from headrace.workspace import Workspace
from tests.curate.traffic import asked, send
from tests.workbench import Workbench

WORD = "Zanzibar"


def states(workspace: Workspace) -> dict[str, str | None]:
    found = workspace.curation.list(states=("new", "accepted", "rejected"), limit=100).items
    return {item.id: item.question for item in found}


def test_drafts_go_with_their_user(tmp_path: Path) -> None:
    with Workbench(tmp_path).open() as workspace:
        first, second = asked("Who owns the mill?"), asked("Where do herons nest?")
        send(workspace, first, second, asked("When is it open?"), asked("What is the fee?"))
        workspace.signals.add(first.trace_id, "correction", f"The lord of {WORD}.", user="eve")
        workspace.signals.add(second.trace_id, "correction", "By the river.", user="ann")
        for span in (first, second):
            workspace.signals.add(span.trace_id, "thumbs", "down")
        workspace.curation.run()
        workspace.coverage.measure()
        assert set(states(workspace).values()) == {"Who owns the mill?", "Where do herons nest?"}
        parts = curation_parts(workspace)
        scope = Scope(targets=(), subjects=(parts.keyring.subject("eve"),))
        eraser = CurationEraser(workspace.ledger, workspace.events, parts.keyring)
        assert eraser.find(scope) == 1
        assert eraser.erase(scope) == 1
        eraser.clean(scope)
        assert eraser.find(scope) == 0
        assert set(states(workspace).values()) == {"Where do herons nest?"}
        with workspace.ledger.read() as conn:
            assert curation.items_of_traces(conn, [first.trace_id]) == ()
        folder = query_folder(workspace)
        assert folder is not None
        queries = QueryEraser(folder)
        assert queries.find(scope) > 0
        assert queries.erase(scope) > 0
        queries.clean(scope)
        assert queries.find(scope) == 0
        workspace.coverage.measure()  # made again


def test_drafts_lose_their_words_with_a_document(tmp_path: Path) -> None:
    bench = Workbench(tmp_path)
    bench.configure(extra='[erasure]\nreader_wait = "0s"\n')
    bench.write("mill.md", f"# The mill\n\nThe mill of {WORD} stands by the river since 1420.\n")
    bench.write("herons.md", "# Herons\n\nHerons nest by the lake in spring.\n")
    bench.sync()
    with bench.open() as workspace:
        told, other = workspace.ask("Where does the mill stand?"), workspace.ask("Where do herons nest?")
        assert WORD in told.answer
        for answer in (told, other):
            workspace.signals.add(answer.trace_id, "thumbs", "down")
        workspace.curation.run()
        assert len(states(workspace)) == 2
        workspace.forget("docs/mill.md")
        erased = [question for question in states(workspace).values() if question is None]
        assert len(erased) >= 1
        assert len(states(workspace)) == 2  # that there was a draft stays
        empty = next(name for name, question in states(workspace).items() if question is None)
        assert workspace.curation.show(empty).body == {}
    for file in (tmp_path / ".headrace").rglob("*"):
        if file.is_file() and "keys" not in file.parts:
            assert WORD.encode() not in file.read_bytes(), file
