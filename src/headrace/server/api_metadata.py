"""The HTTP API of metadata fields that change late."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body
from pydantic import BaseModel, ConfigDict, Field

from headrace.records.metadata import BackfillReport, FieldDecision
from headrace.server.api import ERRORS, Served
from headrace.server.replies import Reply

_CORPUS = "Needed where a workspace has several."

Name = Annotated[str, Field(min_length=1, max_length=200, description="Name of a metadata field.")]


class BackfillRequest(BaseModel):
    """Which field to fill."""

    model_config = ConfigDict(extra="forbid")

    field: Annotated[Name | None, Field(description="Only documents that lack this field.")] = None
    corpus: Annotated[str | None, Field(description=_CORPUS)] = None


class DecisionRequest(BaseModel):
    """Which field to decide about."""

    model_config = ConfigDict(extra="forbid")

    field: Name
    corpus: Annotated[str | None, Field(description=_CORPUS)] = None
    confirmed: Annotated[bool, Field(description="Do it although the field is in use.")] = False


router = APIRouter(prefix="/api/index", responses=ERRORS, tags=["index"])


@router.post("/backfill-metadata", response_model=BackfillReport)
def backfill_metadata(workspace: Served, asked: Annotated[BackfillRequest, Body()]) -> Reply:
    """Fill metadata fields that were declared after documents were indexed; embeds nothing."""
    return Reply(workspace.index.backfill_metadata(asked.field, corpus=asked.corpus))


@router.post("/drop-field", response_model=FieldDecision)
def drop_field(workspace: Served, asked: Annotated[DecisionRequest, Body()]) -> Reply:
    """Decide that a metadata field goes; its values leave the index with the next backfill."""
    return Reply(workspace.index.drop_field(asked.field, corpus=asked.corpus, confirmed=asked.confirmed))


@router.post("/retype-field", response_model=FieldDecision)
def retype_field(workspace: Served, asked: Annotated[DecisionRequest, Body()]) -> Reply:
    """Decide that a metadata field gets the type that headrace.toml declares by now."""
    return Reply(workspace.index.retype_field(asked.field, corpus=asked.corpus, confirmed=asked.confirmed))
