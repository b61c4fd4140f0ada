"""The HTTP API of the index: which generations there are."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from headrace.records.generations import GenerationDetail, GenerationList
from headrace.server.api import ERRORS, Served
from headrace.server.replies import Reply

router = APIRouter(prefix="/api/index", responses=ERRORS, tags=["index"])


@router.get("", response_model=GenerationList)
def list_generations(
    workspace: Served,
    corpus: Annotated[str | None, Query(description="Only this corpus.")] = None,
) -> Reply:
    """List every generation: its state, what it holds, which one serves."""
    return Reply(workspace.index.list(corpus))


@router.get("/{generation:path}", response_model=GenerationDetail)
def show_generation(
    workspace: Served,
    generation: Annotated[str, Path(description="Its id, the start of it, or corpus/ordinal.")],
) -> Reply:
    """Show one generation: its recipe, what it took, and each state with who, when and why."""
    return Reply(workspace.index.show(generation))
