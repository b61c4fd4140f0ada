"""The HTTP API of features: values of entities as of a time, and as calls see them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from headrace.records.features import (
    FeatureCheck,
    FeatureList,
    FeatureMatches,
    FeatureRow,
    FeatureRun,
    JoinReport,
)
from headrace.records.traces import TracePurpose
from headrace.server.api import ERRORS, Served
from headrace.server.replies import Reply

MAX_ROWS = 100_000
"""The most requests that one join over HTTP takes."""

View = Annotated[str, Path(description="A file under features/, without `.toml`.", max_length=64)]
Known = Annotated[
    str | None, Field(description="Count all that was known by this time, learnt late or not.", max_length=64)
]


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")


class JoinRequest(_Asked):
    """Requests, and the features they want."""

    rows: Annotated[list[dict[str, Any]], Field(max_length=MAX_ROWS, description="Keys and a time in each.")]
    features: Annotated[list[str], Field(min_length=1, max_length=1000, description="`view:column` each.")]
    time: Annotated[str, Field(description="What the time is called.", max_length=200)] = "event_time"
    as_known: Known = None
    purpose: Annotated[
        TracePurpose | None, Field(description="Nothing of users who do not permit `eval`, or `training`.")
    ] = None


class NearestRequest(_Asked):
    """What is looked for: an entity or a vector."""

    column: Annotated[str, Field(description="A column of the type vector.", max_length=200)]
    like: Annotated[
        list[str] | None, Field(description="The keys of an entity, in the order of the view.", max_length=20)
    ] = None
    vector: Annotated[list[float] | None, Field(description="Numbers.", max_length=100_000)] = None
    k: Annotated[int, Field(ge=1, le=10_000, description="Entities at most.")] = 10


class MaterialiseRequest(_Asked):
    """How to run."""

    confirm: Annotated[bool, Field(description="Let a run through that a gate would hold back.")] = False
    rebuild: Annotated[bool, Field(description="Let values go back to older ones.")] = False


router = APIRouter(prefix="/api/features", responses=ERRORS, tags=["features"])


@router.get("", response_model=FeatureList)
def list_features(workspace: Served) -> Reply:
    """List the feature views, where their values come from, and the run that serves."""
    return Reply(workspace.features.list())


@router.post("/join", response_model=JoinReport)
def join_features(workspace: Served, asked: Annotated[JoinRequest, Body()]) -> Reply:
    """Add to each row what was known of its entity at its time; every row comes back, in order."""
    return Reply(
        workspace.features.join_rows(
            asked.rows,
            asked.features,
            time=asked.time,
            as_known=asked.as_known,
            purpose=asked.purpose,
        )
    )


@router.get("/{view}", response_model=FeatureRow)
def get_features(
    workspace: Served,
    view: View,
    key: Annotated[list[str], Query(description="The keys of the entity, in the order of the view.")],
) -> Reply:
    """Give the values of one entity as calls see them now."""
    return Reply(workspace.features.get(view, *key))


@router.post("/{view}/materialise", response_model=FeatureRun)
def materialise_features(
    workspace: Served, view: View, asked: Annotated[MaterialiseRequest, Body()]
) -> Reply:
    """Put the newest values of each entity online; `held` where they look wrong."""
    return Reply(workspace.features.materialise(view, confirm=asked.confirm, rebuild=asked.rebuild))


@router.post("/{view}/check", response_model=FeatureCheck)
def check_features(
    workspace: Served,
    view: View,
    sample: Annotated[int, Query(ge=1, le=100_000, description="Entities to compare at most.")] = 1000,
) -> Reply:
    """Compare what calls see with what training rows would hold, at the time of the run that serves."""
    return Reply(workspace.features.check(view, sample=sample))


@router.post("/{view}/search", response_model=FeatureMatches)
def search_features(workspace: Served, view: View, asked: Annotated[NearestRequest, Body()]) -> Reply:
    """Find the entities whose vector is nearest to that of one entity, or to a vector; best first."""
    return Reply(
        workspace.features.search(f"{view}:{asked.column}", like=asked.like, vector=asked.vector, k=asked.k)
    )
