"""The HTTP API of what was received: how it stands, what could not be kept, and sending spans on."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Body, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from headrace.records.receiving import (
    QuarantinedBody,
    QuarantinedItems,
    QuarantineRetry,
    QuarantineSettled,
    ReceivingStatus,
    SentReport,
)
from headrace.server.api import ERRORS, Served
from headrace.server.replies import Reply

router = APIRouter(prefix="/api/otlp", responses=ERRORS, tags=["otlp"])

_Id = Annotated[str, Field(max_length=64)]


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ItemsRequest(_Asked):
    """Which quarantined items."""

    items: Annotated[list[_Id], Field(max_length=10_000, description="Ids.")] = []
    all: Annotated[bool, Field(description="Every open one.")] = False


class SendRequest(_Asked):
    """Which spans."""

    trace: Annotated[str | None, Field(description="Of one trace.", max_length=64)] = None
    kind: Annotated[str | None, Field(description="Of one kind.", max_length=40)] = None
    hours: Annotated[float | None, Field(description="That ended in the last hours.", gt=0)] = None
    limit: Annotated[int | None, Field(description="So many at most.", ge=1)] = None


@router.get("", response_model=ReceivingStatus)
def receiving_status(workspace: Served) -> Reply:
    """Say how receiving stands: what waits for the store, and what could not be kept."""
    return Reply(workspace.receiving.status())


@router.get("/quarantine", response_model=QuarantinedItems)
def list_quarantined(
    workspace: Served,
    state: Annotated[
        Literal["open", "retried", "discarded", "all"], Query(description="Of which state.")
    ] = "open",
    reason: Annotated[str | None, Query(description="Only with this reason.", max_length=64)] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="How many.")] = 100,
) -> Reply:
    """List spans and log records that could not be kept, newest first."""
    wanted = None if state == "all" else state
    return Reply(workspace.receiving.quarantined(state=wanted, reason=reason, limit=limit))


@router.get("/quarantine/{item}", response_model=QuarantinedBody)
def show_quarantined(
    workspace: Served, item: Annotated[str, Path(description="Id of an item.", max_length=64)]
) -> Reply:
    """Show one of them with what it says."""
    return Reply(workspace.receiving.quarantined_item(item))


@router.post("/quarantine/retry", response_model=QuarantineRetry)
def retry_quarantined(workspace: Served, asked: Annotated[ItemsRequest, Body()]) -> Reply:
    """Try again to keep items, once their cause is put right."""
    return Reply(workspace.receiving.retry(asked.items, all=asked.all))


@router.post("/quarantine/discard", response_model=QuarantineSettled)
def discard_quarantined(workspace: Served, asked: Annotated[ItemsRequest, Body()]) -> Reply:
    """Drop what was kept of items for good."""
    return Reply(workspace.receiving.discard(asked.items, all=asked.all))


@router.post("/send", response_model=SentReport)
def send_spans(workspace: Served, asked: Annotated[SendRequest, Body()]) -> Reply:
    """Send spans to the collector of `[traces] export`."""
    return Reply(
        workspace.receiving.send(trace=asked.trace, kind=asked.kind, hours=asked.hours, limit=asked.limit)
    )
