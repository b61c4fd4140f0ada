"""The HTTP API of signals, and the snippet that sends them from a page.

What users wrote is not given out here: there are no keys of callers yet, and it may repeat what documents say
that not everybody may read.
"""

from __future__ import annotations

from pathlib import Path as File
from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import FileResponse

from headrace.records.signals import (
    AddedSignal,
    Audit,
    AuditList,
    AuditSample,
    ErasedSignals,
    InferredSignals,
    LabelModelReport,
    SignalList,
    TraceVerdict,
    Verdict,
)
from headrace.records.traces import TracePurpose
from headrace.server.api import ERRORS, Served
from headrace.server.replies import Reply

_SNIPPET = File(__file__).with_name("snippets") / "signals.js"
_MAX_TEXT = 20_000

router = APIRouter(prefix="/api/signals", responses=ERRORS, tags=["signals"])
snippet_router = APIRouter(include_in_schema=False)

_Trace = Annotated[str, Field(description="Trace id; it may arrive later.", max_length=64)]
_Limit = Annotated[int, Query(ge=1, le=1000, description="How many.")]


class SignalRequest(BaseModel):
    """A signal."""

    model_config = ConfigDict(extra="forbid")

    trace: _Trace
    kind: Annotated[str, Field(description="Such as `thumbs`.", max_length=40)]
    value: Annotated[Any, Field(description="As the kind wants it.")] = None
    span: Annotated[str | None, Field(description="The span it is about.", max_length=64)] = None
    user: Annotated[str | None, Field(description="Only a keyed hash is kept.", max_length=1000)] = None
    comment: Annotated[str | None, Field(description="In the user's words.", max_length=_MAX_TEXT)] = None
    id: Annotated[str | None, Field(description="Of your own: it is kept once.", max_length=200)] = None
    at_us: Annotated[int | None, Field(description="When, in UTC microseconds; now without.", ge=0)] = None


class InferRequest(BaseModel):
    """How far back to look."""

    model_config = ConfigDict(extra="forbid")

    hours: Annotated[int, Field(ge=1, le=24 * 366)] = 24


class SampleRequest(BaseModel):
    """A sample to draw."""

    model_config = ConfigDict(extra="forbid")

    n: Annotated[int, Field(ge=1, le=10_000, description="How many.")] = 50
    days: Annotated[int, Field(ge=1, le=3660, description="Of how many days.")] = 30


class AuditRequest(BaseModel):
    """A verdict on an answer."""

    model_config = ConfigDict(extra="forbid")

    trace: _Trace
    verdict: Annotated[Verdict, Field(description="What you think of it.")]


class EraseRequest(BaseModel):
    """Whose signals go: those of a trace or of a user."""

    model_config = ConfigDict(extra="forbid")

    trace: Annotated[str | None, Field(max_length=64)] = None
    user: Annotated[str | None, Field(max_length=1000)] = None


@router.post("", response_model=AddedSignal)
def add_signal(workspace: Served, given: Annotated[SignalRequest, Body()]) -> Reply:
    """Keep what a user said of an answer or did with it; the same signal twice is one."""
    values = given.model_dump()
    added = workspace.signals.add(values.pop("trace"), values.pop("kind"), values.pop("value"), **values)
    return Reply(added)


@router.get("", response_model=SignalList)
def list_signals(
    workspace: Served,
    trace: Annotated[str | None, Query(description="Only of this trace.", max_length=64)] = None,
    kind: Annotated[str | None, Query(description="Only of this kind.", max_length=40)] = None,
    user: Annotated[str | None, Query(description="Only by this user.", max_length=1000)] = None,
    since_us: Annotated[int, Query(ge=0, description="Only from then on, UTC microseconds.")] = 0,
    limit: _Limit = 100,
    purpose: Annotated[
        TracePurpose | None, Query(description="Only of users who permit `eval`, or `training`.")
    ] = None,
) -> Reply:
    """List signals, newest first, without what users wrote."""
    return Reply(
        workspace.signals.list(
            trace=trace,
            kind=kind,
            user=user,
            since_us=since_us,
            limit=limit,
            texts=False,
            purpose=purpose,
        )
    )


@router.post("/infer", response_model=InferredSignals)
def infer_signals(workspace: Served, asked: Annotated[InferRequest, Body()]) -> Reply:
    """Find retries, rephrases, follow-ups and abandonments in sessions."""
    return Reply(workspace.signals.infer(hours=asked.hours))


@router.get("/model", response_model=LabelModelReport)
def label_model(workspace: Served) -> Reply:
    """Show how much each kind of signal tells."""
    return Reply(workspace.signals.model())


@router.get("/bad/{trace}", response_model=TraceVerdict)
def bad(workspace: Served, trace: Annotated[str, Path(description="Trace id.")]) -> Reply:
    """Say how probable it is that an answer was bad, and what speaks for it."""
    return Reply(workspace.signals.bad(trace))


@router.post("/sample", response_model=AuditSample)
def sample_audits(workspace: Served, asked: Annotated[SampleRequest, Body()]) -> Reply:
    """Draw a random sample of answers to be judged."""
    return Reply(workspace.signals.sample(asked.n, days=asked.days, texts=False))


@router.get("/audits", response_model=AuditList)
def list_audits(workspace: Served, limit: _Limit = 100) -> Reply:
    """List drawn and judged answers, those that wait first."""
    return Reply(workspace.signals.audits(limit=limit, texts=False))


@router.post("/audits", response_model=Audit)
def judge_audit(workspace: Served, asked: Annotated[AuditRequest, Body()]) -> Reply:
    """Judge an answer."""
    return Reply(workspace.signals.judge(asked.trace, asked.verdict, texts=False))


@router.post("/erase", response_model=ErasedSignals)
def erase_signals(workspace: Served, asked: Annotated[EraseRequest, Body()]) -> Reply:
    """Delete every signal of a trace or of a user."""
    return Reply(workspace.signals.erase(trace=asked.trace, user=asked.user))


@snippet_router.get("/signals.js")
async def snippet() -> FileResponse:
    """The snippet that watches answers on a page."""
    return FileResponse(_SNIPPET, media_type="text/javascript", headers={"cache-control": "max-age=3600"})
