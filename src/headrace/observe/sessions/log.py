"""The log of a session: turns are added in order, sealed, and durable before anybody is told."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from headrace.errors import NotFoundError, StateConflict, StorageError, UsageError
from headrace.infer.embedders.batches import estimate_tokens
from headrace.ledger import sessions
from headrace.ledger.failpoints import declare, fire
from headrace.ledger.sessions import SessionRow, TurnRow
from headrace.ledger.storage.rows import storable
from headrace.records.sessions import Appended, Turn, TurnInput
from headrace.records.times import rfc3339

if TYPE_CHECKING:
    from headrace.ledger.storage.writer import Write
    from headrace.observe.sessions.parts import SessionParts
    from headrace.privacy.vault.single import Sealer
    from headrace.records.keys import Caller

IN_TRANSACTION = declare("sessions.in_transaction")
COMMITTED = declare("sessions.committed")
ROLES = ("user", "assistant", "system", "tool")
MOST_CHARACTERS = 200_000
"""The longest turn."""
MOST_AT_ONCE = 100
"""Turns in one write."""
MOST_TURNS = 10_000
"""Turns of one session."""
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")
_ALLOWED = "letters, digits, '.', '_', ':' and '-', at most 128, a letter or digit first"


def checked_id(session: str) -> str:
    """The id of a session. Raises UsageError for one that cannot be."""
    if not _ID.fullmatch(session):
        raise UsageError(
            f"{session!r} cannot be the id of a session. Allowed: {_ALLOWED}.",
            hint="It is written on every call as it is: name no user by it, make it up.",
        )
    return session


def subject_of(parts: SessionParts, user: str | None) -> str | None:
    """What stands for a user in the ledger; None for no user."""
    name = (user or "").strip()
    return parts.keyring.subject(name) if name else None


def opened(
    parts: SessionParts, session: str, *, subject: str | None = None, caller: Caller | None = None
) -> SessionRow | None:
    """The session of an id, if it is there and has not expired.

    Raises UsageError where it belongs to another user, NotFoundError where to another key.
    """
    with parts.ledger.read() as conn:
        row = sessions.get(conn, checked_id(session))
    if row is None or row.updated_at_us + parts.keep_us < _now_us():
        return None
    _check_owner(row, subject, caller)
    return row


def required(
    parts: SessionParts, session: str, *, subject: str | None = None, caller: Caller | None = None
) -> SessionRow:
    """The same, where it must be there. Raises NotFoundError."""
    row = opened(parts, session, subject=subject, caller=caller)
    if row is None:
        raise NotFoundError("session", session, hint="See `headrace session list`.")
    return row


def append(
    parts: SessionParts,
    session: str,
    turns: Sequence[TurnInput],
    *,
    subject: str | None = None,
    caller: Caller | None = None,
    expect: int | None = None,
    since: int | None = None,
    key: str | None = None,
) -> Future[Appended]:
    """Add turns behind the last one; the future resolves once they are durable.

    `expect` is the number of the last turn that the sender knows; `since` the time at which it saw the
    session begin, 0 for one that was not there. `key` names what is sent: the same one is kept once. The
    future fails with StateConflict, UsageError, NotFoundError or StorageError; then nothing was added.
    """
    _check(turns)
    name = checked_id(session)
    named = parts.keyring.keyed("turn", name, key) if key else None
    parts.keys.ready()

    def work(tx: Write) -> Appended:
        sessions.expire(tx, before_us=tx.now_us - parts.keep_us)
        row, sealer = _begun(parts, tx, name, subject, caller)
        before = sessions.sent(tx.conn, name, named) if named else None
        if before is not None:
            last = before.seq + len(turns) - 1
            return Appended(session=name, first_seq=before.seq, last_seq=last, new=False)
        _check_place(row, subject, caller, expect=expect, since=since, more=len(turns))
        rows = [
            _row(sealer, name, row.turns + place, turn, at_us=tx.now_us, key=named if place == 1 else None)
            for place, turn in enumerate(turns, start=1)
        ]
        tokens = sum(item.tokens for item in rows)
        if not sessions.advance(tx, name, expect=row.turns, turns=len(rows), tokens=tokens, subject=subject):
            raise StateConflict("Session", name, expected=row.turns, found=_count(tx, name))
        sessions.add_turns(tx, rows)
        fire(IN_TRANSACTION)
        return Appended(session=name, first_seq=row.turns + 1, last_seq=row.turns + len(rows))

    return parts.ledger.submit(work)


def appended(future: Future[Appended]) -> Appended:
    """Wait until turns are durable."""
    done = future.result()
    fire(COMMITTED)
    return done


def load(parts: SessionParts, row: SessionRow, *, last: int | None = None) -> list[Turn]:
    """The turns of a session in their order, or the last of them."""
    sealer = parts.keys.open(row.id, row.wrapped)
    with parts.ledger.read() as conn:
        rows = sessions.turns(conn, row.id, last=last)
    return [turn_of(sealer, item) for item in rows]


def load_recent(parts: SessionParts, row: SessionRow, *, tokens: int) -> list[Turn]:
    """The last turns that have so many tokens together: of a long session no more is opened."""
    with parts.ledger.read() as conn:
        number = sessions.reach(conn, row.id, tokens)
    return load(parts, row, last=number)


def turn_of(sealer: Sealer, row: TurnRow) -> Turn:
    """A turn, opened."""
    body: dict[str, Any] = sealer.open(row.sealed, place_of(row.session, row.seq))
    return Turn(
        seq=row.seq,
        role=row.role,  # type: ignore[arg-type]  # only roles were written
        content=body["content"],
        at=rfc3339(row.at_us),
        tokens=row.tokens,
        trace_id=row.trace_id,
        documents=tuple(body.get("documents", ())),
        search=body.get("search"),
    )


def body_of(turn: TurnInput | Turn) -> dict[str, Any]:
    """What is sealed of a turn."""
    body: dict[str, Any] = {"content": turn.content}
    if turn.documents:
        body["documents"] = list(turn.documents)
    if turn.search:
        body["search"] = turn.search
    return body


def place_of(session: str, seq: int) -> str:
    """What a sealed turn is bound to: moved to another row it does not open."""
    return f"{session}/{seq}"


def _begun(
    parts: SessionParts, tx: Write, name: str, subject: str | None, caller: Caller | None
) -> tuple[SessionRow, Sealer]:
    row = sessions.get(tx.conn, name)
    if row is not None and row.updated_at_us + parts.keep_us < tx.now_us:
        sessions.remove(tx, [name])
        row = None
    if row is not None:
        return row, parts.keys.open(name, row.wrapped)
    wrapped, sealer = parts.keys.make(name)
    row = SessionRow(
        id=name,
        subject=subject,
        owner=caller.name if caller else None,
        created_at_us=tx.now_us,
        updated_at_us=tx.now_us,
        closed_at_us=None,
        turns=0,
        tokens=0,
        wrapped=wrapped,
    )
    sessions.add(tx, row)
    return row, sealer


def _check_place(
    row: SessionRow,
    subject: str | None,
    caller: Caller | None,
    *,
    expect: int | None,
    since: int | None,
    more: int,
) -> None:
    """Refuse what may not be added here. Raises as `append` fails."""
    _check_owner(row, subject, caller)
    if row.closed_at_us is not None:
        raise UsageError(f"Session {row.id!r} is closed.", hint="Begin another one, under another id.")
    if since and row.created_at_us != since:
        raise StorageError(
            f"Session {row.id!r} was deleted while it was being used; nothing was added to it.",
            hint="Ask again: a new session begins.",
        )
    if expect is not None and expect != row.turns:
        raise StateConflict("Session", row.id, expected=expect, found=row.turns)
    if row.turns + more > MOST_TURNS:
        raise UsageError(f"Session {row.id!r} has {row.turns} turns. Allowed: {MOST_TURNS}.")


def _check_owner(row: SessionRow, subject: str | None, caller: Caller | None) -> None:
    if caller is not None and row.owner != caller.name:
        raise NotFoundError("session", row.id, hint="A key opens the sessions that it began.")
    if subject is not None and row.subject is not None and row.subject != subject:
        raise UsageError(
            f"Session {row.id!r} belongs to another user.", hint="Give each user sessions of their own."
        )


def _check(turns: Sequence[TurnInput]) -> None:
    if not 1 <= len(turns) <= MOST_AT_ONCE:
        raise UsageError(f"Add 1 to {MOST_AT_ONCE} turns at once, not {len(turns)}.")
    for turn in turns:
        if turn.role not in ROLES:
            raise UsageError(f"No turn has the role {turn.role!r}. Allowed: {', '.join(ROLES)}.")
        if not turn.content.strip() or len(turn.content) > MOST_CHARACTERS:
            raise UsageError(
                f"A turn has {len(turn.content):,} characters. Allowed: 1 to {MOST_CHARACTERS:,}, not all "
                "of them spaces."
            )


def _row(sealer: Sealer, session: str, seq: int, turn: TurnInput, *, at_us: int, key: str | None) -> TurnRow:
    return TurnRow(
        session=session,
        seq=seq,
        role=turn.role,
        trace_id=None if turn.trace_id is None else storable(turn.trace_id),
        tokens=estimate_tokens(turn.content),
        at_us=at_us,
        key=key,
        sealed=sealer.seal(body_of(turn), place_of(session, seq)),
    )


def _count(tx: Write, session: str) -> int:
    row = sessions.get(tx.conn, session)
    return 0 if row is None else row.turns


def _now_us() -> int:
    return time.time_ns() // 1000
