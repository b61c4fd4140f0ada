"""The HTTP API of gates: which there are, and what they make of a text."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Query
from pydantic import BaseModel, ConfigDict, Field

from headrace.records.gates import GateList, GateVerdict
from headrace.server.api import ERRORS, Served
from headrace.server.replies import Reply

MAX_DOCUMENT_CHARACTERS = 1_000_000
"""The longest text to test."""

router = APIRouter(prefix="/api/gates", responses=ERRORS, tags=["gates"])


class GateTestRequest(BaseModel):
    """A text to test."""

    model_config = ConfigDict(extra="forbid")

    text: Annotated[str, Field(max_length=MAX_DOCUMENT_CHARACTERS, description="The content of a file.")]
    name: Annotated[str, Field(min_length=1, max_length=1000, description="Its name; the ending counts.")] = (
        "text.md"
    )
    corpus: Annotated[str | None, Field(description="Needed where a workspace has several.")] = None


@router.get("", response_model=GateList)
def list_gates(
    workspace: Served,
    corpus: Annotated[str | None, Query(description="Only this corpus.")] = None,
) -> Reply:
    """List every gate: those a corpus declares, in its order, then the others."""
    return Reply(workspace.gates.list(corpus))


@router.post("/test", response_model=list[GateVerdict])
def test_gates(workspace: Served, asked: Annotated[GateTestRequest, Body()]) -> Reply:
    """Show what each gate makes of a text; nothing is stored."""
    return Reply(workspace.gates.test_text(asked.text, name=asked.name, corpus=asked.corpus))
