"""Sessions: what was said in them, and what of it went into a call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

TurnRole = Literal["user", "assistant", "system", "tool"]
"""Who said something."""
Overflow = Literal["trim", "summarise", "retrieve"]
"""What is done with turns that no longer fit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnInput:
    """Something to be added to a session."""

    role: TurnRole
    """Who said it."""
    content: str
    """The words."""
    trace_id: str | None = None
    """The call that gave it."""
    documents: Sequence[str] = ()
    """`corpus/URI` of what it quotes or draws on: who may not see one of them does not see the turn."""
    search: str | None = None
    """Of a question that leans on an earlier one: what was searched for instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Something that was said."""

    seq: int
    """Its number in the session, from 1 without a gap."""
    role: TurnRole
    """Who said it."""
    content: str
    """The words; `[erased]` where a document that they quote was forgotten."""
    at: str
    """When it was kept, RFC 3339."""
    tokens: int
    """About how many the words have."""
    trace_id: str | None = None
    """The call that gave it, for `why`."""
    documents: Sequence[str] = ()
    """`corpus/URI` of what it quotes or draws on."""
    search: str | None = None
    """What was searched for instead of the question."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A conversation."""

    id: str
    """As its application names it."""
    subject: str | None
    """Keyed hash of the user."""
    created_at: str
    """RFC 3339."""
    updated_at: str
    """When its last turn was added, RFC 3339."""
    closed_at: str | None
    """Since when it takes no more turns."""
    expires_at: str
    """When it is deleted unless it is used, RFC 3339."""
    turns: int
    """How many there are."""
    tokens: int
    """About how many they have together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionList:
    """Sessions."""

    sessions: Sequence[Session]
    """The last used first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What a model wrote of the older turns."""

    text: str
    """The summary."""
    first_seq: int
    """The first turn it tells of."""
    last_seq: int
    """The last one."""
    model: str
    """Who wrote it."""
    trace_id: str | None
    """The call that wrote it, for `why`."""
    made_at: str
    """RFC 3339."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionDetail:
    """A session with its turns."""

    session: Session
    """The conversation."""
    items: Sequence[Turn]
    """Its turns in their order."""
    withheld: int = 0
    """Turns that quote a document that the caller may not see."""
    summaries: Sequence[Summary] = ()
    """What was made of older turns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Appended:
    """Turns that were added."""

    session: str
    """The session."""
    first_seq: int
    """Number of the first one."""
    last_seq: int
    """Number of the last one: what the next `expect` is."""
    new: bool = True
    """False where the same id was sent before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionChange:
    """A session that was closed or deleted."""

    session: str
    """The session."""
    state: Literal["closed", "deleted"]
    """What it is now."""
    turns: int
    """How many turns it has, or had."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryUse:
    """What of a session went into a call: an attribute of its span."""

    session: str
    """The session."""
    seq: int
    """Number of its last turn when the call was made."""
    policy: Overflow
    """What is done with what does not fit."""
    budget: int
    """Tokens that history may take."""
    tokens: int
    """Tokens it took."""
    kept: int
    """Turns given word for word, because they are the newest."""
    trimmed: int = 0
    """Turns left out."""
    summarised: int = 0
    """Turns told by a summary."""
    retrieved: int = 0
    """Older turns given because they fit the question."""
    cut: int = 0
    """Turns of which only the beginning went in."""
    withheld: int = 0
    """Turns that quote a document that the caller may not see."""
    summary: str | None = None
    """The call that wrote the summary."""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What a prompt is given of a session."""

    messages: Sequence[Mapping[str, str]] = ()
    """`role` and `content` of each, oldest first; a summary stands first, as `system`."""
    use: HistoryUse | None = None
    """What was taken, and what not."""
    warnings: Sequence[str] = field(default=())
    """What the caller should know of it."""
