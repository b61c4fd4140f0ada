"""The HTTP API of prompts: what they are, what they would send, which version serves."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from headrace.records.prompts import (
    CheckedPrompts,
    DiffReport,
    LabelReport,
    PromptDetail,
    PromptList,
    PromptLog,
    RenderReport,
)
from headrace.server.api import ERRORS, Served
from headrace.server.replies import Reply

_VERSION = "A label, a digest or the start of one, or `working-tree`."
Version = Annotated[str | None, Field(description=f"{_VERSION} Without it: the file.", max_length=100)]
Name = Annotated[str, Path(description="A file under prompts/, without `.md`.", max_length=100)]
Reason = Annotated[str, Field(description="Why; it goes on record.", max_length=2000)]


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")


class RenderRequest(_Asked):
    """A version and what it is given."""

    variables: Annotated[dict[str, Any], Field(description="By name, in the declared types.")] = {}
    version: Version = None
    template: Annotated[bool, Field(description="Also the text under the pinned chat template.")] = False


class CheckRequest(_Asked):
    """What to look at."""

    upstream: Annotated[bool, Field(description="Also ask self-served models what they serve.")] = False


class DiffRequest(_Asked):
    """Two versions."""

    a: Annotated[str | None, Field(description=f"{_VERSION} Without it: what serves.", max_length=100)] = None
    b: Version = None


class LabelRequest(_Asked):
    """Where a label shall point."""

    label: Annotated[str, Field(description="Such as `production`.", max_length=100)]
    version: Version = None
    reason: Reason = ""


class RollbackRequest(_Asked):
    """A step back."""

    label: Annotated[str | None, Field(description="Without it: the environment's.", max_length=100)] = None
    to: Annotated[
        str | None, Field(description="A version that the label had; without it the last.", max_length=100)
    ] = None
    reason: Reason = ""


router = APIRouter(prefix="/api/prompts", responses=ERRORS, tags=["prompts"])


@router.get("", response_model=PromptList)
def list_prompts(
    workspace: Served,
    days: Annotated[int, Query(description="How far back calls are counted.", ge=1, le=3650)] = 7,
) -> Reply:
    """List every prompt: its file, its labels, what serves; and how many calls match no release."""
    return Reply(workspace.prompts.list(days=days))


@router.post("/check", response_model=CheckedPrompts)
def check_prompts(workspace: Served, asked: Annotated[CheckRequest, Body()]) -> Reply:
    """Give everything that is wrong with the prompt files."""
    return Reply(workspace.prompts.check(upstream=asked.upstream))


@router.get("/{name}", response_model=PromptDetail)
def show_prompt(
    workspace: Served,
    name: Name,
    version: Annotated[str | None, Query(description=f"{_VERSION} Without it: the file.")] = None,
) -> Reply:
    """Show one version with everything that shapes its calls."""
    return Reply(workspace.prompts.show(name, version))


@router.get("/{name}/log", response_model=PromptLog)
def show_log(workspace: Served, name: Name) -> Reply:
    """Show every move of every label, newest first."""
    return Reply(workspace.prompts.log(name))


@router.post("/{name}/render", response_model=RenderReport)
def render_prompt(workspace: Served, name: Name, asked: Annotated[RenderRequest, Body()]) -> Reply:
    """Give the messages that a call would send; nothing is sent."""
    return Reply(
        workspace.prompts.render(name, asked.variables, version=asked.version, template=asked.template)
    )


@router.post("/{name}/diff", response_model=DiffReport)
def diff_prompt(workspace: Served, name: Name, asked: Annotated[DiffRequest, Body()]) -> Reply:
    """Compare two versions."""
    return Reply(workspace.prompts.diff(name, asked.a, asked.b))


@router.post("/{name}/label", response_model=LabelReport)
def label_prompt(workspace: Served, name: Name, asked: Annotated[LabelRequest, Body()]) -> Reply:
    """Point a label to a version; that of the environment decides what calls take."""
    return Reply(workspace.prompts.label(name, asked.label, asked.version, reason=asked.reason))


@router.post("/{name}/rollback", response_model=LabelReport)
def roll_back_prompt(workspace: Served, name: Name, asked: Annotated[RollbackRequest, Body()]) -> Reply:
    """Point a label to the version that it had before."""
    return Reply(workspace.prompts.rollback(name, label=asked.label, to=asked.to, reason=asked.reason))
