"""The HTTP API of keys of callers."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Path
from pydantic import BaseModel, ConfigDict, Field

from headrace.records.keys import KeyCreated, KeyList, KeyReport, Scope
from headrace.server.api import ERRORS, Served
from headrace.server.replies import Reply

router = APIRouter(prefix="/api", responses=ERRORS, tags=["keys"])


class NewKey(BaseModel):
    """A key to make."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=64, description="Nobody else's, among those in use.")]
    scopes: Annotated[list[Scope], Field(description="What it opens; chat and embeddings if empty.")] = []
    access: Annotated[list[str], Field(description="Labels of documents.", max_length=200)] = []
    per_minute: Annotated[int | None, Field(ge=1, description="Requests a minute.")] = None
    budgets_per_day: Annotated[
        list[str], Field(description="Money such as `5 USD`, tokens such as `200000`.", max_length=2)
    ] = []


@router.post("/keys", response_model=KeyCreated)
def create(workspace: Served, asked: Annotated[NewKey, Body()]) -> Reply:
    """Make a key; its secret is in the answer and nowhere else. From then on every request needs a key."""
    given = asked.model_dump()
    return Reply(workspace.keys.create(given.pop("name"), **given))


@router.get("/keys", response_model=KeyList)
def list_keys(workspace: Served) -> Reply:
    """List keys with what they have used today; never a secret."""
    return Reply(workspace.keys.list())


@router.post("/keys/{name}/revoke", response_model=KeyReport)
def revoke(workspace: Served, name: Annotated[str, Path(description="Of a key.", max_length=64)]) -> Reply:
    """End a key: its next request is refused."""
    return Reply(workspace.keys.revoke(name))
