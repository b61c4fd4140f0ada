"""The HTTP API of forgetting."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body
from pydantic import BaseModel, ConfigDict, Field

from headrace.records.forget import ForgetReport, HideReport
from headrace.server.api import ERRORS, Served, Text
from headrace.server.replies import Reply

router = APIRouter(prefix="/api", responses=ERRORS, tags=["forgetting"])

_REF = "A document (URI or file name), `source:NAME` or `subject:VALUE`."
_CONFIRMED = "Go on although it means several documents."


class _Chosen(BaseModel):
    model_config = ConfigDict(extra="forbid")

    ref: Annotated[Text, Field(description=_REF)]
    reason: Annotated[str, Field(description="Why; it is recorded.", max_length=2000)] = ""
    confirmed: Annotated[bool, Field(description=_CONFIRMED)] = False


class HideRequest(_Chosen):
    """Documents to hide, or to show again."""

    undo: Annotated[bool, Field(description="Show them again.")] = False


class ForgetRequest(_Chosen):
    """Documents to erase."""

    dry_run: Annotated[bool, Field(description="Say what would go; write nothing.")] = False


@router.post("/hide", response_model=HideReport)
def hide(workspace: Served, asked: Annotated[HideRequest, Body()]) -> Reply:
    """Hide documents at once from search, answers and lineage, or show them again."""
    if asked.undo:
        return Reply(workspace.unhide(asked.ref))
    return Reply(workspace.hide(asked.ref, reason=asked.reason, confirmed=asked.confirmed))


@router.post("/forget", response_model=ForgetReport)
def forget(workspace: Served, asked: Annotated[ForgetRequest, Body()]) -> Reply:
    """Erase documents everywhere and certify it, or say what would go."""
    return Reply(
        workspace.forget(asked.ref, dry_run=asked.dry_run, reason=asked.reason, confirmed=asked.confirmed)
    )
