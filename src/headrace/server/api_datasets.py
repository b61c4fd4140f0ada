"""The HTTP API of datasets and models. Files are written in the workspace's state alone."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from headrace.curate.datasets.values import from_json
from headrace.records.datasets import (
    CommitReport,
    DatasetDiff,
    DatasetList,
    DatasetLog,
    DatasetProfile,
    DatasetReport,
    DatasetView,
    ExportReport,
    ModelDataReport,
    ModelList,
    ModelReport,
    RowInput,
    SplitReport,
    StageReport,
    TagReport,
    WhereReport,
)
from headrace.server.api import ERRORS, Served
from headrace.server.replies import Reply

MAX_ROWS = 100_000
"""The most rows that one request stages."""

Name = Annotated[str, Path(description="The dataset.", max_length=64)]
Version = Annotated[
    str | None,
    Query(description="An id, a tag, or a number of the log; the newest if not given.", max_length=64),
]
Text = Annotated[str, Field(max_length=2000)]
Shares = Annotated[dict[str, float] | None, Field(description="Split to share; they add up to 1.")]


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")


class CreateRequest(_Asked):
    """A new dataset."""

    name: Annotated[str, Field(max_length=64)]
    description: Text = ""
    splits: Shares = None
    salt: Annotated[str | None, Field(max_length=200)] = None


class RowBody(_Asked):
    """One row; `{"$float": "NaN"}` and `{"$bytes": base64}` stand for what JSON cannot say."""

    key: Annotated[str, Field(min_length=1, max_length=500)]
    fields: Annotated[dict[str, Any], Field(description="Name to value; a name that is left out is missing.")]
    provenance: Annotated[
        dict[str, Any], Field(description="Source, revision, trace, signals and so on.")
    ] = {}
    subject: Annotated[
        str | None, Field(description="The user; only a keyed hash is kept.", max_length=500)
    ] = None
    group: Annotated[
        str | None, Field(description="Rows of a group fall into one split.", max_length=500)
    ] = None
    depth: Annotated[int, Field(ge=0, description="Generations of unedited model output.")] = 0


class RowsRequest(_Asked):
    """Rows to stage."""

    rows: Annotated[list[RowBody], Field(max_length=MAX_ROWS)]


class KeysRequest(_Asked):
    """Keys to remove."""

    keys: Annotated[list[str], Field(max_length=MAX_ROWS)]


class CommitRequest(_Asked):
    """A commit."""

    message: Text = ""
    force: Annotated[bool, Field(description="Commit although a gate fails.")] = False
    reason: Annotated[Text, Field(description="Why; it is kept.")] = ""


class RestoreRequest(_Asked):
    """A version to go back to."""

    version: Annotated[str, Field(max_length=64)]
    message: Text = ""


class TagRequest(_Asked):
    """Where a tag is to point."""

    version: Annotated[str | None, Field(description="The newest if not given.", max_length=64)] = None
    reason: Text = ""


class SplitRequest(_Asked):
    """Shares of splits."""

    splits: Shares = None
    salt: Annotated[str | None, Field(max_length=200)] = None


class ExportRequest(_Asked):
    """What is to be written."""

    format: Annotated[
        str, Field(description="sft, dpo, openai-dpo, few-shot, rows, parquet, huggingface.")
    ] = "sft"
    purpose: Annotated[str, Field(description="training or eval.")] = "training"
    version: Annotated[str | None, Field(max_length=64)] = None
    split: Annotated[list[str], Field(max_length=100, description="Only these splits.")] = []


class ModelRequest(_Asked):
    """What made a model."""

    name: Annotated[str, Field(max_length=128)]
    data: Annotated[list[str], Field(max_length=1000, description="NAME@VERSION, or ids of exports.")] = []
    hyperparameters: dict[str, Any] = {}
    metrics: dict[str, Any] = {}
    parent: Annotated[str | None, Field(max_length=128)] = None
    external: Annotated[bool, Field(description="Made elsewhere.")] = False


router = APIRouter(prefix="/api/datasets", responses=ERRORS, tags=["datasets"])
models = APIRouter(prefix="/api/trained-models", responses=ERRORS, tags=["models"])


@router.get("", response_model=DatasetList)
def list_datasets(workspace: Served) -> Reply:
    """List the datasets: newest version, rows, what is staged."""
    return Reply(workspace.datasets.list())


@router.post("", response_model=DatasetReport)
def create_dataset(workspace: Served, asked: Annotated[CreateRequest, Body()]) -> Reply:
    """Make an empty dataset."""
    return Reply(
        workspace.datasets.create(
            asked.name, description=asked.description, splits=asked.splits, salt=asked.salt
        )
    )


@router.get("/where/{ref:path}", response_model=WhereReport)
def where_is_row(
    workspace: Served,
    ref: Annotated[str, Path(description="A key, a row id (`row_…`), or `subject:NAME`.")],
    dataset: Annotated[str | None, Query(description="Only in this dataset.", max_length=64)] = None,
) -> Reply:
    """Tell where a row came from, and which versions, exports and models hold it."""
    return Reply(workspace.datasets.where(ref, dataset=dataset))


@router.post("/{name}/rows", response_model=StageReport)
def add_rows(workspace: Served, name: Name, asked: Annotated[RowsRequest, Body()]) -> Reply:
    """Stage rows for the next commit."""
    rows = [
        RowInput(
            key=row.key,
            fields=from_json(row.fields),
            provenance=row.provenance,
            subject=row.subject,
            group=row.group,
            depth=row.depth,
        )
        for row in asked.rows
    ]
    return Reply(workspace.datasets.add(name, rows))


@router.post("/{name}/remove", response_model=StageReport)
def remove_rows(workspace: Served, name: Name, asked: Annotated[KeysRequest, Body()]) -> Reply:
    """Stage keys to be removed."""
    return Reply(workspace.datasets.remove(name, asked.keys))


@router.post("/{name}/unstage", response_model=StageReport)
def unstage_rows(workspace: Served, name: Name) -> Reply:
    """Take back everything that is staged."""
    return Reply(workspace.datasets.unstage(name))


@router.get("/{name}/check", response_model=CommitReport)
def check_dataset(workspace: Served, name: Name, version: Version = None) -> Reply:
    """Say what the gates would say of a commit now, or what is wrong with a version."""
    return Reply(workspace.datasets.check(name, version=version))


@router.post("/{name}/commit", response_model=CommitReport)
def commit_dataset(workspace: Served, name: Name, asked: Annotated[CommitRequest, Body()]) -> Reply:
    """Make what is staged the newest version; `refused` where a gate fails."""
    return Reply(
        workspace.datasets.commit(name, message=asked.message, force=asked.force, reason=asked.reason)
    )


@router.get("/{name}/log", response_model=DatasetLog)
def log_dataset(
    workspace: Served, name: Name, limit: Annotated[int, Query(ge=1, le=1000, description="How many.")] = 20
) -> Reply:
    """Tell commits and refused attempts, newest first."""
    return Reply(workspace.datasets.log(name, limit=limit))


@router.get("/{name}/diff", response_model=DatasetDiff)
def diff_dataset(
    workspace: Served,
    name: Name,
    a: Annotated[str, Query(description="A version.", max_length=64)],
    b: Annotated[str | None, Query(description="Another; the newest if not given.", max_length=64)] = None,
    limit: Annotated[int, Query(ge=0, le=10_000, description="Rows to list.")] = 20,
) -> Reply:
    """Tell what differs between two versions, row by row."""
    return Reply(workspace.datasets.diff(name, a, b, limit=limit))


@router.post("/{name}/restore", response_model=CommitReport)
def restore_dataset(workspace: Served, name: Name, asked: Annotated[RestoreRequest, Body()]) -> Reply:
    """Make an older version the newest again."""
    return Reply(workspace.datasets.restore(name, asked.version, message=asked.message))


@router.post("/{name}/tags/{tag}", response_model=TagReport)
def tag_dataset(
    workspace: Served,
    name: Name,
    tag: Annotated[str, Path(description="The tag.", max_length=64)],
    asked: Annotated[TagRequest, Body()],
) -> Reply:
    """Point a tag to a version."""
    return Reply(workspace.datasets.tag(name, tag, version=asked.version, reason=asked.reason))


@router.get("/{name}/profile", response_model=DatasetProfile)
def profile_dataset(workspace: Served, name: Name, version: Version = None) -> Reply:
    """Tell what the columns of a version are like."""
    return Reply(workspace.datasets.profile(name, version=version))


@router.post("/{name}/split", response_model=SplitReport)
def split_dataset(workspace: Served, name: Name, asked: Annotated[SplitRequest, Body()]) -> Reply:
    """Declare splits, or count what falls into them."""
    return Reply(workspace.datasets.split(name, splits=asked.splits, salt=asked.salt))


@router.post("/{name}/export", response_model=ExportReport)
def export_dataset(workspace: Served, name: Name, asked: Annotated[ExportRequest, Body()]) -> Reply:
    """Write a version as files into a folder of the workspace's state."""
    return Reply(
        workspace.datasets.export(
            name, format=asked.format, purpose=asked.purpose, version=asked.version, split=asked.split
        )
    )


@router.get("/{name}", response_model=DatasetView)
def show_dataset(
    workspace: Served,
    name: Name,
    version: Version = None,
    limit: Annotated[int, Query(ge=0, le=10_000, description="Rows to show.")] = 5,
    key: Annotated[str | None, Query(description="Show this row.", max_length=500)] = None,
) -> Reply:
    """Show a version with some of its rows."""
    return Reply(workspace.datasets.show(name, version=version, limit=limit, key=key))


@models.get("", response_model=ModelList)
def list_models(workspace: Served) -> Reply:
    """List registered models."""
    return Reply(workspace.models.list())


@models.post("", response_model=ModelReport)
def register_model(workspace: Served, asked: Annotated[ModelRequest, Body()]) -> Reply:
    """Record what made a model."""
    return Reply(
        workspace.models.register(
            asked.name,
            data=asked.data,
            hyperparameters=asked.hyperparameters,
            metrics=asked.metrics,
            parent=asked.parent,
            external=asked.external,
        )
    )


@models.get("/data/{ref:path}", response_model=ModelDataReport)
def model_data(
    workspace: Served, ref: Annotated[str, Path(description="A model, a dataset version, or `dataset:NAME`.")]
) -> Reply:
    """Tell what made a model with its parents, or which models a version or dataset made."""
    return Reply(workspace.models.data(ref))


@models.get("/{name:path}", response_model=ModelReport)
def show_model(workspace: Served, name: Annotated[str, Path(description="Its name.")]) -> Reply:
    """Show a model, and what of its data was forgotten or withdrawn since."""
    return Reply(workspace.models.show(name))
