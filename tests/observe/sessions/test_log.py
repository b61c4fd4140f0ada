"""The log of sessions: order, compare-and-set, users, keys, expiry, and what forgetting leaves."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from headrace.errors import NotFoundError, StateConflict, StorageError, UsageError
from headrace.ledger import sessions
from headrace.ledger.storage.tables.sessions import sessions as table
from headrace.observe.sessions.log import append, checked_id
from headrace.records.keys import Caller
from headrace.records.sessions import Session, TurnInput
from headrace.workspace import Workspace
from tests.workbench import Workbench

MAIL = "eve.adams@example.com"
SECRET = "the heron nests in Zanzibar"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """One for all tests: each has sessions of its own."""
    bench = Workbench(tmp_path_factory.mktemp("sessions"))
    bench.configure(extra='[erasure]\nreader_wait = "0s"\n')
    with bench.open() as opened:
        yield opened


def caller(name: str) -> Caller:
    return Caller(id=name, name=name, scopes=frozenset(), access=(), per_minute=None, currency="EUR")


def test_turns_with_their_users_keys_and_numbers(workspace: Workspace) -> None:
    first = workspace.sessions.append("chat-1", f"Write to {MAIL}", user="eve")
    second = workspace.sessions.append("chat-1", "Done.", role="assistant", trace="ab12", expect=1)
    assert (first.first_seq, second.last_seq, second.new) == (1, 2, True)
    with pytest.raises(StateConflict, match="is at 2, not at 1") as conflict:
        workspace.sessions.append("chat-1", "Late.", expect=1)
    assert conflict.value.details == {"expected": 1, "found": 2}
    with pytest.raises(UsageError, match="another user"):
        workspace.sessions.append("chat-1", "Mine.", user="adam")
    with pytest.raises(NotFoundError):
        workspace.sessions.show("chat-1", caller=caller("key_a"))
    workspace.sessions.append("of-key", "Hello.", caller=caller("key_a"))
    with pytest.raises(NotFoundError):
        workspace.sessions.append("of-key", "Hello.", caller=caller("key_b"))
    assert [item.id for item in workspace.sessions.list(caller=caller("key_a")).sessions] == ["of-key"]
    (of_eve,) = workspace.sessions.list(user="eve").sessions
    assert (of_eve.id, of_eve.turns, of_eve.closed_at) == ("chat-1", 2, None)
    assert (of_eve.subject or "").startswith("subject_")
    detail = workspace.sessions.show("chat-1", last=1)
    assert [(turn.seq, turn.role, turn.trace_id) for turn in detail.items] == [(2, "assistant", "ab12")]
    assert workspace.sessions.show("chat-1").items[0].content == f"Write to {MAIL}", "usable as it was said"
    assert workspace.sessions.close("chat-1").state == "closed"
    with pytest.raises(UsageError, match="closed"):
        workspace.sessions.append("chat-1", "More.")
    for wrong in ("", "a b", "eve@example.com", "x" * 129):
        with pytest.raises(UsageError, match="cannot be the id"):
            checked_id(wrong)
    for turn in (TurnInput(role="user", content=" "), TurnInput(role="user", content="x" * 200_001)):
        with pytest.raises(UsageError, match="Allowed"):
            workspace.sessions.extend("chat-2", [turn])


def test_several_turns_are_added_together_or_not_at_all(workspace: Workspace) -> None:
    turns = [TurnInput(role="user", content="Why?"), TurnInput(role="assistant", content="So.")]
    kept = workspace.sessions.extend("pair", turns, id="once")
    again = workspace.sessions.extend("pair", turns, id="once")
    assert (kept.first_seq, kept.last_seq, kept.new) == (1, 2, True)
    assert (again.first_seq, again.last_seq, again.new) == (1, 2, False)
    with pytest.raises(UsageError):
        workspace.sessions.extend("pair", [*turns, TurnInput(role="user", content="")])
    assert len(workspace.sessions.show("pair").items) == 2


def test_a_session_that_was_deleted_meanwhile_does_not_come_back(workspace: Workspace) -> None:
    workspace.sessions.append("gone", "First.")
    with workspace.ledger.read() as conn:
        row = sessions.get(conn, "gone")
    assert row is not None
    workspace.sessions.delete("gone")
    workspace.sessions.append("gone", "Another one begins.")
    late = append(
        workspace.sessions.parts, "gone", [TurnInput(role="user", content="Late.")], since=row.created_at_us
    )
    with pytest.raises(StorageError, match="deleted while"):
        late.result()
    assert [turn.content for turn in workspace.sessions.show("gone").items] == ["Another one begins."]


def test_a_session_expires_and_its_id_is_free_again(workspace: Workspace) -> None:
    workspace.sessions.append("old", "Long ago.", user="eve")
    workspace.sessions.append("new", "Now.")
    long_ago = 91 * 86_400_000_000

    def age(tx: sessions.Write) -> None:  # type: ignore[name-defined]  # only a type there
        values = {"updated_at_us": table.c.updated_at_us - long_ago}
        tx.conn.execute(sa.update(table).where(table.c.id == "old").values(values))

    workspace.ledger.write(age)
    assert "old" not in [item.id for item in workspace.sessions.list(limit=99).sessions]
    with pytest.raises(NotFoundError):
        workspace.sessions.show("old")
    workspace.sessions.append("new", "A write takes out what has expired.")
    with workspace.ledger.read() as conn:
        assert sessions.get(conn, "old") is None
        assert sessions.count_turns(conn, ["old"]) == 0
    assert workspace.sessions.append("old", "Begun anew.", user="adam").last_seq == 1


def test_a_forgotten_user_leaves_nothing_and_others_stay(workspace: Workspace) -> None:
    workspace.sessions.append("of-ann", SECRET, user="ann", id="a")
    workspace.sessions.append("of-bob", "Kept.", user="bob")
    report = workspace.forget("subject:ann")
    assert {item.store: item.items for item in report.erased} == {"sessions": 1}
    with workspace.ledger.read() as conn:
        assert sessions.get(conn, "of-ann") is None
        assert sessions.count_turns(conn, ["of-ann", "of-bob"]) == 1
    assert workspace.sessions.show("of-bob").items[0].content == "Kept."
    path = Path(workspace.config.storage.ledger.removeprefix("sqlite:///"))
    assert SECRET.encode() not in path.read_bytes()
    rows = sqlite3.connect(path).execute("SELECT sealed FROM session_turns WHERE session = 'of-bob'")
    assert b"Kept" not in rows.fetchone()[0], "what is kept is sealed"


def test_a_body_opens_only_in_its_own_place(workspace: Workspace) -> None:
    workspace.sessions.append("moved", "One.")
    workspace.sessions.append("moved", "Two.")
    first = "SELECT sealed FROM session_turns WHERE session = 'moved' AND seq = 1"
    moved = f"UPDATE session_turns SET sealed = ({first}) WHERE session = 'moved' AND seq = 2"
    workspace.ledger.write(lambda tx: tx.conn.exec_driver_sql(moved))
    with pytest.raises(StorageError, match="cannot be opened"):
        workspace.sessions.show("moved")


def test_the_record_says_when_it_goes(workspace: Workspace) -> None:
    workspace.sessions.append("timed", "Hello.")
    found: Session = workspace.sessions.show("timed").session
    assert found.expires_at > found.updated_at
    assert found.tokens > 0
