"""The HTTP API of sessions and profiles.

A key opens the sessions that it began; what a session shows obeys the permissions of the documents it quotes.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from headrace.records.profiles import Profile, ProfileHistory, ProfileList
from headrace.records.sessions import (
    Appended,
    SessionChange,
    SessionDetail,
    SessionList,
    TurnInput,
    TurnRole,
)
from headrace.server.api import ACCESS, ERRORS, Served, UserName
from headrace.server.callers import CALLER, labels_of
from headrace.server.replies import Reply

SessionPath = Annotated[str, Path(description="Id of the session.", max_length=128)]
NamePath = Annotated[str, Path(description="NAME of `[profiles.NAME]`.", max_length=64)]
UserPath = Annotated[str, Path(description="Whose profile; only a keyed hash is kept.", max_length=1000)]
Limit = Annotated[int, Query(ge=1, le=1000, description="How many.")]
Labels = Annotated[list[str] | None, Query(description=ACCESS, max_length=200)]

router = APIRouter(prefix="/api/sessions", responses=ERRORS, tags=["sessions"])
profile_router = APIRouter(prefix="/api/profiles", responses=ERRORS, tags=["profiles"])


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")


class TurnBody(_Asked):
    """A turn to add."""

    role: Annotated[TurnRole, Field(description="Who said it.")] = "user"
    content: Annotated[str, Field(description="The words.", min_length=1, max_length=200_000)]
    trace: Annotated[str | None, Field(description="The call that gave it.", max_length=64)] = None


class AppendRequest(_Asked):
    """Turns to add, all or none."""

    turns: Annotated[list[TurnBody], Field(min_length=1, max_length=100, description="In their order.")]
    user: UserName = None
    expect: Annotated[int | None, Field(ge=0, description="Only if this is the last turn's number.")] = None
    id: Annotated[str | None, Field(max_length=200, description="Of your own: it is kept once.")] = None


class ProfileRequest(_Asked):
    """What is to become of a profile."""

    fields: Annotated[dict[str, Any], Field(description="Fields to set.")] = {}
    remove: Annotated[list[str], Field(description="Fields to take out.", max_length=1000)] = []
    value: Annotated[dict[str, Any] | None, Field(description="All of it anew.")] = None
    expect: Annotated[int | None, Field(ge=0, description="Only if this version counts; 0: none.")] = None
    reason: Annotated[str, Field(description="Why; kept with the change.", max_length=1000)] = ""


@router.get("", response_model=SessionList)
def list_sessions(
    workspace: Served,
    user: Annotated[str | None, Query(description="Only of this user.", max_length=1000)] = None,
    limit: Limit = 50,
) -> Reply:
    """List sessions, the last used first."""
    return Reply(workspace.sessions.list(user=user, limit=limit, caller=CALLER.get()))


@router.get("/{session}", response_model=SessionDetail)
def show_session(
    workspace: Served,
    session: SessionPath,
    last: Annotated[int | None, Query(ge=1, le=10_000, description="Only the last turns.")] = None,
    access: Labels = None,
) -> Reply:
    """Show what was said in a session; turns that quote what the labels do not open are left out."""
    labels = labels_of(access)
    return Reply(workspace.sessions.show(session, last=last, access=labels, caller=CALLER.get()))


@router.post("/{session}/turns", response_model=Appended)
def append_turns(workspace: Served, session: SessionPath, asked: Annotated[AppendRequest, Body()]) -> Reply:
    """Add turns behind the last one; 409 where `expect` is not its number."""
    turns = [TurnInput(role=turn.role, content=turn.content, trace_id=turn.trace) for turn in asked.turns]
    return Reply(
        workspace.sessions.extend(
            session, turns, user=asked.user, expect=asked.expect, id=asked.id, caller=CALLER.get()
        )
    )


@router.post("/{session}/close", response_model=SessionChange)
def close_session(workspace: Served, session: SessionPath) -> Reply:
    """Take no more turns."""
    return Reply(workspace.sessions.close(session, caller=CALLER.get()))


@router.post("/{session}/delete", response_model=SessionChange)
def delete_session(workspace: Served, session: SessionPath) -> Reply:
    """Delete a session with its key, bytes included."""
    return Reply(workspace.sessions.delete(session, caller=CALLER.get()))


@profile_router.get("", response_model=ProfileList)
def list_profiles(
    workspace: Served,
    name: Annotated[str | None, Query(description="Only this kind.", max_length=64)] = None,
    limit: Limit = 100,
) -> Reply:
    """List profiles, the last changed first, by keyed hashes of their users."""
    return Reply(workspace.profiles.list(name, limit=limit))


@profile_router.get("/{name}/{user}", response_model=Profile)
def get_profile(
    workspace: Served,
    name: NamePath,
    user: UserPath,
    version: Annotated[int | None, Query(ge=1, description="As it was in this version.")] = None,
) -> Reply:
    """Give the profile of a user, in the newest version of its schema."""
    return Reply(workspace.profiles.get(name, user, version=version))


@profile_router.post("/{name}/{user}", response_model=Profile)
def set_profile(
    workspace: Served, name: NamePath, user: UserPath, asked: Annotated[ProfileRequest, Body()]
) -> Reply:
    """Change a profile; 409 where `expect` is not the version that counts."""
    return Reply(
        workspace.profiles.set(
            name,
            user,
            asked.fields,
            remove=asked.remove,
            value=asked.value,
            expect=asked.expect,
            reason=asked.reason,
            caller=CALLER.get(),
        )
    )


@profile_router.get("/{name}/{user}/history", response_model=ProfileHistory)
def profile_history(workspace: Served, name: NamePath, user: UserPath, limit: Limit = 100) -> Reply:
    """Show every change of a profile, the newest first."""
    return Reply(workspace.profiles.history(name, user, limit=limit))
