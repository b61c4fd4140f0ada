"""The HTTP API of calls and of their dead letters."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from headrace.records.calls import (
    CallLetterDetail,
    CallLetters,
    CallReport,
    CallStats,
    ReplayReport,
    SettledLetters,
)
from headrace.server.api import ACCESS, ERRORS, Entity, Served, SessionId, UserName
from headrace.server.callers import CALLER, labels_of
from headrace.server.replies import Reply

router = APIRouter(prefix="/api", responses=ERRORS, tags=["calls"])

LetterId = Annotated[str, Path(description="Of a dead letter.", max_length=100)]
Ids = Annotated[list[str], Field(description="Of dead letters.", max_length=10_000)]


class Call(BaseModel):
    """A call of a prompt."""

    model_config = ConfigDict(extra="forbid")

    prompt: Annotated[str, Field(min_length=1, max_length=200, description="`NAME` or `NAME@LABEL`.")]
    variables: Annotated[dict[str, Any], Field(description="What the prompt takes.")] = {}
    model: Annotated[str | None, Field(description="Another model than the prompt names.")] = None
    session: SessionId = None
    user: UserName = None
    subject: Annotated[str | None, Field(description="The same as `user`.", max_length=1000)] = None
    entity: Entity = {}
    access: Annotated[list[str], Field(description=ACCESS, max_length=200)] = []
    idempotency_key: Annotated[
        str | None, Field(description="Within a day the same call is made once.", max_length=200)
    ] = None


class Replay(BaseModel):
    """Dead letters to try again."""

    model_config = ConfigDict(extra="forbid")

    ids: Ids = []
    all: Annotated[bool, Field(description="Every open letter.")] = False
    of_prompt: Annotated[str | None, Field(description="Every open letter of this prompt.")] = None
    model: Annotated[str | None, Field(description="Call this model instead.")] = None
    prompt: Annotated[str | None, Field(description="Call with this prompt instead.")] = None


class Closing(BaseModel):
    """Dead letters to close."""

    model_config = ConfigDict(extra="forbid")

    ids: Annotated[list[str], Field(description="Of dead letters.", min_length=1, max_length=10_000)]


@router.post("/call", response_model=CallReport)
def call(workspace: Served, asked: Annotated[Call, Body()]) -> Reply:
    """Call a model with a prompt. A dead-lettered one answers 200, with `dead_letter` and no output."""
    return Reply(
        workspace.calls.run(
            asked.prompt,
            asked.variables,
            model=asked.model,
            session=asked.session,
            subject=asked.user or asked.subject,
            entity=asked.entity,
            access=labels_of(asked.access),
            idempotency_key=asked.idempotency_key,
            caller=CALLER.get(),
        )
    )


@router.get("/calls/stats", response_model=CallStats)
def stats(
    workspace: Served,
    since: Annotated[str, Query(description="Calls no older than `90m`, `24h`, `7d`.")] = "7d",
) -> Reply:
    """Count calls: valid as written, repaired, asked again, fallen back, dead-lettered."""
    return Reply(workspace.calls.stats(since=since))


@router.get("/dead-letters", response_model=CallLetters)
def letters(
    workspace: Served,
    prompt: Annotated[str | None, Query(description="Only of this prompt.")] = None,
    state: Annotated[Literal["open", "resolved", "discarded"], Query(description="Which.")] = "open",
) -> Reply:
    """List dead letters, oldest first."""
    return Reply(workspace.calls.letters(prompt=prompt, state=state))


@router.get("/dead-letters/{id}", response_model=CallLetterDetail)
def letter(workspace: Served, id: LetterId) -> Reply:  # noqa: A002 - the name of the parameter in the path
    """Show a dead letter with its request and every attempt."""
    return Reply(workspace.calls.letter(id))


@router.post("/dead-letters/replay", response_model=ReplayReport)
def replay(workspace: Served, asked: Annotated[Replay, Body()]) -> Reply:
    """Try dead letters again, after a schema, prompt or model was put right."""
    return Reply(
        workspace.calls.replay(
            asked.ids, all=asked.all, of_prompt=asked.of_prompt, model=asked.model, prompt=asked.prompt
        )
    )


@router.post("/dead-letters/resolve", response_model=SettledLetters)
def resolve(workspace: Served, asked: Annotated[Closing, Body()]) -> Reply:
    """Close dead letters that were dealt with elsewhere; what was kept of them goes."""
    return Reply(workspace.calls.resolve(asked.ids))


@router.post("/dead-letters/discard", response_model=SettledLetters)
def discard(workspace: Served, asked: Annotated[Closing, Body()]) -> Reply:
    """Close dead letters that nobody needs; what was kept of them goes."""
    return Reply(workspace.calls.discard(asked.ids))
