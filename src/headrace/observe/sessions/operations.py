"""`workspace.sessions`: the operations on sessions, one call each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headrace.errors import UsageError

if TYPE_CHECKING:
    from headrace.observe.sessions.parts import SessionParts
    from headrace.records.keys import Caller
    from headrace.records.sessions import (
        Appended,
        SessionChange,
        SessionDetail,
        SessionList,
        TurnInput,
        TurnRole,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionOperations:
    """What can be done with sessions.

    With a `caller` only the sessions that its key began are there.
    """

    parts: SessionParts

    def list(self, *, user: str | None = None, limit: int = 50, caller: Caller | None = None) -> SessionList:
        """Sessions, the last used first: all, or those of a user. Raises UsageError."""
        from headrace.observe.sessions.reading import listed

        if limit < 1:
            raise UsageError(f"The limit is 1 or more, not {limit}.")
        return listed(self.parts, user=user, limit=limit, caller=caller)

    def show(
        self,
        session: str,
        *,
        last: int | None = None,
        access: Sequence[str] | None = None,
        caller: Caller | None = None,
    ) -> SessionDetail:
        """A session with its turns, or the last of them; with `access` what these labels open.

        Raises NotFoundError.
        """
        from headrace.observe.sessions.reading import shown

        return shown(self.parts, session, last=last, access=access, caller=caller)

    def append(
        self,
        session: str,
        content: str,
        *,
        role: TurnRole = "user",
        user: str | None = None,
        trace: str | None = None,
        expect: int | None = None,
        id: str | None = None,  # noqa: A002 - the word of the API
        caller: Caller | None = None,
    ) -> Appended:
        """Add a turn behind the last one; the first one begins the session.

        `expect` is the number of the last turn that the sender knows: another one is a StateConflict, and
        nothing is added. The same `id` is kept once. Raises UsageError, NotFoundError.
        """
        from headrace.records.sessions import TurnInput

        turn = TurnInput(role=role, content=content, trace_id=trace)
        return self.extend(session, [turn], user=user, expect=expect, id=id, caller=caller)

    def extend(
        self,
        session: str,
        turns: Sequence[TurnInput],
        *,
        user: str | None = None,
        expect: int | None = None,
        id: str | None = None,  # noqa: A002
        caller: Caller | None = None,
    ) -> Appended:
        """Add several turns at once, or none of them; otherwise as `append`."""
        from headrace.observe.sessions.log import append, appended, subject_of

        subject = subject_of(self.parts, user)
        return appended(
            append(self.parts, session, turns, subject=subject, caller=caller, expect=expect, key=id)
        )

    def close(self, session: str, *, caller: Caller | None = None) -> SessionChange:
        """Take no more turns; what was said stays until it expires. Raises NotFoundError."""
        from headrace.observe.sessions.removing import close

        return close(self.parts, session, caller=caller)

    def delete(self, session: str, *, caller: Caller | None = None) -> SessionChange:
        """Delete a session with its key and all that was made of it, bytes included. Raises NotFoundError."""
        from headrace.observe.sessions.removing import delete

        return delete(self.parts, session, caller=caller)
