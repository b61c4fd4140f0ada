"""One question or call within a session: what it is given of the history, and what is added to it."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from headrace.flows.sessions.followup import whole_question
from headrace.infer.embedders.batches import estimate_tokens
from headrace.observe.sessions.log import append, load, load_recent, opened, subject_of
from headrace.observe.sessions.reading import visible
from headrace.records.sessions import Appended, History, Turn, TurnInput
from headrace.records.wire import to_plain

if TYPE_CHECKING:
    from headrace.flows.sessions.parts import TalkParts
    from headrace.ledger.sessions import SessionRow
    from headrace.observe.sessions.fitting import Count
    from headrace.records.keys import Caller

_MARGIN = 2
"""Budgets of tokens that are read: those of turns are estimates, and a tokenizer may find fewer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """A session as it was when something was asked in it."""

    parts: TalkParts
    id: str
    row: SessionRow | None
    """None before its first turn."""
    subject: str | None
    """Keyed hash of the user."""
    caller: Caller | None
    access: Sequence[str]
    turns: Sequence[Turn]
    """Those whose documents the caller may see now."""
    withheld: int
    unread: int = 0
    """Turns before those: too old to fit."""

    def whole(self, question: str) -> tuple[str, list[str]]:
        """What to search for, and what the caller should know of it."""
        from headrace.flows.sessions.rewriting import rewritten

        config = self.parts.sessions.config
        if config.rewriter is None:
            return whole_question(question, self.turns), []
        return rewritten(self.parts, config.rewriter, question, self.turns, subject=self.subject)

    def history(self, question: str, *, count: Count = estimate_tokens) -> History:
        """What a prompt is given of it, within the budget."""
        from headrace.flows.sessions.history import history_of

        return history_of(self, question, count=count)

    def keep(self, turns: Sequence[TurnInput]) -> Future[Appended]:
        """Add what was said; the future resolves once it is durable."""
        return append(
            self.parts.sessions,
            self.id,
            turns,
            subject=self.subject,
            caller=self.caller,
            since=self.row.created_at_us if self.row else None,
        )


def converse(
    parts: TalkParts,
    session: str,
    *,
    user: str | None = None,
    access: Sequence[str] = (),
    caller: Caller | None = None,
) -> Conversation:
    """Open a session for a question; one that is not there begins with it.

    Raises UsageError for an id that cannot be, or a session of another user; NotFoundError for another key's.
    """
    subject = subject_of(parts.sessions, user)
    row = opened(parts.sessions, session, subject=subject, caller=caller)
    turns = _turns(parts, row) if row is not None else []
    seen = visible(parts.sessions, turns, access)
    return Conversation(
        parts=parts,
        id=session,
        row=row,
        subject=subject or (row.subject if row else None),
        caller=caller,
        access=tuple(access),
        turns=seen,
        withheld=len(turns) - len(seen),
        unread=max((row.turns if row else 0) - len(turns), 0),
    )


def _turns(parts: TalkParts, row: SessionRow) -> list[Turn]:
    """The turns that may go into a prompt: all of them only where something is made of the older ones."""
    config = parts.sessions.config
    if config.overflow != "trim":
        return load(parts.sessions, row)
    return load_recent(parts.sessions, row, tokens=_MARGIN * config.budget)


@dataclass(slots=True, kw_only=True)
class Talk:
    """A call within a session, as the gateway knows it (`infer.gateway.base.TurnKeeper`)."""

    conversation: Conversation
    said: str
    """What the user said: the turn that is kept beside the answer."""
    given: History = field(default_factory=History)

    @property
    def warnings(self) -> Sequence[str]:
        """What the caller should know."""
        return self.given.warnings

    def facts(self) -> dict[str, Any]:
        """What of the session went into the call."""
        return dict(to_plain(self.given.use)) if self.given.use else {"session": self.conversation.id}

    def keep(self, answer: str, *, trace_id: str, documents: Sequence[str]) -> Future[Any]:
        """Add the question and its answer."""
        turns = [
            TurnInput(role="user", content=self.said, trace_id=trace_id),
            TurnInput(role="assistant", content=answer, trace_id=trace_id, documents=tuple(documents)),
        ]
        spoken = [replace(turn) for turn in turns if turn.content.strip()]
        if not spoken:
            done: Future[None] = Future()
            done.set_result(None)
            return done
        return self.conversation.keep(spoken)
