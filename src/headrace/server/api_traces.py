"""The HTTP API of traces: found, shown as far as the caller may read, selected, kept."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from headrace.records.traces import (
    ArchiveReport,
    HoldList,
    ReplayReport,
    TraceHold,
    TraceList,
    TracePurpose,
    TraceReport,
    TraceSelection,
    TraceStats,
)
from headrace.server.api import ACCESS, ERRORS, Served
from headrace.server.callers import labels_of
from headrace.server.replies import Reply

_Name = Annotated[str | None, Field(max_length=1000)]
_Time = Annotated[str | None, Field(max_length=64, description="A time, or an age such as `2h`.")]
_Access = Annotated[list[str], Field(description=ACCESS, max_length=200)]
_After = Annotated[str | None, Field(max_length=100, description="`next` of the page before.")]
_Reason = Annotated[str, Field(min_length=1, max_length=2000, description="Why; kept with the hold.")]
_Hold = Annotated[str, Path(description="The id of a hold.", max_length=100)]
_Trace = Annotated[str, Path(description="Trace id.", max_length=64)]

router = APIRouter(prefix="/api/traces", responses=ERRORS, tags=["traces"])


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")


class TraceConditions(_Asked):
    """Traces with a span that meets all of these."""

    since: _Time = None
    until: _Time = None
    model: _Name = None
    prompt: Annotated[_Name, Field(description="A prompt, or the digest of one version.")] = None
    release: _Name = None
    user: Annotated[_Name, Field(description="Compared as a keyed hash.")] = None
    session: _Name = None
    service: _Name = None
    kind: _Name = None
    status: Annotated[str | None, Field(description="`ok`, `error` or `unset`.", max_length=10)] = None
    slower: Annotated[str | None, Field(description="Took so long: `800ms`, `2s`.", max_length=20)] = None
    dearer: Annotated[float | None, Field(description="Cost so much, in its currency.", ge=0)] = None
    text: Annotated[str | None, Field(description="Stands in it.", max_length=1000)] = None


class TraceParameters(TraceConditions):
    """A page of traces."""

    bad: Annotated[bool, Field(description="Only where users were probably unhappy.")] = False
    at_least: Annotated[float, Field(ge=0, le=1, description="What `bad` means: P(bad).")] = 0.5
    questions: Annotated[bool, Field(description="With what was asked, where you may read it.")] = False
    limit: Annotated[int, Field(ge=1, le=1000, description="Traces at most.")] = 50
    after: _After = None
    access: _Access = []


class SelectParameters(TraceConditions):
    """Traces for a purpose."""

    purpose: Annotated[TracePurpose, Field(description="What they are to serve.")]
    limit: Annotated[int, Field(ge=1, le=10_000, description="Traces at most.")] = 1000
    after: _After = None


class HoldRequest(_Asked):
    """What is to be held: traces that meet all of it."""

    trace: Annotated[str | None, Field(max_length=64, description="This trace.")] = None
    user: Annotated[_Name, Field(description="Of this user; a keyed hash is kept.")] = None
    since: _Time = None
    until: _Time = None
    reason: _Reason


class ReplayRequest(_Asked):
    """What to ask again, and with what."""

    traces: Annotated[list[str], Field(min_length=1, max_length=200, description="Trace ids.")]
    prompt: Annotated[str | None, Field(max_length=200, description="`NAME` or `NAME@VERSION`.")] = None
    model: Annotated[str | None, Field(max_length=200, description="The model to ask.")] = None
    generation: Annotated[
        str | None, Field(max_length=200, description="The generation to read, such as `docs/2`.")
    ] = None
    release: Annotated[
        str | None, Field(max_length=200, description="Digest: index, prompts and models as it pins them.")
    ] = None
    access: _Access = []


@router.get("", response_model=TraceList)
def list_traces(workspace: Served, asked: Annotated[TraceParameters, Query()]) -> Reply:
    """List traces, newest first: those with a span that meets every condition."""
    given = asked.model_dump(exclude_none=True, exclude={"access"})
    # A text that is found tells of documents: it is looked for in what the caller may read, or not at all.
    labels = labels_of(asked.access)
    if asked.text is not None:
        return Reply(workspace.traces.readable(access=labels, **given))
    return Reply(workspace.traces.list(access=labels, **given))


@router.get("/stats", response_model=TraceStats)
def trace_stats(workspace: Served, asked: Annotated[TraceConditions, Query()]) -> Reply:
    """Count what is kept, hot and cold: spans, traces, errors, tokens, cost."""
    return Reply(workspace.traces.stats(**asked.model_dump(exclude_none=True, exclude={"text"})))


@router.get("/select", response_model=TraceSelection)
def select_traces(workspace: Served, asked: Annotated[SelectParameters, Query()]) -> Reply:
    """List the newest traces whose users permit a purpose, as of now."""
    given: dict[str, Any] = asked.model_dump(exclude_none=True, exclude={"purpose", "text"})
    return Reply(workspace.traces.select(asked.purpose, **given))


@router.get("/holds", response_model=HoldList)
def list_holds(workspace: Served, released: bool = False) -> Reply:
    """List what is held, newest first."""
    return Reply(workspace.traces.holds(released=released))


@router.post("/holds", response_model=TraceHold)
def add_hold(workspace: Served, asked: Annotated[HoldRequest, Body()]) -> Reply:
    """Hold traces: they are neither moved nor deleted until the hold is released."""
    return Reply(workspace.traces.hold(**asked.model_dump()))


@router.post("/holds/{hold}/release", response_model=TraceHold)
def release_hold(workspace: Served, hold: _Hold) -> Reply:
    """Release a hold; who did it and when stays on record."""
    return Reply(workspace.traces.release(hold))


@router.post("/archive", response_model=ArchiveReport)
def archive_traces(workspace: Served) -> Reply:
    """Move old spans into files, and end what was kept for long enough, as `[traces.keep]` says."""
    return Reply(workspace.traces.archive())


@router.post("/replay", response_model=ReplayReport)
def replay_traces(workspace: Served, asked: Annotated[ReplayRequest, Body()]) -> Reply:
    """Ask again what traces asked, with something else, and compare; nothing of it is recorded.

    With another prompt, model or generation of the index, or at a release. Labels of then count only where
    the caller has them.
    """
    labels = labels_of(asked.access)
    for trace in asked.traces:
        workspace.traces.readable_or_refuse(trace, access=labels)
    return Reply(
        workspace.traces.replay(
            asked.traces,
            prompt=asked.prompt,
            model=asked.model,
            generation=asked.generation,
            at_release=asked.release,
            access=labels,
        )
    )


@router.get("/{trace}", response_model=TraceReport)
def show_trace(
    workspace: Served,
    trace: _Trace,
    access: Annotated[list[str], Query(description=ACCESS, max_length=200)] = [],  # noqa: B006 - FastAPI copies it
    whole: Annotated[bool, Query(description="Every span of a large trace.")] = False,
) -> Reply:
    """Give a trace as a tree; its texts only where you may read every document of it."""
    return Reply(workspace.traces.show(trace, whole=whole, access=labels_of(access)))
