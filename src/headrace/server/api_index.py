"""The HTTP API of the index: which generations there are, and from one to another."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from headrace.records.generations import (
    BuildReport,
    CompareReport,
    GenerationDetail,
    GenerationList,
    OptimizeReport,
    PruneReport,
    SwitchReport,
    VerifyReport,
)
from headrace.server.api import ERRORS, Served
from headrace.server.replies import Reply


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")

    corpus: Annotated[str | None, Field(description="Needed where a workspace has several.")] = None


class BuildRequest(_Asked):
    """A generation to build."""

    recipe: Annotated[
        dict[str, str | int | bool], Field(description="Keys of the recipe, given otherwise.")
    ] = {}
    fresh: Annotated[bool, Field(description="Another generation of a recipe that serves already.")] = False
    throttle: Annotated[float | None, Field(description="Documents a second at most.", gt=0)] = None


class CompareRequest(BaseModel):
    """Two generations."""

    model_config = ConfigDict(extra="forbid")

    a: Annotated[str, Field(description="The one that serves, or stands for it.")]
    b: Annotated[str, Field(description="The one that may replace it.")]
    k: Annotated[int, Field(description="Documents of each ranking to look at.", ge=1, le=100)] = 10
    queries: Annotated[int, Field(description="Recent queries to ask at most.", ge=0, le=500)] = 50


class RollbackRequest(_Asked):
    """A step back."""

    force: Annotated[bool, Field(description="Go on all the same; needs a reason.")] = False
    reason: Annotated[str, Field(description="Why; it goes on record.", max_length=2000)] = ""


class CutoverRequest(RollbackRequest):
    """A step to another generation."""

    generation: Annotated[str | None, Field(description="Without it: the one that is validating.")] = None


class CareRequest(_Asked):
    """A generation to look after."""

    generation: Annotated[str | None, Field(description="Without it: the one that serves.")] = None


class VerifyRequest(CareRequest):
    """A generation to recount."""

    repair: Annotated[bool, Field(description="Rewrite what is wrong, and nothing else.")] = False
    sources: Annotated[bool, Field(description="Whether to list the sources as well.")] = True


class PruneRequest(_Asked):
    """What to remove."""

    generation: Annotated[str | None, Field(description="This one, though it never served.")] = None
    dry_run: Annotated[bool, Field(description="Say what would go, and remove nothing.")] = False


router = APIRouter(prefix="/api/index", responses=ERRORS, tags=["index"])


@router.get("", response_model=GenerationList)
def list_generations(
    workspace: Served,
    corpus: Annotated[str | None, Query(description="Only this corpus.")] = None,
) -> Reply:
    """List every generation: its state, what it holds, which one serves."""
    return Reply(workspace.index.list(corpus))


@router.get("/{generation:path}", response_model=GenerationDetail)
def show_generation(
    workspace: Served,
    generation: Annotated[str, Path(description="Its id, the start of it, or corpus/ordinal.")],
) -> Reply:
    """Show one generation: its recipe, what it took, and each state with who, when and why."""
    return Reply(workspace.index.show(generation))


@router.post("/build", response_model=BuildReport)
def build_generation(workspace: Served, asked: Annotated[BuildRequest, Body()]) -> Reply:
    """Build a generation beside the one that serves; answers when it is done."""
    recipe = {key: _text(value) for key, value in asked.recipe.items()}
    return Reply(
        workspace.index.build(asked.corpus, recipe=recipe, fresh=asked.fresh, throttle=asked.throttle)
    )


@router.post("/compare", response_model=CompareReport)
def compare_generations(workspace: Served, asked: Annotated[CompareRequest, Body()]) -> Reply:
    """Compare two generations on the same queries, and say whether the second may replace the first."""
    return Reply(workspace.index.compare(asked.a, asked.b, k=asked.k, queries=asked.queries))


@router.post("/cutover", response_model=SwitchReport)
def cut_over(workspace: Served, asked: Annotated[CutoverRequest, Body()]) -> Reply:
    """Let a generation serve, if it compares well with the one that does."""
    return Reply(
        workspace.index.cutover(asked.generation, corpus=asked.corpus, force=asked.force, reason=asked.reason)
    )


@router.post("/rollback", response_model=SwitchReport)
def roll_back(workspace: Served, asked: Annotated[RollbackRequest, Body()]) -> Reply:
    """Let the generation serve again that did before."""
    return Reply(workspace.index.rollback(asked.corpus, force=asked.force, reason=asked.reason))


@router.post("/verify", response_model=VerifyReport)
def verify_generation(workspace: Served, asked: Annotated[VerifyRequest, Body()]) -> Reply:
    """Recount a generation against the ledger and the sources."""
    return Reply(
        workspace.index.verify(
            asked.generation, corpus=asked.corpus, repair=asked.repair, sources=asked.sources
        )
    )


@router.post("/prune", response_model=PruneReport)
def prune_generations(workspace: Served, asked: Annotated[PruneRequest, Body()]) -> Reply:
    """Remove files and rows of retired generations that are out of their time."""
    return Reply(workspace.index.prune(asked.generation, corpus=asked.corpus, dry_run=asked.dry_run))


@router.post("/optimize", response_model=OptimizeReport)
def optimize_generation(workspace: Served, asked: Annotated[CareRequest, Body()]) -> Reply:
    """Merge the fragments of a generation, complete its indices, and remove old versions."""
    return Reply(workspace.index.optimize(asked.generation, corpus=asked.corpus))


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
