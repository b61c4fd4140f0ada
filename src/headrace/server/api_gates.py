"""The HTTP API of gates: which there are, what they make of texts, and what they keep out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Query
from pydantic import BaseModel, ConfigDict, Field

from headrace.records.gate_report import GateDistributions
from headrace.records.gates import GateList, GateVerdict
from headrace.records.quarantine import DecisionReport, Quarantine, QuarantineDetail, ReplayReport
from headrace.server.api import ACCESS, ERRORS, Served
from headrace.server.callers import labels_of
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


class GateReplayRequest(BaseModel):
    """A change of gates to look at, or to apply."""

    model_config = ConfigDict(extra="forbid")

    corpus: Annotated[str | None, Field(description="Only this corpus.")] = None
    gate: Annotated[str | None, Field(description="Only what this gate is the reason of.")] = None
    apply: Annotated[bool, Field(description="Move the documents.")] = False


class ItemsRequest(BaseModel):
    """Items of the quarantine."""

    model_config = ConfigDict(extra="forbid")

    items: Annotated[list[str], Field(description="Ids, URIs, or `corpus/URI`.", max_length=10_000)] = []
    corpus: Annotated[str | None, Field(description="Needed where several have one.")] = None


class DecisionRequest(ItemsRequest):
    """A decision about items."""

    items: Annotated[
        list[str], Field(description="Ids, URIs, or `corpus/URI`.", min_length=1, max_length=10_000)
    ]
    reason: Annotated[str, Field(description="Why; it goes on record.", min_length=1, max_length=2000)]


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


@router.get("/report", response_model=GateDistributions)
def report_gates(
    workspace: Served,
    corpus: Annotated[str | None, Query(description="Only this corpus.")] = None,
) -> Reply:
    """Show how the documents fare with each gate: counts, scores, reasons, examples."""
    return Reply(workspace.gates.report(corpus))


@router.post("/replay", response_model=ReplayReport)
def replay_gates(workspace: Served, asked: Annotated[GateReplayRequest, Body()]) -> Reply:
    """Show which documents changed gates let in and withdraw; `apply` moves them."""
    return Reply(workspace.gates.replay(corpus=asked.corpus, gate=asked.gate, apply=asked.apply))


@router.get("/quarantine", response_model=Quarantine)
def list_quarantine(
    workspace: Served,
    corpus: Annotated[str | None, Query(description="Only this corpus.")] = None,
    gate: Annotated[str | None, Query(description="Only what this gate keeps out.")] = None,
    state: Annotated[str, Query(description="waiting, dropped, released, rejected or all.")] = "waiting",
) -> Reply:
    """List what gates keep out, with the reason and since when."""
    return Reply(workspace.gates.quarantine.list(corpus=corpus, gate=gate, state=state))


@router.get("/quarantine/item", response_model=QuarantineDetail)
def show_quarantine(
    workspace: Served,
    item: Annotated[str, Query(description="Its id, its URI, or `corpus/URI`.", max_length=4000)],
    corpus: Annotated[str | None, Query(description="Needed where several have it.")] = None,
    access: Annotated[list[str] | None, Query(description=ACCESS, max_length=200)] = None,
) -> Reply:
    """Show one item: every verdict, and the text around the evidence without personal data and secrets."""
    return Reply(workspace.gates.quarantine.show(item, corpus=corpus, access=labels_of(access)))


@router.post("/quarantine/release", response_model=DecisionReport)
def release_quarantine(workspace: Served, asked: Annotated[DecisionRequest, Body()]) -> Reply:
    """Let items in against their gates, and sync."""
    given = asked.model_dump()
    return Reply(workspace.gates.quarantine.release(given.pop("items"), **given))


@router.post("/quarantine/reject", response_model=DecisionReport)
def reject_quarantine(workspace: Served, asked: Annotated[DecisionRequest, Body()]) -> Reply:
    """Keep items out for good; one that was released is withdrawn."""
    given = asked.model_dump()
    return Reply(workspace.gates.quarantine.reject(given.pop("items"), **given))


@router.post("/quarantine/replay", response_model=DecisionReport)
def replay_quarantine(workspace: Served, asked: Annotated[ItemsRequest, Body()]) -> Reply:
    """Have items judged again as they are now; without any, all that wait."""
    return Reply(workspace.gates.quarantine.replay(asked.items, corpus=asked.corpus))
