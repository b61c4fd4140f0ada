"""The vault and the cache in a workspace: real documents, revisions, permissions and forgetting."""

from __future__ import annotations

import dataclasses
import sqlite3
from pathlib import Path

import pytest

from headrace.errors import NotFoundError
from headrace.infer.gateway.base import CachedOutput, CallRequest, Retrieved
from headrace.workspace import Workspace
from tests.workbench import Workbench

EXTRA = """
[corpus.docs.access]
"docs/board.md" = ["board"]
"*" = ["public"]

[cache]
exact = true

[erasure]
reader_wait = "0s"
"""


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    made = Workbench(tmp_path)
    made.configure(extra=EXTRA)
    made.write("leave.md", "Leave is approved by the team lead within two days.")
    made.write("board.md", "The board meets in March and decides on salaries.")
    made.sync()
    return made


def asked(
    workspace: Workspace, question: str, *, access: tuple[str, ...] = (), subject: str | None = None
) -> CallRequest:
    """A call that is given what a search finds."""
    hits = workspace.search(question, k=1, access=access).hits
    retrieved = [
        Retrieved(corpus="docs", document=hit.document, revision=hit.revision, chunk_id=hit.chunk_id)
        for hit in hits
    ]
    messages = [{"role": "user", "content": f"{hits[0].text}\n{question}"}]
    return CallRequest(
        messages=messages,
        model="m",
        retrieved=retrieved,
        access=access,
        subject=subject,
        vault="on",
        session=subject,
    )


def keep(workspace: Workspace, request: CallRequest, text: str) -> None:
    workspace.cache.put(request, CachedOutput(output=text, text=text, kind="exact", trace_id="t")).result()


def test_a_cited_document_changes_and_no_stale_answer_is_served(bench: Workbench) -> None:
    with bench.open() as workspace:
        before = asked(workspace, "Who approves leave?")
        keep(workspace, before, "The team lead.")
        assert workspace.cache.get(before) is not None
        bench.write("leave.md", "Leave is approved by the office within two days.")
        workspace.sync()
        assert workspace.cache.get(before) is None, "even for a call that was given the old revision"
        after = asked(workspace, "Who approves leave?")
        assert workspace.cache.get(after) is None
        keep(workspace, before, "The team lead.")
        assert workspace.caches.status().entries == 0, "what is stale already is not kept"


def test_a_hit_needs_the_permission_now(bench: Workbench) -> None:
    with bench.open() as workspace:
        request = asked(workspace, "When does the board meet?", access=("board",))
        assert request.retrieved[0].document == "docs/board.md"
        keep(workspace, request, "In March.")
        assert workspace.cache.get(request) is not None
        assert workspace.cache.get(dataclasses.replace(request, access=())) is None
    bench.configure(extra=EXTRA.replace('["board"]', '["owners"]'))
    with bench.open() as workspace:
        assert workspace.cache.get(request) is not None, "the rule counts from the next sync on"
        workspace.sync()
        assert workspace.cache.get(request) is None


def test_a_hidden_document_answers_nothing(bench: Workbench) -> None:
    with bench.open() as workspace:
        request = asked(workspace, "Who approves leave?")
        keep(workspace, request, "The team lead.")
        workspace.hide("docs/leave.md")
        assert workspace.cache.get(request) is None


def test_forgetting_a_document_takes_its_sessions_and_outputs_along(bench: Workbench) -> None:
    with bench.open() as workspace:
        request = asked(workspace, "Who approves leave?", subject="user-1")
        keep(workspace, request, "The team lead is John Doe.")
        shield = workspace.shields.shield(request)
        token = shield.hide("John Doe")
        shield.settle().result()
        report = workspace.forget("docs/leave.md")
        found = {item.store: item.items for item in report.erased}
        assert (found["vault"], found["cache"]) == (2, 1)
        assert report.certificate is not None
        assert report.scan.hits == 0
        with pytest.raises(NotFoundError):
            workspace.vault.reveal(token, reason="a test")
        assert workspace.caches.status().entries == 0
    tables = sqlite3.connect(bench.root / ".headrace" / "ledger.sqlite")
    assert tables.execute("SELECT count(*) FROM vault_keys").fetchone() == (0,)
    tables.close()


def test_forgetting_a_user_of_whom_no_document_tells(bench: Workbench) -> None:
    with bench.open() as workspace:
        of_one, of_two = (
            asked(workspace, "Who approves leave?", subject=name) for name in ("user-1", "user-2")
        )
        tokens = []
        for request in (of_one, of_two):
            keep(workspace, request, "The team lead.")
            shield = workspace.shields.shield(request)
            tokens.append(shield.hide("John Doe"))
            shield.settle().result()
        with pytest.raises(NotFoundError):
            workspace.forget("subject:user-3")
        assert workspace.forget("subject:user-1", dry_run=True).documents == ()
        report = workspace.forget("subject:user-1")
        assert {item.store: item.items for item in report.erased} == {"vault": 2, "cache": 1}
        assert report.certificate is not None
        assert report.certificate["statement"]["subjects"] != ["user-1"]
        with pytest.raises(NotFoundError):
            workspace.vault.reveal(tokens[0], reason="a test")
        assert (
            workspace.vault.reveal(tokens[1], reason="a test", session="user-2", subject="user-2").value
            == "John Doe"
        )
        assert workspace.cache.get(of_one) is None
        assert workspace.cache.get(of_two) is not None
        assert len(workspace.search("leave", k=5).hits) == 1, "documents stay"


def test_an_interrupted_forgetting_of_a_user_is_finished(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    with bench.open() as workspace:
        request = asked(workspace, "Who approves leave?", subject="user-1")
        keep(workspace, request, "The team lead.")
        monkeypatch.setenv("HEADRACE_FAILPOINTS", "erase.store_erased=raise:1")
        with pytest.raises(RuntimeError):
            workspace.forget("subject:user-1")
        monkeypatch.delenv("HEADRACE_FAILPOINTS")
        (report,) = workspace.forget_due()
        assert report.certificate is not None
        assert workspace.caches.status().entries == 0


def test_a_restored_backup_forgets_a_user_again(bench: Workbench, tmp_path: Path) -> None:
    state = bench.root / ".headrace"
    with bench.open() as workspace:
        request = asked(workspace, "Who approves leave?", subject="user-1")
        keep(workspace, request, "The team lead.")
        shield = workspace.shields.shield(request)
        token = shield.hide("John Doe")
        shield.settle().result()
    backup = {name: (state / name).read_bytes() for name in ("ledger.sqlite", "online.sqlite")}
    with bench.open() as workspace:
        workspace.forget("subject:user-1")
    for name, data in backup.items():
        (state / name).write_bytes(data)
    with bench.open() as workspace:
        assert workspace.vault.reveal(token, reason="a test").value == "John Doe"
        (report,) = workspace.forget_due()
        assert {item.store: item.items for item in report.erased} == {"vault": 2, "cache": 1}
        with pytest.raises(NotFoundError):
            workspace.vault.reveal(token, reason="a test")
        assert workspace.forget_due() == []
