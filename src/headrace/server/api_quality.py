"""The HTTP API of quality: the worst documents, and those that did badly."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from headrace.records.quality import QualityReport, RotReport
from headrace.server.api import ACCESS, ERRORS, Served
from headrace.server.callers import labels_of
from headrace.server.replies import Reply

router = APIRouter(prefix="/api", responses=ERRORS, tags=["gates"])

_Corpus = Annotated[str | None, Query(description="Only this corpus.")]
_Limit = Annotated[int, Query(ge=1, le=1000, description="How many documents.")]
_Access = Annotated[list[str] | None, Query(description=ACCESS, max_length=200)]


@router.get("/quality", response_model=QualityReport)
def quality(workspace: Served, corpus: _Corpus = None, limit: _Limit = 20, access: _Access = None) -> Reply:
    """List the documents of lowest quality, each with what its score is made of."""
    return Reply(workspace.quality.list(corpus, limit=limit, access=labels_of(access)))


@router.get("/rot", response_model=RotReport)
def rot(
    workspace: Served,
    corpus: _Corpus = None,
    limit: _Limit = 20,
    minimum: Annotated[int, Query(ge=1, description="Leave out documents that fewer calls met.")] = 5,
    access: _Access = None,
) -> Reply:
    """List documents that were found often and did badly, those that did most harm first."""
    return Reply(
        workspace.quality.rot(corpus, limit=limit, minimum_exposures=minimum, access=labels_of(access))
    )
