"""The HTTP API of drafts made of traces, and of coverage."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from headrace.records.coverage import CoverageHistory, CoverageReport, GapReport
from headrace.records.curation import CurationReport, CurationRun, Decided, ItemDetail, ItemList
from headrace.server.api import ERRORS, Served
from headrace.server.replies import Reply

_MAX_ITEMS = 1000
_MAX_TEXT = 100_000

router = APIRouter(prefix="/api/curation", responses=ERRORS, tags=["curation"])
coverage_router = APIRouter(prefix="/api/coverage", responses=ERRORS, tags=["coverage"])

_Items = Annotated[
    list[Annotated[str, Field(max_length=64)]],
    Field(min_length=1, max_length=_MAX_ITEMS, description="Ids of drafts."),
]
_Note = Annotated[str, Field(max_length=_MAX_TEXT, description="Why; it is kept.")]
_Limit = Annotated[int, Query(ge=1, le=1000, description="How many.")]


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")


class RunRequest(_Asked):
    """How to run."""

    again: Annotated[bool, Field(description="Look at the whole window anew.")] = False


class AcceptRequest(_Asked):
    """Drafts to take."""

    items: _Items
    expected: Annotated[
        str | None, Field(max_length=_MAX_TEXT, description="What the answer should be instead.")
    ] = None
    note: _Note = ""


class RejectRequest(_Asked):
    """Drafts to keep out, or to leave for later."""

    items: _Items
    note: _Note = ""


class MergeRequest(_Asked):
    """Drafts for which another one stands."""

    items: _Items
    into: Annotated[str, Field(max_length=64, description="The draft that stands for them.")]
    note: _Note = ""


class AssignRequest(_Asked):
    """Who looks after drafts."""

    items: _Items
    owner: Annotated[str, Field(min_length=1, max_length=200)]


class DraftRequest(_Asked):
    """Gaps to draft cases of."""

    each: Annotated[int, Field(ge=1, le=20, description="Cases for each topic.")] = 1
    limit: Annotated[int, Field(ge=1, le=1000, description="Topics, those that hurt most first.")] = 10
    fewest: Annotated[int, Field(ge=1, description="Questions that a topic must have.")] = 3


@router.get("", response_model=ItemList)
def list_drafts(
    workspace: Served,
    state: Annotated[
        list[str] | None, Query(description="`new` and `skipped`, unless given.", max_length=10)
    ] = None,
    kind: Annotated[str | None, Query(description="case, row or pair.", max_length=10)] = None,
    into: Annotated[str | None, Query(description="Golden set or dataset.", max_length=64)] = None,
    rule: Annotated[str | None, Query(description="The rule that drafted it.", max_length=64)] = None,
    limit: _Limit = 50,
) -> Reply:
    """List drafts, oldest first: those that wait, unless other states are named."""
    states = state or ("new", "skipped")
    return Reply(workspace.curation.list(states=states, kind=kind, into=into, rule=rule, limit=limit))


@router.post("/run", response_model=CurationRun)
def run_curation(workspace: Served, asked: Annotated[RunRequest, Body()]) -> Reply:
    """Look at traces that have news, and draft what the rules say. Twice adds nothing."""
    return Reply(workspace.curation.run(again=asked.again))


@router.get("/report", response_model=CurationReport)
def report_patterns(workspace: Served, limit: _Limit = 20) -> Reply:
    """Give failures that are alike, what may cause them, and how soon anybody looks."""
    return Reply(workspace.curation.report(limit=limit))


@router.post("/accept", response_model=Decided)
def accept_drafts(workspace: Served, asked: Annotated[AcceptRequest, Body()]) -> Reply:
    """Take drafts into their golden set or dataset, all of them or none."""
    return Reply(workspace.curation.accept(*asked.items, expected=asked.expected, note=asked.note))


@router.post("/reject", response_model=Decided)
def reject_drafts(workspace: Served, asked: Annotated[RejectRequest, Body()]) -> Reply:
    """Keep drafts out for good."""
    return Reply(workspace.curation.reject(*asked.items, note=asked.note))


@router.post("/skip", response_model=Decided)
def skip_drafts(workspace: Served, asked: Annotated[RejectRequest, Body()]) -> Reply:
    """Leave drafts for later."""
    return Reply(workspace.curation.skip(*asked.items, note=asked.note))


@router.post("/merge", response_model=Decided)
def merge_drafts(workspace: Served, asked: Annotated[MergeRequest, Body()]) -> Reply:
    """Say that another draft stands for these."""
    return Reply(workspace.curation.merge(*asked.items, into=asked.into, note=asked.note))


@router.post("/assign", response_model=Decided)
def assign_drafts(workspace: Served, asked: Annotated[AssignRequest, Body()]) -> Reply:
    """Say who looks after drafts."""
    return Reply(workspace.curation.assign(*asked.items, owner=asked.owner))


@router.get("/items/{item}", response_model=ItemDetail)
def show_draft(
    workspace: Served, item: Annotated[str, Path(description="Id of a draft.", max_length=64)]
) -> Reply:
    """Give one draft: what would be kept, and the traces behind it."""
    return Reply(workspace.curation.show(item))


@coverage_router.post("", response_model=CoverageReport)
def measure_coverage(workspace: Served) -> Reply:
    """Find the topics of what users asked, and which of them have cases. The run is kept."""
    return Reply(workspace.coverage.measure())


@coverage_router.get("/gaps", response_model=GapReport)
def list_gaps(
    workspace: Served,
    limit: _Limit = 20,
    fewest: Annotated[int, Query(ge=1, description="Questions that a topic must have.")] = 3,
) -> Reply:
    """List the topics without cases of the newest run, those that hurt most first."""
    return Reply(workspace.coverage.gaps(limit=limit, fewest=fewest))


@coverage_router.post("/draft", response_model=GapReport)
def draft_gaps(workspace: Served, asked: Annotated[DraftRequest, Body()]) -> Reply:
    """Draft cases of gaps from their most typical traces. Twice adds nothing."""
    return Reply(workspace.coverage.gaps(limit=asked.limit, fewest=asked.fewest, draft=asked.each))


@coverage_router.get("/history", response_model=CoverageHistory)
def coverage_history(workspace: Served, limit: _Limit = 20) -> Reply:
    """Give former runs, newest first: the mass covered and the share of each topic."""
    return Reply(workspace.coverage.history(limit=limit))
