"""Routes that say how far documents hold."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body
from pydantic import BaseModel, ConfigDict, Field

from headrace.records.freshness import DeprecateReport
from headrace.server.api import ERRORS, Served
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


@router.post("/deprecate", response_model=DeprecateReport)
def deprecate(workspace: Served, asked: Annotated[DeprecateRequest, Body()]) -> Reply:
    """Declare that a document should no longer be relied on: it ranks lower from the next search on."""
    return Reply(workspace.deprecate(asked.document, by=asked.by, reason=asked.reason, undo=asked.undo))
