"""The HTTP API of schemas and stored records."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from headrace.records.records import RecordList, RecordView
from headrace.records.schemas import (
    FreezeReport,
    MigrateReport,
    RewriteReport,
    SchemaCheck,
    SchemaDetail,
    SchemaDiff,
    SchemaList,
)
from headrace.server.api import ACCESS, ERRORS, Served
from headrace.server.replies import Reply

router = APIRouter(prefix="/api", responses=ERRORS, tags=["schemas"])

Name = Annotated[str, Path(description="Name of a schema.", max_length=200)]
Access = Annotated[list[str] | None, Query(description=ACCESS, max_length=200)]


class OfSchema(BaseModel):
    """Which schema."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str | None, Field(description="One schema; all of them without it.")] = None


class Checking(OfSchema):
    """A check."""

    everything: Annotated[bool, Field(description="Every record, not at most 200 of a version.")] = False


class Migrating(BaseModel):
    """A migration to be drafted."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(description="The schema.")]
    old: Annotated[int | None, Field(ge=1, description="From this version, not the one before.")] = None
    draft: Annotated[bool, Field(description="Also for a compatible change.")] = False


class Rewriting(BaseModel):
    """Records to be upgraded."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(description="The schema.")]
    batch: Annotated[int, Field(ge=1, le=10_000, description="Records in one commit.")] = 500


@router.get("/schemas", response_model=SchemaList)
def list_schemas(workspace: Served) -> Reply:
    """List every schema with the versions that are known."""
    return Reply(workspace.schemas.list())


@router.get("/schemas/{name}", response_model=SchemaDetail)
def show_schema(workspace: Served, name: Name) -> Reply:
    """Show a schema, its versions, and how values get from each to the next."""
    return Reply(workspace.schemas.show(name))


@router.get("/schemas/{name}/diff", response_model=SchemaDiff)
def diff_schema(
    workspace: Served,
    name: Name,
    old: Annotated[int | None, Query(ge=1, description="A version; else the one before `new`.")] = None,
    new: Annotated[int | None, Query(ge=1, description="A version; else the newest.")] = None,
) -> Reply:
    """Compare two versions: which changes are compatible, which break stored values, and why."""
    return Reply(workspace.schemas.diff(name, old, new))


@router.post("/schemas/check", response_model=SchemaCheck)
def check_schemas(workspace: Served, asked: Annotated[Checking, Body()]) -> Reply:
    """Check that values of every version can be read in the newest one."""
    return Reply(workspace.schemas.check(asked.name, everything=asked.everything))


@router.post("/schemas/migrate", response_model=MigrateReport)
def migrate_schema(workspace: Served, asked: Annotated[Migrating, Body()]) -> Reply:
    """Draft the migration to a new version, and freeze the older ones."""
    return Reply(workspace.schemas.migrate(asked.name, old=asked.old, draft=asked.draft))


@router.post("/schemas/freeze", response_model=FreezeReport)
def freeze_schemas(workspace: Served, asked: Annotated[OfSchema, Body()]) -> Reply:
    """Write the known versions to `schemas/versions/`."""
    return Reply(workspace.schemas.freeze(asked.name))


@router.post("/schemas/rewrite", response_model=RewriteReport)
def rewrite_records(workspace: Served, asked: Annotated[Rewriting, Body()]) -> Reply:
    """Upgrade stored records at once; what was stored first stays beside the new value."""
    return Reply(workspace.schemas.rewrite(asked.name, batch=asked.batch))


@router.get("/records", response_model=RecordList)
def list_records(
    workspace: Served,
    schema: Annotated[str | None, Query(description="Only records of this schema.")] = None,
    trace: Annotated[str | None, Query(description="Only records of this trace.")] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="At most this many.")] = 50,
    access: Access = None,
) -> Reply:
    """List stored outputs, newest first, without what they say."""
    return Reply(workspace.records.list(schema, trace=trace, limit=limit, access=access or ()))


@router.get("/records/{record}", response_model=RecordView)
def read_record(
    workspace: Served,
    record: Annotated[str, Path(description="Id of a record.")],
    version: Annotated[int | None, Query(ge=1, description="Of its schema; else the newest.")] = None,
    stored: Annotated[bool, Query(description="As it was stored.")] = False,
    access: Access = None,
) -> Reply:
    """Read a stored output in a version of its schema."""
    found = workspace.records.get(record, version=version, stored=stored, access=access or ())
    return Reply(found)
