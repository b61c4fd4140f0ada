"""The HTTP API of personal data: what is in a text."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body
from pydantic import BaseModel, ConfigDict, Field

from headrace.records.privacy import PiiReport
from headrace.server.api import ERRORS, Served
from headrace.server.replies import Reply

router = APIRouter(prefix="/api/pii", responses=ERRORS, tags=["personal data"])


class ScanRequest(BaseModel):
    """A text to look through."""

    model_config = ConfigDict(extra="forbid")

    text: Annotated[str, Field(description="Any text; nothing of it is stored.")]


@router.post("/scan", response_model=PiiReport)
def scan(workspace: Served, asked: Annotated[ScanRequest, Body()]) -> Reply:
    """Find personal data and secrets in a text; spans count characters."""
    return Reply(workspace.pii_scan(asked.text))
