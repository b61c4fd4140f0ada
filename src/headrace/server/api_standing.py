"""Routes that say how far documents hold."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from headrace.records.freshness import DeprecateReport, DocumentHistory
from headrace.server.api import ACCESS, ERRORS, Served
from headrace.server.callers import labels_of
from headrace.server.replies import Reply

_NAME = Annotated[str, Field(min_length=1, max_length=4096)]


class DeprecateRequest(BaseModel):
    """A declaration, or one to be taken back."""

    model_config = ConfigDict(extra="forbid")

    document: Annotated[_NAME, Field(description="URI, `corpus/URI` or file name.")]
    by: Annotated[_NAME | None, Field(description="What to read instead.")] = None
    reason: Annotated[str, Field(max_length=2000, description="Why; it is kept.")] = ""
    undo: Annotated[bool, Field(description="Take the declaration back.")] = False


router = APIRouter(prefix="/api", responses=ERRORS, tags=["operations"])


@router.get("/history/{document:path}", response_model=DocumentHistory)
def history(
    workspace: Served,
    document: Annotated[str, Path(description="URI, `corpus/URI` or file name.")],
    access: Annotated[list[str] | None, Query(description=ACCESS, max_length=200)] = None,
) -> Reply:
    """Tell the life of a document: each revision, failure, move and mark, and how often it was met lately."""
    return Reply(workspace.history(document, access=labels_of(access)))


@router.post("/deprecate", response_model=DeprecateReport)
def deprecate(workspace: Served, asked: Annotated[DeprecateRequest, Body()]) -> Reply:
    """Declare that a document should no longer be relied on: it ranks lower from the next search on."""
    return Reply(workspace.deprecate(asked.document, by=asked.by, reason=asked.reason, undo=asked.undo))
