"""The HTTP API of golden sets."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from headrace.records.golden import (
    CaseInput,
    CasePart,
    CaseState,
    GoldenCase,
    GoldenChange,
    GoldenList,
    GoldenRefresh,
)
from headrace.server.api import ERRORS, Served
from headrace.server.replies import Reply

MAX_CASES = 10_000
"""The most cases that one request adds."""

Set = Annotated[str, Path(description="The golden set.", max_length=64)]
Key = Annotated[str, Path(description="The name of a case in its set.", max_length=200)]
Reason = Annotated[str, Field(description="Why; kept with the case.", max_length=2000)]


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")


class CaseBody(_Asked):
    """A case."""

    key: Annotated[str, Field(min_length=1, max_length=200, description="Its name in the set.")]
    inputs: Annotated[dict[str, Any], Field(min_length=1, description="What the target gets.")]
    expected: Annotated[Any, Field(description="What scorers hold the output against.")] = None
    tags: Annotated[list[str], Field(max_length=100, description="Slices that it counts in.")] = []
    group: Annotated[str | None, Field(max_length=200, description="What it belongs together with.")] = None
    provenance: Annotated[dict[str, Any], Field(description="Where it comes from.")] = {}
    must_pass: Annotated[bool, Field(description="Whether one failure fails the gate.")] = False
    part: Annotated[CasePart, Field(description="Which part of the set.")] = "anchor"
    owner: Annotated[str | None, Field(max_length=200, description="Who answers for it.")] = None


class AddRequest(_Asked):
    """Cases to add."""

    cases: Annotated[list[CaseBody], Field(min_length=1, max_length=MAX_CASES, description="The cases.")]
    accept: Annotated[bool, Field(description="Let them count at once.")] = False
    reason: Reason = ""


class EditRequest(_Asked):
    """What changes of a case; what is left out stays."""

    inputs: Annotated[dict[str, Any] | None, Field(description="What the target gets.")] = None
    expected: Annotated[Any, Field(description="What scorers hold the output against.")] = None
    tags: Annotated[list[str] | None, Field(description="Slices that it counts in.")] = None
    group: Annotated[str | None, Field(description="What it belongs together with.")] = None
    must_pass: Annotated[bool | None, Field(description="Whether one failure fails the gate.")] = None
    part: Annotated[CasePart | None, Field(description="Which part of the set.")] = None
    owner: Annotated[str | None, Field(description="Who answers for it.")] = None
    reason: Reason = ""


class MoveRequest(_Asked):
    """Cases by their keys."""

    keys: Annotated[list[str], Field(min_length=1, max_length=MAX_CASES, description="Names of cases.")]
    reason: Reason = ""


class RefreshRequest(_Asked):
    """How to draw."""

    n: Annotated[int, Field(ge=1, le=10_000, description="Answers to draw.")] = 50
    since: Annotated[str, Field(description="How far back, such as `30d`.", max_length=16)] = "30d"
    keep: Annotated[int, Field(ge=1, le=120, description="Months that stay in the set.")] = 3
    seed: Annotated[int | None, Field(description="Draw the same sample again.")] = None
    accept: Annotated[bool, Field(description="Let them count at once.")] = False


router = APIRouter(prefix="/api/golden", responses=ERRORS, tags=["evals"])


@router.get("/{name}", response_model=GoldenList)
def list_cases(
    workspace: Served,
    name: Set,
    state: Annotated[CaseState | None, Query(description="Only cases in this state.")] = None,
    part: Annotated[CasePart | None, Query(description="Only cases of this part.")] = None,
) -> Reply:
    """List the cases of a golden set, with their states."""
    return Reply(workspace.golden.list(name, state=state, part=part))


@router.post("/{name}/cases", response_model=GoldenChange)
def add_cases(workspace: Served, name: Set, asked: Annotated[AddRequest, Body()]) -> Reply:
    """Add cases, as drafts unless `accept`; personal data is taken out of their texts."""
    cases = [CaseInput(**{**item.model_dump(), "tags": tuple(item.tags)}) for item in asked.cases]
    return Reply(workspace.golden.add(cases, golden=name, accept=asked.accept, reason=asked.reason))


@router.post("/{name}/accept", response_model=GoldenChange)
def accept_cases(workspace: Served, name: Set, asked: Annotated[MoveRequest, Body()]) -> Reply:
    """Let drafts count, and flaky or retired cases again."""
    return Reply(workspace.golden.accept(asked.keys, golden=name, reason=asked.reason))


@router.post("/{name}/retire", response_model=GoldenChange)
def retire_cases(workspace: Served, name: Set, asked: Annotated[MoveRequest, Body()]) -> Reply:
    """Stop running cases, with a reason; they stay on record."""
    return Reply(workspace.golden.retire(asked.keys, golden=name, reason=asked.reason))


@router.post("/{name}/refresh", response_model=GoldenRefresh)
def refresh_set(workspace: Served, name: Set, asked: Annotated[RefreshRequest, Body()]) -> Reply:
    """Draw the month's random sample of production into the set; the oldest month goes."""
    return Reply(
        workspace.golden.refresh(
            name, n=asked.n, since=asked.since, keep=asked.keep, seed=asked.seed, accept=asked.accept
        )
    )


@router.get("/{name}/cases/{key:path}", response_model=GoldenCase)
def show_case(workspace: Served, name: Set, key: Key) -> Reply:
    """Show a case and its life."""
    return Reply(workspace.golden.show(key, golden=name))


@router.post("/{name}/cases/{key:path}", response_model=GoldenChange)
def edit_case(workspace: Served, name: Set, key: Key, asked: Annotated[EditRequest, Body()]) -> Reply:
    """Change what a case asks or expects; anchor cases are frozen once they count."""
    changes = asked.model_dump(exclude_unset=True, exclude={"reason"})
    if changes.get("tags") is not None:
        changes["tags"] = tuple(changes["tags"])
    return Reply(workspace.golden.edit(key, golden=name, reason=asked.reason, **changes))
