"""Schemas, their versions, and what a check of them found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaSummary:
    """One schema."""

    name: str
    """Of its file, without the ending."""
    version: int | None
    """Of its file; None where there is no file, or the file of a model computes it."""
    file: str | None
    """Below the workspace."""
    versions: Sequence[int]
    """Every version that is known: its file's, frozen ones, those that were used or checked."""
    records: Mapping[str, int]
    """Stored records by the version they were written in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaList:
    """Every schema, by name."""

    schemas: Sequence[SchemaSummary]
    """By name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaVersion:
    """One version of a schema."""

    version: int
    """Its number."""
    digest: str
    """Names the JSON Schema."""
    frozen: bool
    """Whether it is kept in schemas/versions/."""
    recorded: bool
    """Whether it was used or checked."""
    records: int
    """Stored records that were written in it."""
    next: Literal["newest", "compatible", "migration", "missing"]
    """How values get to the next version; `missing`: a breaking change without a migration."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaDetail:
    """One schema with its versions."""

    name: str
    """Of its file, without the ending."""
    version: int
    """That values are read in."""
    json_schema: Mapping[str, Any]
    """Of that version."""
    versions: Sequence[SchemaVersion]
    """Every one that is known."""
    support_until: Mapping[str, str]
    """Older versions that are still served, with their last day."""
    conflicts: Sequence[str]
    """Versions that mean one thing here and another there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaChange:
    """One change between two versions."""

    path: str
    """JSON pointer into values; `*` is every item or any other key; empty is the value as a whole."""
    kind: Literal["added", "removed", "required", "optional", "narrowed", "widened", "type", "changed"]
    """What sort of change it is."""
    breaking: bool
    """Whether values of the old version may be invalid, or lose their meaning, in the new one."""
    reason: str
    """What changed, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaDiff:
    """What changed between two versions."""

    name: str
    """Of the schema."""
    old: int
    """The version that is compared from."""
    new: int
    """The version that is compared to."""
    compatible: bool
    """Whether every value of the old version can be read in the new one as it is."""
    migration: str | None
    """The file that leads from one to the other, if there is one."""
    changes: Sequence[SchemaChange]
    """By path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrateReport:
    """What was prepared for a new version."""

    name: str
    """Of the schema."""
    old: int
    """The version that values come from."""
    new: int
    """The version of the file."""
    compatible: bool
    """Then no migration is needed."""
    file: str | None
    """The migration that was written, or is there already."""
    written: bool
    """Whether it was written now; a file that is there is never overwritten."""
    undecided: int
    """Places in the draft where someone has to decide."""
    frozen: Sequence[str]
    """Files of versions that were written."""
    changes: Sequence[SchemaChange]
    """By path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaProblem:
    """Something that must not be shipped."""

    schema: str
    """Its name."""
    version: int | None
    """The version that values come from; None where it is no matter of one."""
    kind: Literal["file", "changed", "missing", "sample", "record", "downgrade"]
    """A file that cannot be used; a version that changed; a migration that is missing; a value that fails."""
    where: str
    """File and line, or the id of a record; the first one of several."""
    message: str
    """What is wrong, in words."""
    count: int = 1
    """Values that fail in this way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedVersion:
    """Values of one version that were read in the newest one."""

    schema: str
    """Its name."""
    version: int
    """The version that values come from."""
    newest: int
    """The version they were read in."""
    samples: int
    """Of schemas/samples/."""
    records: int
    """Of the ledger."""
    made: int
    """Made from the schema, where there was nothing else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaCheck:
    """What a check found."""

    ok: bool
    """Whether nothing was found."""
    problems: Sequence[SchemaProblem]
    """What must not be shipped."""
    checked: Sequence[CheckedVersion]
    """What was read."""
    notes: Sequence[str]
    """What is worth knowing and stops nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FreezeReport:
    """Versions that are now kept in files."""

    written: Sequence[str]
    """Files, below the workspace."""
    kept: int
    """Versions that were frozen before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RewriteFailure:
    """A record that could not be upgraded; it stays as it was."""

    record: str
    """Its id."""
    error: str
    """Why, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RewriteReport:
    """Records that were upgraded at once."""

    name: str
    """Of the schema."""
    version: int
    """They can be read in now without the chain."""
    written: int
    """Records that were upgraded."""
    failed: int
    """They stay as they were, and are tried again by the next run."""
    failures: Sequence[RewriteFailure]
    """The first 20."""
