"""The HTTP API of consents: what users allow to be done with what they said."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from headrace.records.traces import ConsentList, ConsentReport
from headrace.server.api import ERRORS, Served
from headrace.server.replies import Reply

User = Annotated[str, Path(description="As calls name the user; a keyed hash is kept.", max_length=1000)]

router = APIRouter(prefix="/api/consents", responses=ERRORS, tags=["traces"])


class ConsentRequest(BaseModel):
    """What a user allows; what is left out stays as it is."""

    model_config = ConfigDict(extra="forbid")

    eval: Annotated[bool | None, Field(description="Whether evaluation may use it.")] = None
    training: Annotated[bool | None, Field(description="Whether training may use it.")] = None
    reason: Annotated[str, Field(max_length=2000, description="Kept with the decision.")] = ""


@router.get("", response_model=ConsentList)
def list_consents(
    workspace: Served, limit: Annotated[int, Query(ge=1, le=10_000, description="How many.")] = 100
) -> Reply:
    """List the decisions of all users, newest first."""
    return Reply(workspace.consents.list(limit=limit))


@router.get("/{user}", response_model=ConsentReport)
def show_consent(workspace: Served, user: User) -> Reply:
    """Give what a user allows now, and every decision."""
    return Reply(workspace.consents.show(user))


@router.post("/{user}", response_model=ConsentReport)
def set_consent(workspace: Served, user: User, asked: Annotated[ConsentRequest, Body()]) -> Reply:
    """Record what a user allows; it counts at once."""
    return Reply(workspace.consents.set(user, eval=asked.eval, training=asked.training, reason=asked.reason))
