"""The HTTP API of releases and of the loop: what is pinned, what passed, what serves."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from headrace.records.loop import LoopReport
from headrace.records.releases import (
    EnvironmentList,
    ReleaseCheck,
    ReleaseDetail,
    ReleaseDiff,
    ReleaseList,
    ReleaseLog,
    ReleaseMove,
    SkewReport,
)
from headrace.server.api import ERRORS, Served
from headrace.server.replies import Reply

Name = Annotated[str, Field(min_length=1, max_length=200)]
Names = Annotated[list[Name], Field(max_length=200)]
Reason = Annotated[str, Field(max_length=2000, description="Why; it goes on record.")]
Force = Annotated[bool, Field(description="Go on all the same; needs a reason.")]
_RELEASE = "A digest, the start of one, an environment, or `current`."


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")


class CreateRequest(_Asked):
    """What to hold fast."""

    source: Annotated[Name | None, Field(description=f"What to start from. {_RELEASE}")] = None
    prompts: Annotated[
        Names, Field(description="Versions instead: `NAME@LABEL`, or `NAME` for its file.")
    ] = []
    generations: Annotated[Names, Field(description="Generations instead: `CORPUS/ORDINAL` or an id.")] = []
    note: Annotated[str, Field(max_length=2000, description="What it is for; it goes on record.")] = ""


class CheckRequest(_Asked):
    """What to run, on what."""

    release: Annotated[Name, Field(description=_RELEASE)] = "current"
    suites: Annotated[Names, Field(description="These suites instead of those declared.")] = []


class PromoteRequest(_Asked):
    """What is to serve."""

    release: Annotated[Name, Field(description=_RELEASE)]
    to: Annotated[Name | None, Field(description="An environment; by default that of the workspace.")] = None
    expect: Annotated[Name | None, Field(description="Digest of what must serve there now.")] = None
    force: Force = False
    reason: Reason = ""


class RollbackRequest(_Asked):
    """What is to serve again."""

    to: Annotated[Name | None, Field(description="A release; by default what served before.")] = None
    environment: Annotated[Name | None, Field(description="By default that of the workspace.")] = None
    force: Force = False
    reason: Reason = ""


class LoopRequest(_Asked):
    """One turn."""

    to: Annotated[Name | None, Field(description="Where to promote; by default here.")] = None


router = APIRouter(prefix="/api", responses=ERRORS, tags=["releases"])


@router.get("/releases", response_model=ReleaseList)
def list_releases(
    workspace: Served, limit: Annotated[int, Query(ge=1, le=10_000, description="At most.")] = 50
) -> Reply:
    """List releases that were made on purpose and those that served, newest first."""
    return Reply(workspace.release.list(limit=limit))


@router.post("/releases", response_model=ReleaseDetail)
def create_release(workspace: Served, asked: Annotated[CreateRequest, Body()]) -> Reply:
    """Hold fast what serves, with the configuration of now; nothing serves by it yet."""
    return Reply(
        workspace.release.create(
            source=asked.source, prompts=asked.prompts, generations=asked.generations, note=asked.note
        )
    )


@router.get("/releases/diff", response_model=ReleaseDiff)
def diff_releases(
    workspace: Served,
    a: Annotated[str, Query(max_length=200, description=_RELEASE)],
    b: Annotated[str, Query(max_length=200, description=_RELEASE)],
) -> Reply:
    """Compare two releases, component by component, with the texts of their prompts."""
    return Reply(workspace.release.diff(a, b))


@router.get("/releases/log", response_model=ReleaseLog)
def release_log(
    workspace: Served,
    environment: Annotated[str | None, Query(max_length=200, description="By default this one.")] = None,
    limit: Annotated[int, Query(ge=1, le=100_000, description="Moves at most.")] = 1000,
) -> Reply:
    """Show every move of what serves: when, who, why, and with what evidence."""
    return Reply(workspace.release.log(environment, limit=limit))


@router.get("/releases/envs", response_model=EnvironmentList)
def release_envs(workspace: Served) -> Reply:
    """Show what every environment serves, and what it has otherwise than this one."""
    return Reply(workspace.release.envs())


@router.get("/releases/skew", response_model=SkewReport)
def release_skew(
    workspace: Served,
    since: Annotated[str, Query(max_length=64, description="An age as `7d`, or a time.")] = "7d",
    limit: Annotated[int, Query(ge=1, le=100_000, description="Calls of each kind at most.")] = 10_000,
) -> Reply:
    """Show what served without green evidence, what drifted since, and whose requests differ."""
    return Reply(workspace.release.skew(since=since, limit=limit))


@router.post("/releases/check", response_model=ReleaseCheck)
def check_release(workspace: Served, asked: Annotated[CheckRequest, Body()]) -> Reply:
    """Run the declared suites on exactly one release, and keep what they find as evidence."""
    return Reply(workspace.release.check(asked.release, suites=asked.suites))


@router.post("/releases/promote", response_model=ReleaseMove)
def promote_release(workspace: Served, asked: Annotated[PromoteRequest, Body()]) -> Reply:
    """Let a release serve, if every declared suite has passed on it; 409 otherwise."""
    return Reply(
        workspace.release.promote(
            asked.release, to=asked.to, force=asked.force, reason=asked.reason, expect=asked.expect
        )
    )


@router.post("/releases/rollback", response_model=ReleaseMove)
def roll_back_release(workspace: Served, asked: Annotated[RollbackRequest, Body()]) -> Reply:
    """Let the release serve again that did before: index, prompts, schemas and model in one move."""
    return Reply(
        workspace.release.rollback(
            to=asked.to, environment=asked.environment, force=asked.force, reason=asked.reason
        )
    )


@router.get("/releases/{release}", response_model=ReleaseDetail)
def show_release(
    workspace: Served, release: Annotated[str, Path(description=_RELEASE, max_length=200)]
) -> Reply:
    """Show a release: everything it pins, its evidence, and where the configuration is otherwise."""
    return Reply(workspace.release.show(release))


@router.post("/loop/run", response_model=LoopReport)
def run_loop(workspace: Served, asked: Annotated[LoopRequest, Body()]) -> Reply:
    """Take one turn: sync, curate, eval, release, check, and promotion where every suite passed."""
    return Reply(workspace.loop.run(to=asked.to))
